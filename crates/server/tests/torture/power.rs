//! The power is cut again and again while browsers post: what was not synced is gone, on a disk of this test's own.
//!
//! After each cut the files are copied and looked at by themselves, before the server is started on them.

mod disk;
mod fuse;

use crate::{
    browsers::{Browsers, WORKERS, contents, counted, listed, reader, scored},
    header, nps, number,
    process::{Process, Start},
    seed,
};
use candor_store::Store;
use disk::{Disk, Survivors, Unsynced};
use fastrand::Rng;
use fuse::{Mount, lock};
use reqwest::Client;
use rusqlite::Connection;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A machine with a disk, which is mounted while the power is on.
struct Machine {
    folder: TempDir,
    start: Start,
    disk: Arc<Mutex<Disk>>,
    mount: Option<Mount>,
}

impl Machine {
    fn new(disk: Disk) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let data = folder.path().join("disk");
        std::fs::create_dir(&data).unwrap();
        let start = Start { data: Some(data), ..Start::new(folder.path()) };
        let mut machine = Self { folder, start, disk: Arc::new(Mutex::new(disk)), mount: None };
        machine.mount();
        machine
    }

    fn mount(&mut self) {
        self.mount = Some(Mount::new(self.start.data.as_ref().unwrap(), &self.disk));
    }

    /// Waits for a cut that comes after some calls, at most so long. Whether it has come.
    async fn is_out_within(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while !lock(&self.disk).is_out() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        lock(&self.disk).is_out()
    }

    /// Cuts the power, unless it is out already, and gives it back.
    async fn cut(
        &mut self,
        mut process: Process,
        browsers: Option<&Browsers>,
        survivors: Survivors<'_>,
    ) -> Unsynced {
        lock(&self.disk).cut();
        if lock(&self.disk).tells {
            // Time for it to say something that isn't so.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        process.signal("KILL");
        self.mount.as_ref().unwrap().abort();
        process.ended(Duration::from_secs(10)).await.expect("a killed process ends");
        if let Some(browsers) = browsers {
            browsers.post_to(None).await;
        }
        self.mount = None;
        let unsynced = lock(&self.disk).restore_power(survivors);
        self.mount();
        unsynced
    }

    /// A copy of what is on the disk, as the next start will find it. Gives the path of the database, if there is one.
    fn copy(&self) -> (TempDir, Option<PathBuf>) {
        let folder = tempfile::tempdir_in(self.folder.path()).unwrap();
        lock(&self.disk).copy_to(folder.path());
        let database = folder.path().join("candor.sqlite");
        let is_there = database.exists();
        (folder, is_there.then_some(database))
    }
}

/// Opens the database as a server would, which heals what can be healed, and finds it whole and well counted.
async fn audit(database: &Path, when: &str) {
    let url = format!("sqlite://{}", database.display());
    let store = Store::open(&url).await.unwrap_or_else(|error| panic!("{when}: {error}"));
    assert_eq!(store.audit().await.unwrap(), [], "{when}: the rollup and its recount");
    store.close().await;
    let found: String = reader(database).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok", "{when}: the database");
}

/// Half of the cuts leave nothing of what was not synced, half of them something.
fn survivors(rng: &mut Rng) -> Survivors<'_> {
    if rng.bool() { Survivors::None } else { Survivors::Some(rng) }
}

/// Of all cuts, how many came while something was not synced.
#[derive(Debug, Default)]
struct Cuts {
    cuts: u64,
    /// Between them, with the power on: what is not synced stays, and the next process must not take it for durable.
    kills: u64,
    early: u64,
    database: u64,
    log: u64,
    names: u64,
}

impl Cuts {
    fn add(&mut self, unsynced: Unsynced) {
        self.cuts += 1;
        self.database += u64::from(unsynced.database > 0);
        self.log += u64::from(unsynced.log > 0);
        self.names += u64::from(unsynced.names > 0);
    }
}

/// One server's life: the power is cut while browsers post, or while it starts.
async fn live(machine: &mut Machine, browsers: &Browsers, rng: &mut Rng, cuts: u64) -> Cuts {
    let with_surveys = machine.start.clone();
    let without = Start { surveys: false, ..with_surveys.clone() };
    let mut seen = Cuts::default();
    while seen.cuts < cuts {
        let cut = seen.cuts;
        let when = format!("after cut {cut} and {} kills", seen.kills);
        // The first ones while the database is made.
        let is_early = cut < 8 || rng.u8(..5) == 0;
        let start = if cut < 9 || rng.bool() { &with_surveys } else { &without };
        lock(&machine.disk).tells = rng.bool();
        let process = if is_early {
            seen.early += 1;
            // Half of them before a certain call.
            let mut within = Duration::from_millis(50);
            if rng.bool() {
                lock(&machine.disk).cut_after(rng.u64(..if cut < 8 { 100 } else { 30 }));
            } else {
                within = Duration::from_micros(rng.u64(..50_000));
            }
            let process = start.starting();
            machine.is_out_within(within).await;
            process
        } else {
            let process = start.listening();
            let (_folder, database) = machine.copy();
            let database = database.expect("it listens");
            audit(&database, &when).await;
            let (listed, contents) = (listed(&process).await, contents(&database).await);
            let distinct: BTreeSet<_> = listed.iter().collect();
            assert_eq!(listed.len(), distinct.len(), "{when}: listed twice");
            assert!(distinct.into_iter().eq(contents.keys()), "{when}: what is listed and what is kept");
            assert_eq!(
                scored(&process).await,
                counted(contents.values()),
                "{when}: the scores and what is kept"
            );
            browsers.post_to(Some(&process.address)).await;
            tokio::time::sleep(Duration::from_millis(rng.u64(200..2_000))).await;
            // At this moment, or right before a certain call, which a moment seldom meets.
            match rng.u8(..3) {
                0 => lock(&machine.disk).cut(),
                1 => lock(&machine.disk).cut_after(rng.u64(..60)),
                _ => lock(&machine.disk).cut_in_copying(rng.u64(..60)),
            }
            machine.is_out_within(Duration::from_secs(2)).await;
            process
        };
        if rng.u8(..4) == 0 {
            seen.kills += 1;
            machine.cut(process, Some(browsers), Survivors::All).await;
        } else {
            seen.add(machine.cut(process, Some(browsers), survivors(rng)).await);
        }
        let when = format!("after cut {} and {} kills", seen.cuts, seen.kills);
        let (_folder, database) = machine.copy();
        if let Some(database) = database {
            audit(&database, &when).await;
            browsers.ledger().look_for_all(&database);
        } else {
            assert_eq!(browsers.ledger().receipts, 0, "{when}: there is no database");
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "mounts a file system: `cargo xtask torture power`"]
async fn nothing_acknowledged_is_missing_and_nothing_counts_twice_after_power_cuts_at_random_moments() {
    let (seed, cuts) = (seed(), number("CANDOR_CUTS", 100));
    println!("CANDOR_SEED={seed} CANDOR_CUTS={cuts}");
    let mut rng = Rng::with_seed(seed);
    let mut machine = Machine::new(Disk::default());
    let browsers = Browsers::open(&mut rng);
    let seen = live(&mut machine, &browsers, &mut rng, cuts).await;

    // What browsers still hold is delivered at last.
    let process = machine.start.listening();
    browsers.post_to(Some(&process.address)).await;
    let settled = browsers.close(process, &machine.start.database()).await;
    println!(
        "{}, seed {seed}: {cuts} power cuts ({} with the log not synced, {} with the database, {} with names) and {} kills, {} of \
         all while it started, {WORKERS} workers, {} ids, {} acknowledged; missing {}, twice {}, differences {}",
        header(),
        seen.log,
        seen.database,
        seen.names,
        seen.kills,
        seen.early,
        settled.ledger.sent.len(),
        settled.ledger.receipts,
        settled.ledger.missing.len(),
        settled.twice,
        settled.differences.len()
    );
    settled.check();
    assert!(
        cuts < 100 || (seen.log > cuts / 5 && seen.database > cuts / 20),
        "{seen:?}: too little was lost"
    );
}

async fn post(address: String, body: Value) -> reqwest::Result<Value> {
    let request = Client::new().post(format!("http://{address}/v1/responses"));
    let request = request.header("content-type", "text/plain").body(body.to_string());
    request.send().await?.error_for_status()?.json().await
}

/// Starts a server on a disk and cuts its power, or kills it, right before each of the calls in turn that it makes until it
/// listens, on a fresh disk each time. One more cut comes after the next start's first answer.
async fn cut_each_call(what: &str, disk: impl Fn() -> Disk, answers: usize) {
    let seed = seed();
    let mut rng = Rng::with_seed(seed);
    let machine = Machine::new(disk());
    let process = machine.start.listening();
    let calls = lock(&machine.disk).calls;
    drop((process, machine));
    assert!(calls > 20, "it made {calls} calls");
    let mut names = 0;
    for (call, how) in (0..calls).flat_map(|call| ["clean", "torn", "a kill"].map(|how| (call, how))) {
        let when = format!("cut before call {call} of {calls}, {how}");
        let mut machine = Machine::new(disk());
        lock(&machine.disk).cut_after(call);
        let process = machine.start.starting();
        // Some calls come by chance; the cut comes all the same.
        machine.is_out_within(Duration::from_secs(2)).await;
        let survivors = match how {
            "clean" => Survivors::None,
            "torn" => Survivors::Some(&mut rng),
            // Only the process ends here; the cut comes after its successor's first answer.
            _ => Survivors::All,
        };
        names += u64::from(machine.cut(process, None, survivors).await.names > 0);
        let (_folder, database) = machine.copy();
        if let Some(database) = database {
            audit(&database, &when).await;
            assert_eq!(contents(&database).await.len(), answers, "{when}");
        }
        let process = machine.start.listening();
        let receipt = post(process.address.clone(), nps(0xfff, 9)).await.unwrap();
        assert_eq!(receipt["status"], "stored", "{when}");
        machine.cut(process, None, Survivors::None).await;
        let (_folder, database) = machine.copy();
        let database = database.expect("it has stored something");
        audit(&database, &when).await;
        assert_eq!(contents(&database).await.len(), answers + 1, "{when}, and again after an answer");
    }
    assert!(names > 0, "every name was synced at once");
    println!(
        "{}, seed {seed}: {} power cuts of {what} ({names} with names not synced) and {calls} kills of it, and {} cuts after the \
         next answer; missing 0",
        header(),
        calls * 2,
        calls * 3
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "mounts a file system: `cargo xtask torture power`"]
async fn a_power_cut_before_any_call_of_a_first_start_loses_nothing() {
    cut_each_call("a first start", Disk::default, 0).await;
}

/// A database of the first schema with so many answers.
fn of_schema_1(answers: u64) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("candor.sqlite");
    let database = Connection::open(&path).unwrap();
    database.execute_batch(include_str!("../../../store/migrations/0001_responses.sql")).unwrap();
    database.execute_batch("PRAGMA application_id = 0x43616e64; PRAGMA user_version = 1").unwrap();
    for n in 0..answers {
        let mut content = nps(n, n % 11);
        content["age_ms"] = 0.into();
        let id = u128::from_str_radix(&content["id"].as_str().unwrap().replace('-', ""), 16).unwrap();
        let insert =
            "INSERT INTO responses VALUES (?1, 'default', 'nps', 1, 2, 'partial', 1795000000000, '[]', ?2)";
        database.execute(insert, (id.to_be_bytes(), content.to_string())).unwrap();
    }
    drop(database);
    std::fs::read(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "mounts a file system: `cargo xtask torture power`"]
async fn a_power_cut_before_any_call_of_a_migration_loses_nothing() {
    let old = of_schema_1(100);
    cut_each_call("a migration", || Disk::with("candor.sqlite", old.clone()), 100).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "mounts a file system: `cargo xtask torture power`"]
async fn an_answer_that_a_killed_server_left_unsynced_is_durable_before_it_is_acknowledged_as_known() {
    /// More than it takes to keep one answer.
    const CALLS: u64 = 24;
    let mut known = 0;
    for call in 0..CALLS {
        let mut machine = Machine::new(Disk::default());
        let process = machine.start.listening();
        // At its start it notes how far the clock has come.
        tokio::time::sleep(Duration::from_millis(200)).await;
        lock(&machine.disk).cut_after(call);
        let posted = tokio::spawn(post(process.address.clone(), nps(1, 9)));
        machine.is_out_within(Duration::from_millis(300)).await;
        machine.cut(process, None, Survivors::All).await;
        let is_acknowledged = posted.await.unwrap().is_ok();
        let process = machine.start.listening();
        let receipt = post(process.address.clone(), nps(1, 9)).await.unwrap();
        known += u32::from(!is_acknowledged && receipt["status"] == "duplicate");
        machine.cut(process, None, Survivors::None).await;
        let (_folder, database) = machine.copy();
        let database = database.expect("it has acknowledged something");
        audit(&database, "after the cut").await;
        assert_eq!(contents(&database).await.len(), 1, "killed before call {call}, then cut: {receipt}");
    }
    println!(
        "{}: {CALLS} kills within an answer, then as many cuts ({known} after it was acknowledged as known alone); missing 0",
        header()
    );
    assert!(known > 0, "no kill left an answer behind");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "mounts a file system: `cargo xtask torture power`"]
async fn answers_that_a_disk_acknowledged_and_never_synced_are_missed() {
    let mut rng = Rng::with_seed(seed());
    let mut machine = Machine::new(Disk::default());
    let browsers = Browsers::open(&mut rng);
    let process = machine.start.listening();
    lock(&machine.disk).lies = true;
    browsers.post_to(Some(&process.address)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    machine.cut(process, Some(&browsers), Survivors::None).await;
    let (_folder, database) = machine.copy();
    browsers.ledger().look_for_all(&database.expect("it was made before the lies"));
    let ledger = browsers.ledger();
    println!(
        "{}: a disk that lies: {} acknowledged; missing {}",
        header(),
        ledger.receipts,
        ledger.missing.len()
    );
    assert!(ledger.receipts > 50 && ledger.missing.len() > 20, "the disk has lost too little");
}

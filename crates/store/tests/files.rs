//! What happens to the files of an SQLite database while it is in use, and what is done about it.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may fail loudly; clippy.toml lets test functions, but not their helpers"
)]

use candor_store::{
    Arrival, CopyError, Erasure, FeedQuery, Outcome, Scope, Store, StoreError, backup, restore,
};
use candor_survey::{CheckedResponse, preset};
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

struct Database {
    folder: TempDir,
}

impl Database {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn open(&self) -> Store {
        Store::open(&url(&self.file("candor.sqlite"))).await.unwrap()
    }
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn response(n: u64) -> CheckedResponse {
    let json = serde_json::json!({
        "v": 1, "id": format!("0192f5e4-7c1b-7a44-8000-{n:012x}"), "revision": 2, "state": "partial",
        "site": "default", "survey": "nps", "survey_version": 1, "locale": "en",
        "answers": [{"question": "nps", "rating": n % 11}],
        "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
    });
    let response: candor_survey::NewResponse = serde_json::from_value(json).unwrap();
    response.check(&preset("nps").unwrap()).unwrap()
}

async fn save(store: &Store, n: u64) -> Result<Outcome, StoreError> {
    let arrival = Arrival {
        declared: Vec::new(),
        scope: Scope::DEFAULT,
        response: response(n),
        received_ms: 1_795_000_500_000,
    };
    Ok(store.save(vec![arrival]).await?[0])
}

#[tokio::test]
async fn a_new_database_is_its_owners_alone() {
    let database = Database::new();
    let store = database.open().await;
    save(&store, 1).await.unwrap();
    for name in ["candor.sqlite", "candor.sqlite-wal", "candor.sqlite-shm"] {
        let mode = fs::metadata(database.file(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn files_that_were_taken_away_take_no_more_answers_and_lose_none() {
    let away = |database: &Database, name: &str| {
        fs::rename(database.file(name), database.file("away")).unwrap();
    };
    let removed = |database: &Database, name: &str| fs::remove_file(database.file(name)).unwrap();
    let replaced = |database: &Database, name: &str| {
        fs::copy(database.file(name), database.file("copy")).unwrap();
        fs::rename(database.file("copy"), database.file(name)).unwrap();
    };
    type Harm<'a> = &'a dyn Fn(&Database, &str);
    for (case, harm, name) in [
        ("the database moved", &away as Harm<'_>, "candor.sqlite"),
        ("the database replaced", &replaced, "candor.sqlite"),
        ("the log moved", &away, "candor.sqlite-wal"),
        ("the log removed", &removed, "candor.sqlite-wal"),
        ("the log replaced", &replaced, "candor.sqlite-wal"),
    ] {
        let database = Database::new();
        let store = database.open().await;
        save(&store, 1).await.unwrap();
        harm(&database, name);
        for n in 1..4 {
            let Err(StoreError::Database(words)) = save(&store, n).await else {
                panic!("{case}: answer {n} was acknowledged");
            };
            assert!(words.contains(name) && words.contains("moved, removed or replaced"), "{case}: {words}");
        }
        assert!(store.probe().await.is_err(), "{case}: it is not ready");
        // As a killed process leaves it: what was acknowledged before is in the database file, wherever that is now.
        let file = if case == "the database moved" { "away" } else { "candor.sqlite" };
        if case != "the database replaced" {
            fs::copy(database.file(file), database.file("found.sqlite")).unwrap();
            let found = Store::open(&url(&database.file("found.sqlite"))).await.unwrap();
            assert_eq!(save(&found, 1).await, Ok(Outcome::Duplicate), "{case}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_put_back_is_written_again() {
    let database = Database::new();
    let store = database.open().await;
    save(&store, 1).await.unwrap();
    for name in ["candor.sqlite", "candor.sqlite-wal"] {
        fs::rename(database.file(name), database.file("away")).unwrap();
        assert!(save(&store, 2).await.is_err(), "{name}");
        fs::rename(database.file("away"), database.file(name)).unwrap();
        assert!(save(&store, 2).await.is_ok(), "{name}");
    }
    store.close().await;
    assert_eq!(save(&database.open().await, 2).await, Ok(Outcome::Duplicate));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_of_one_moment_while_others_write_and_comes_back_whole() {
    let database = Database::new();
    let store = database.open().await;
    for n in 0..500 {
        save(&store, n).await.unwrap();
    }
    let (from, to) = (url(&database.file("candor.sqlite")), database.file("backup.sqlite"));
    // Each step of the copy is followed by another write: it would never end if it began again for each.
    let (runtime, writing, mut n) = (tokio::runtime::Handle::current(), store.clone(), 500);
    let copied = tokio::task::spawn_blocking(move || {
        backup(&from, &to, |_| {
            n += 1;
            runtime.block_on(save(&writing, n)).unwrap();
        })
    });
    let copied = copied.await.unwrap().unwrap();
    assert_eq!((copied.responses, copied.differences), (500, 0));
    let mode = fs::metadata(database.file("backup.sqlite")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let back = url(&database.file("back.sqlite"));
    let restored = restore(&database.file("backup.sqlite"), &back, |_| ()).await.unwrap();
    assert_eq!((restored.responses, restored.differences), (500, 0));
    let back = Store::open(&back).await.unwrap();
    assert_eq!(back.audit().await, Ok(vec![]));
    assert_eq!(save(&back, 499).await, Ok(Outcome::Duplicate));
    assert_eq!(save(&back, 501).await, Ok(Outcome::Stored), "it came after the backup");
    let mut left: Vec<_> =
        fs::read_dir(database.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    left.retain(|name| {
        ["-wal", "-shm", "-lock"].iter().all(|ending| !name.to_string_lossy().ends_with(ending))
    });
    assert_eq!(left, ["back.sqlite", "backup.sqlite", "candor.sqlite"], "nothing unfinished is left");
}

fn left_unfinished(database: &Database) -> Vec<std::ffi::OsString> {
    let names = fs::read_dir(database.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains(".unfinished")).collect()
}

#[tokio::test]
async fn a_restore_makes_counts_that_do_not_agree_again() {
    let database = Database::new();
    let store = database.open().await;
    save(&store, 1).await.unwrap();
    store.close().await;
    let harm = rusqlite::Connection::open(database.file("candor.sqlite")).unwrap();
    harm.execute("DELETE FROM rollup WHERE segment = 0", []).unwrap();
    drop(harm);
    backup(&url(&database.file("candor.sqlite")), &database.file("backup"), |_| ()).unwrap();
    let back = url(&database.file("back"));
    assert_eq!(restore(&database.file("backup"), &back, |_| ()).await.unwrap().differences, 2);
    assert_eq!(Store::open(&back).await.unwrap().audit().await, Ok(vec![]));
}

#[tokio::test]
async fn what_a_killed_backup_left_goes_with_the_next_and_a_running_ones_does_not() {
    let database = Database::new();
    save(&database.open().await, 1).await.unwrap();
    let of = |name: &str| database.file(&format!("backup.unfinished-{name}"));
    let files = [of("1"), of("1-journal"), of("2"), of("2-wal"), of("-3"), of("x")];
    for file in &files {
        fs::write(file, "half").unwrap();
    }
    // As one that runs holds it, in whatever container.
    let running = fs::File::open(of("2")).unwrap();
    running.try_lock().unwrap();
    backup(&url(&database.file("candor.sqlite")), &database.file("backup"), |_| ()).unwrap();
    assert_eq!(files.map(|file| file.exists()), [false, false, true, true, true, true]);
    drop(running);
}

#[tokio::test]
async fn nothing_is_overwritten_and_what_is_no_backup_is_refused() {
    let database = Database::new();
    let store = database.open().await;
    save(&store, 1).await.unwrap();
    let (live, to) = (url(&database.file("candor.sqlite")), database.file("backup"));
    backup(&live, &to, |_| ()).unwrap();
    let before = fs::read(&to).unwrap();
    assert!(matches!(backup(&live, &to, |_| ()), Err(CopyError::Exists(_))));
    let nowhere = database.file("nowhere");
    let is_nowhere = |error| matches!(error, CopyError::NoFolder(folder) if folder == nowhere);
    assert!(is_nowhere(backup(&live, &nowhere.join("b"), |_| ()).unwrap_err()));
    assert!(is_nowhere(restore(&to, &url(&nowhere.join("b")), |_| ()).await.unwrap_err()));
    assert!(matches!(restore(&to, &live, |_| ()).await, Err(CopyError::Exists(_))));
    let nowhere = database.file("nowhere");
    assert!(matches!(backup(&url(&nowhere), &database.file("b"), |_| ()), Err(CopyError::Missing(_))));
    assert!(matches!(restore(&nowhere, &live, |_| ()).await, Err(CopyError::Missing(_))));
    assert!(!nowhere.exists(), "to look for it did not make it");

    // A log of another database, left where the new one should be.
    let target = database.file("target");
    fs::write(database.file("target-wal"), "old").unwrap();
    assert!(
        matches!(restore(&to, &url(&target), |_| ()).await, Err(CopyError::Exists(log)) if log.ends_with("target-wal"))
    );
    fs::remove_file(database.file("target-wal")).unwrap();

    // The running database's own file, without what is in its log.
    assert!(matches!(
        restore(&database.file("candor.sqlite"), &url(&target), |_| ()).await,
        Err(CopyError::Unfinished(_))
    ));
    // Through a link, beside which there is no log.
    std::os::unix::fs::symlink(database.file("candor.sqlite"), database.file("link")).unwrap();
    assert!(matches!(
        restore(&database.file("link"), &url(&target), |_| ()).await,
        Err(CopyError::Unfinished(_))
    ));
    // Beside what another database has left.
    fs::write(database.file("b-wal"), "old").unwrap();
    assert!(
        matches!(backup(&live, &database.file("b"), |_| ()), Err(CopyError::Exists(log)) if log.ends_with("b-wal"))
    );
    for (name, bytes) in [
        ("nothing", vec![]),
        ("text", b"no database".to_vec()),
        ("half", before[..before.len() / 2].to_vec()),
    ] {
        fs::write(database.file(name), bytes).unwrap();
        assert!(restore(&database.file(name), &url(&target), |_| ()).await.is_err(), "{name}");
        assert!(!target.exists() && left_unfinished(&database).is_empty(), "{name}");
    }
    assert_eq!(fs::read(&to).unwrap(), before);
}

/// What becomes of a table's rows when a response is erased.
const ERASED: [(&str, &str); 17] = [
    ("changes", "loses the id and the answers of its changes"),
    ("clock", "has none of it"),
    ("erased", "gets the hashes"),
    ("exclusions", "has none of it"),
    ("frames", "how and where it was asked, which says nobody's name"),
    ("personal", "loses the row"),
    ("probe", "has none of it"),
    ("responses", "loses the row"),
    ("retained", "has none of it"),
    ("rollup", "is counted without it"),
    ("rollup_quarters", "is counted without it"),
    ("scrub", "has none of it"),
    ("secrets", "has none of it"),
    ("segments", "values that the site has declared to be counted"),
    ("sites", "has none of it"),
    ("surveys", "has none of it"),
    ("versions", "has none of it"),
];

#[tokio::test]
async fn every_table_has_a_rule_for_what_is_erased() {
    let database = Database::new();
    database.open().await.close().await;
    let tables = rusqlite::Connection::open(database.file("candor.sqlite")).unwrap();
    let mut select =
        tables.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let names = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let names: Vec<String> = names.map(Result::unwrap).filter(|name| name != "workspaces").collect();
    assert_eq!(names, ERASED.map(|(name, _)| name));
}

/// How many there are of whom some are erased.
const PEOPLE: u64 = 200;

/// Numbers that look random, the same in every run.
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn id_of(n: u64) -> String {
    let tail = mixed(n + 1);
    format!("0192f5e4-7c1b-7{:03x}-8{:03x}-{:012x}", tail & 0xfff, tail >> 12 & 0xfff, tail >> 16)
}

fn person_of(n: u64) -> u64 {
    mixed(n + 1_000_000) % PEOPLE
}

/// A response full of what says whose it is.
fn personal(n: u64, revision: u64) -> Arrival {
    let (id, person) = (id_of(n), person_of(n));
    let text = format!("canary-{n}-words ").repeat(1 + usize::try_from(mixed(n + revision) % 200).unwrap());
    let json = serde_json::json!({
        "v": 1, "id": id, "revision": revision, "state": "partial",
        "site": "default", "survey": "nps", "survey_version": 1, "locale": "en",
        "answers": [{"question": "nps", "rating": 3}, {"question": "why", "text": text.trim_end()}],
        "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
        "page": format!("/canary-{n}-page"), "respondent": {"id": format!("respondent-{person}-"),
        "attributes": {"plan": format!("canary-{n}-plan")}}, "context": {"order": format!("canary-{n}-order")},
    });
    let response: candor_survey::NewResponse = serde_json::from_value(json).unwrap();
    let response = response.check(&preset("nps").unwrap()).unwrap();
    // A day each, as far as there are days.
    let received_ms = 1_795_000_500_000 + i64::try_from(n % 100).unwrap() * 86_400_000;
    Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response, received_ms }
}

/// Which of these responses have left something in a folder's files.
fn left(folder: &Path, gone: impl Fn(u64) -> bool, person_gone: impl Fn(u64) -> bool) -> Vec<String> {
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u64>().ok();
    let ids: HashMap<[u8; 16], u64> = (0..RESPONSES)
        .map(|n| {
            let id = u128::from_str_radix(&id_of(n).replace('-', ""), 16).unwrap();
            (id.to_be_bytes(), n)
        })
        .collect();
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let (mut of_ids, mut of_words, mut of_people) = (0, 0, 0);
        for window in bytes.windows(24) {
            let id = window[..16].try_into().unwrap();
            of_ids += usize::from(
                window.starts_with(b"\x01\x92\xf5\xe4") && ids.get::<[u8; 16]>(id).is_some_and(|n| gone(*n)),
            );
            let words = window.strip_prefix(b"canary-").and_then(|rest| rest.split(|b| *b == b'-').next());
            of_words += usize::from(words.and_then(number).is_some_and(&gone));
            let person =
                window.strip_prefix(b"respondent-").and_then(|rest| rest.split(|b| *b == b'-').next());
            of_people += usize::from(person.and_then(number).is_some_and(&person_gone));
        }
        if of_ids + of_words + of_people > 0 {
            found.push(format!("{}: {of_ids} ids, {of_words} words, {of_people} people", path.display()));
        }
    }
    found
}

const RESPONSES: u64 = 4_000;

async fn keep_responses(store: &Store) {
    for revision in 1..4 {
        for from in (0..RESPONSES).step_by(50) {
            let some = (from..from + 50).filter(|n| mixed(n + 7) % 3 >= revision - 1);
            store.save(some.map(|n| personal(n, revision)).collect()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn nothing_of_some_erased_responses_among_many_is_left_in_any_file() {
    let database = Database::new();
    let store = database.open().await;
    keep_responses(&store).await;
    let folder = database.folder.path();
    // Every fifth person by another process, as the command does, another fifth by this one.
    let is_person_gone = |person: u64| person % 5 < 2;
    let is_gone = |n: u64| is_person_gone(person_of(n));
    assert!(!left(folder, is_gone, is_person_gone).is_empty(), "the test can see them");
    let beside = Store::open_beside(&url(&database.file("candor.sqlite"))).await.unwrap();
    let mut erased = 0;
    for person in (0..PEOPLE).filter(|person| is_person_gone(*person)) {
        let store = if person % 5 == 0 { &store } else { &beside };
        let what = Erasure::Respondent(format!("respondent-{person}-"));
        erased += store.erase(Scope::DEFAULT, what, 1_895_000_600_000).await.unwrap();
    }
    beside.scrub().await.unwrap();
    assert_eq!(erased, (0..RESPONSES).filter(|n| is_gone(*n)).count());
    backup(&url(&database.file("candor.sqlite")), &database.file("backup"), |_| ()).unwrap();
    assert_eq!(left(folder, is_gone, is_person_gone), Vec::<String>::new());
    // Some of what the others said, by its id.
    let is_gone = |n: u64| n % 40 == 7;
    for n in (0..RESPONSES).filter(|n| is_gone(*n) && !is_person_gone(person_of(*n))) {
        assert_eq!(store.erase(Scope::DEFAULT, Erasure::Response(id_of(n)), 0).await, Ok(1));
    }
    store.scrub().await.unwrap();
    fs::remove_file(database.file("backup")).unwrap();
    backup(&url(&database.file("candor.sqlite")), &database.file("backup"), |_| ()).unwrap();
    assert_eq!(left(folder, is_gone, |_| false), Vec::<String>::new());
    assert_eq!(store.audit().await, Ok(vec![]));
    // And nothing else is gone.
    let (mut kept, mut after, mut more) = (BTreeSet::new(), 0, true);
    while more {
        let query = FeedQuery { scope: Scope::DEFAULT, after, limit: 1_000 };
        let page = store.feed(query).await.unwrap();
        (after, more) = page.next.map_or((after, false), |place| (place.seq, true));
        kept.extend(page.responses.into_iter().map(|kept| kept.id));
    }
    let rest = (0..RESPONSES).filter(|n| !is_gone(*n) && !is_person_gone(person_of(*n)));
    assert!(kept == rest.map(id_of).collect(), "{} are left", kept.len());
    assert_eq!(check(&database.file("candor.sqlite")), "ok");
}

#[tokio::test]
async fn nothing_that_says_whose_they_are_is_left_of_some_anonymous_responses_among_many() {
    let database = Database::new();
    let store = database.open().await;
    keep_responses(&store).await;
    let before_ms = 1_795_000_500_000 + 40 * 86_400_000;
    let is_gone = |n: u64| n % 100 < 40;
    let done = store.anonymise(Scope::DEFAULT, "default", "nps", before_ms).await;
    assert_eq!(done, Ok(usize::try_from(RESPONSES * 40 / 100).unwrap()));
    store.scrub().await.unwrap();
    backup(&url(&database.file("candor.sqlite")), &database.file("backup"), |_| ()).unwrap();
    assert_eq!(left(database.folder.path(), is_gone, |_| false), Vec::<String>::new());
    assert_eq!(store.audit().await, Ok(vec![]));
    assert_eq!(check(&database.file("candor.sqlite")), "ok");
}

#[tokio::test]
async fn what_an_earlier_build_deleted_is_gone_once_its_database_is_carried_over() {
    let database = Database::new();
    let file = database.file("candor.sqlite");
    let earlier = rusqlite::Connection::open(&file).unwrap();
    earlier.execute_batch(include_str!("fixtures/schema-3.sql")).unwrap();
    earlier.pragma_update(None, "secure_delete", "OFF").unwrap();
    earlier.execute("UPDATE responses SET content = json_set(content, '$.page', '/canary')", []).unwrap();
    drop(earlier);
    let canaries = || {
        let bytes = fs::read(&file).unwrap();
        bytes.windows(7).filter(|window| window == b"/canary").count()
    };
    assert!(canaries() >= 70, "the test can see them");
    let store = database.open().await;
    let free =
        |sql| rusqlite::Connection::open(&file).unwrap().query_row(sql, [], |row| row.get::<_, i64>(0));
    assert_eq!(free("PRAGMA freelist_count"), Ok(0));
    let query = FeedQuery { scope: Scope::DEFAULT, after: 0, limit: 1_000 };
    for kept in store.feed(query).await.unwrap().responses {
        assert_eq!(store.erase(Scope::DEFAULT, Erasure::Response(kept.id), 0).await, Ok(1));
    }
    store.scrub().await.unwrap();
    assert_eq!(canaries(), 0);
    assert_eq!(free("SELECT COUNT(*) FROM scrub"), Ok(0));
}

#[tokio::test]
async fn what_an_earlier_build_deleted_is_gone_once_nobody_reads_an_earlier_state() {
    let database = Database::new();
    let file = database.file("candor.sqlite");
    let earlier = rusqlite::Connection::open(&file).unwrap();
    earlier.execute_batch(include_str!("fixtures/schema-3.sql")).unwrap();
    earlier.pragma_update(None, "journal_mode", "WAL").unwrap();
    earlier.execute("UPDATE responses SET content = json_set(content, '$.page', '/canary')", []).unwrap();
    let reader = rusqlite::Connection::open(&file).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM responses").unwrap();
    let store = database.open().await;
    let due = || earlier.query_row("SELECT due FROM scrub", [], |row| row.get::<_, i64>(0)).ok();
    assert_eq!(due(), Some(1), "the log could not be emptied");
    reader.execute_batch("COMMIT").unwrap();
    let query = FeedQuery { scope: Scope::DEFAULT, after: 0, limit: 1_000 };
    for kept in store.feed(query).await.unwrap().responses {
        store.erase(Scope::DEFAULT, Erasure::Response(kept.id), 0).await.unwrap();
    }
    store.scrub().await.unwrap();
    let bytes = fs::read(&file).unwrap();
    assert_eq!((due(), bytes.windows(7).filter(|window| window == b"/canary").count()), (None, 0));
}

#[tokio::test]
async fn what_was_erased_is_wiped_when_nobody_reads_an_earlier_state_any_more() {
    let database = Database::new();
    let store = database.open().await;
    store.save(vec![personal(7, 1)]).await.unwrap();
    let reader = rusqlite::Connection::open(database.file("candor.sqlite")).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM responses").unwrap();
    assert_eq!(store.erase(Scope::DEFAULT, Erasure::Response(id_of(7)), 0).await, Ok(1));
    assert_eq!(store.scrub().await, Err(StoreError::Busy));
    let is_left = || !left(database.folder.path(), |_| true, |_| true).is_empty();
    assert!(is_left());
    reader.execute_batch("COMMIT").unwrap();
    // Whoever comes next goes on, another process too.
    let beside = Store::open_beside(&url(&database.file("candor.sqlite"))).await.unwrap();
    beside.scrub().await.unwrap();
    assert!(!is_left());
}

/// What SQLite says of a file.
fn check(file: &Path) -> String {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_backup_made_before_an_upgrade_is_what_the_earlier_build_left() {
    let database = Database::new();
    let earlier = rusqlite::Connection::open(database.file("candor.sqlite")).unwrap();
    earlier.execute_batch(include_str!("fixtures/schema-3.sql")).unwrap();
    drop(earlier);
    backup(&url(&database.file("candor.sqlite")), &database.file("backup"), |_| ()).unwrap();
    let store = database.open().await;
    save(&store, 1).await.unwrap();
    store.close().await;
    // Whoever goes back has this file, with all that there was then.
    let back = rusqlite::Connection::open(database.file("backup")).unwrap();
    let number = |sql: &str| back.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("PRAGMA user_version"), 3);
    assert_eq!((number("SELECT COUNT(*) FROM responses"), number("SELECT COUNT(*) FROM rollup")), (70, 409));
    // And whoever restores it with this build has today's schema.
    let again = url(&database.file("again"));
    assert_eq!(restore(&database.file("backup"), &again, |_| ()).await.unwrap().responses, 70);
}

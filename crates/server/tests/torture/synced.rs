//! What is acknowledged is on the disk, by the system calls that the server makes.

use crate::{
    nps,
    process::{NO_STRACE, Process, Start, TOKEN, TRACE},
};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use tokio::task::JoinSet;

/// What a trace says of durability; each call by its place in the trace.
#[derive(Debug, Default)]
struct Trace {
    /// Where each response's bytes first go into the write-ahead log.
    logged: HashMap<String, usize>,
    /// Where the database file is first written to.
    database_written: Option<usize>,
    syncs: Vec<Sync>,
    receipts: Vec<Receipt>,
}

#[derive(Debug)]
struct Sync {
    begun: usize,
    ended: usize,
    of_log: bool,
}

#[derive(Debug)]
struct Receipt {
    sent: usize,
    id: String,
    status: String,
}

impl Trace {
    fn read(path: &Path) -> Self {
        let mut trace = Self::default();
        // Syncs under way, by thread: others' calls are written between their beginning and their end.
        let mut under_way = HashMap::new();
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        for (place, line) in text.lines().enumerate() {
            let Some((thread, call)) = line.split_once(' ') else { continue };
            let call = call.trim_start();
            if call.starts_with("<... fsync resumed>") || call.starts_with("<... fdatasync resumed>") {
                if let Some((begun, of_log)) = under_way.remove(thread).filter(|_| call.ends_with("= 0")) {
                    trace.syncs.push(Sync { begun, ended: place, of_log });
                }
                continue;
            }
            let Some((name, arguments)) = call.split_once('(') else { continue };
            let of_log = match arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
                Some((path, _)) if path.ends_with("candor.sqlite-wal") => Some(true),
                Some((path, _)) if path.ends_with("candor.sqlite") => Some(false),
                _ => None,
            };
            match (name, of_log) {
                ("fsync" | "fdatasync", Some(of_log)) if call.ends_with("<unfinished ...>") => {
                    under_way.insert(thread.to_owned(), (place, of_log));
                }
                ("fsync" | "fdatasync", Some(of_log)) if call.ends_with("= 0") => {
                    trace.syncs.push(Sync { begun: place, ended: place, of_log });
                }
                ("pwrite64", Some(true)) => {
                    // The page holds the response as JSON, whose quotation marks strace escapes.
                    for rest in arguments.split(r#"\"id\":\""#).skip(1) {
                        let id = rest.split('\\').next().unwrap_or_default().to_owned();
                        trace.logged.entry(id).or_insert(place);
                    }
                }
                ("pwrite64", Some(false)) => trace.database_written = trace.database_written.or(Some(place)),
                ("write" | "writev" | "sendto", None) if arguments.contains("HTTP/1.1 200") => {
                    let field = |name: &str| {
                        let (_, rest) = arguments.split_once(&format!(r#"\"{name}\":\""#))?;
                        Some(rest.split('\\').next()?.to_owned())
                    };
                    if let (Some(id), Some(status)) = (field("id"), field("status")) {
                        trace.receipts.push(Receipt { sent: place, id, status });
                    }
                }
                _ => {}
            }
        }
        trace
    }

    /// Whether the log was synced after this response went into it and before its receipt was sent.
    fn is_synced(&self, receipt: &Receipt) -> bool {
        let Some(logged) = self.logged.get(&receipt.id) else { return false };
        self.syncs.iter().any(|sync| sync.of_log && *logged < sync.begun && sync.ended < receipt.sent)
    }

    /// Whether what an earlier process had left in the log is on the disk before the receipt is sent: the log was synced, or
    /// the database after something was copied into it.
    fn is_all_synced(&self, receipt: &Receipt) -> bool {
        let copied = |sync: &Sync| self.database_written.is_some_and(|written| written < sync.begun);
        self.syncs.iter().any(|sync| sync.ended < receipt.sent && (sync.of_log || copied(sync)))
    }
}

async fn post(address: String, mut body: Value) -> reqwest::Result<Value> {
    // The content is what is kept as text, and the id is no part of it.
    body["context"]["id"] = body["id"].clone();
    let request = Client::new().post(format!("http://{address}/v1/responses"));
    let request = request.header("content-type", "text/plain").body(body.to_string());
    request.timeout(Duration::from_secs(20)).send().await?.error_for_status()?.json().await
}

async fn stop(mut process: Process) {
    process.signal("TERM");
    assert!(process.ended(Duration::from_secs(20)).await.is_some_and(|status| status.success()));
}

#[tokio::test]
async fn no_response_is_acknowledged_before_its_sync() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace");
    let start = Start { traced: Some(file.clone()), ..Start::new(folder.path()) };
    let process = start.listening();
    for round in 0..8 {
        // By one, by two, … so that batches of every size occur.
        let bodies = (0..=round).map(|n| nps(round * 100 + n, n % 11));
        let posts: JoinSet<_> = bodies.map(|body| post(process.address.clone(), body)).collect();
        for receipt in posts.join_all().await {
            assert_eq!(receipt.unwrap()["status"], "stored");
        }
    }
    stop(process).await;
    let trace = Trace::read(&file);
    assert_eq!(trace.receipts.len(), 36, "{:?}", trace.receipts);
    for receipt in &trace.receipts {
        assert!(trace.is_synced(receipt), "{receipt:?} is not preceded by its sync: {:?}", trace.syncs);
    }
}

#[tokio::test]
async fn what_a_killed_server_left_unsynced_is_synced_before_it_is_acknowledged_as_known() {
    let folder = tempfile::tempdir().unwrap();
    let start = Start::new(folder.path());
    let mut process = start.listening();
    let body = nps(1, 9);
    let id = body["id"].as_str().unwrap();
    // At its start it notes how far the clock has come, and syncs that.
    let database = rusqlite::Connection::open(start.database()).unwrap();
    let has_noted = || database.prepare("SELECT 1 FROM clock").unwrap().exists([]).unwrap();
    for _ in 0..400 {
        if has_noted() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(has_noted());
    drop(database);

    // The first sync from now on fails, and the process dies with it: the response is in the log, and not on the disk.
    let first = folder.path().join("first");
    let mut strace = Command::new("strace");
    strace
        .args(TRACE)
        .arg("--inject=fsync,fdatasync:error=EIO:signal=KILL:when=1")
        .arg("--output")
        .arg(&first);
    strace.args(["--attach", &process.pid.to_string()]).stderr(Stdio::piped());
    let mut strace = strace.spawn().unwrap_or_else(|error| panic!("strace: {error}{NO_STRACE}"));
    let mut line = String::new();
    // Kept open: strace would end when it has more to tell.
    let mut told = BufReader::new(strace.stderr.take().unwrap());
    told.read_line(&mut line).unwrap();
    assert!(line.contains("attached"), "{line}{NO_STRACE}");
    assert!(
        post(process.address.clone(), body.clone()).await.is_err(),
        "a sync that failed acknowledges nothing"
    );
    assert!(process.ended(Duration::from_secs(20)).await.is_some(), "it is killed by the failing sync");
    strace.wait().unwrap();
    let trace = Trace::read(&first);
    assert!(
        trace.logged.contains_key(id) && trace.syncs.is_empty(),
        "it is written and not synced: {trace:?}"
    );

    let second = folder.path().join("second");
    let process = Start { surveys: false, traced: Some(second.clone()), ..start }.listening();
    let receipt = post(process.address.clone(), body.clone()).await.unwrap();
    stop(process).await;
    let trace = Trace::read(&second);
    let [sent] = &trace.receipts[..] else { panic!("one receipt: {trace:?}") };
    assert_eq!((sent.id.as_str(), sent.status.as_str()), (id, receipt["status"].as_str().unwrap()));
    assert!(
        trace.is_all_synced(sent),
        "{} was acknowledged as {}, and nothing had been synced since the server started",
        sent.id,
        sent.status
    );
}

#[tokio::test]
async fn on_a_full_disk_a_server_starts_takes_no_answer_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let start = Start::new(folder.path());
    let mut process = start.listening();
    assert_eq!(post(process.address.clone(), nps(1, 9)).await.unwrap()["status"], "stored");
    // Not in good order: what it kept is in its log alone.
    process.signal("KILL");
    process.ended(Duration::from_secs(20)).await.unwrap();

    let traced = Some(folder.path().join("trace"));
    let process = Start { traced, is_full: true, ..start.clone() }.listening();
    for known in [true, false] {
        // To know one is no proof that the disk has it.
        let refused = post(process.address.clone(), nps(if known { 1 } else { 2 }, 9)).await.unwrap_err();
        assert_eq!(refused.status(), Some(StatusCode::SERVICE_UNAVAILABLE), "{known}");
    }
    let get = |path: &str| {
        let request = Client::new().get(format!("http://{}{path}", process.address));
        request.bearer_auth(TOKEN).send()
    };
    assert_eq!(get("/readyz").await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get("/healthz").await.unwrap().status(), StatusCode::OK);
    let scores: Value = get("/v1/surveys/nps/scores").await.unwrap().json().await.unwrap();
    assert_eq!(scores["total"]["n"], 1);
    stop(process).await;

    let process = start.listening();
    assert_eq!(post(process.address.clone(), nps(1, 9)).await.unwrap()["status"], "duplicate");
    assert_eq!(post(process.address.clone(), nps(2, 9)).await.unwrap()["status"], "stored");
    stop(process).await;
}

use crate::spawn::{TOKEN, config, nps, problem, spawn_with, wire};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use std::{
    collections::HashSet,
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The real binary, killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: String,
    /// Kept open: a log that can't be written would stop the process.
    pub(crate) log: BufReader<std::process::ChildStdout>,
}

impl Process {
    pub(crate) fn start(folder: &TempDir) -> Self {
        let surveys = folder.path().join("surveys");
        std::fs::create_dir_all(&surveys).unwrap();
        std::fs::write(surveys.join("shop.toml"), wire("shop.toml")).unwrap();
        Self::start_with(folder, &["--surveys", surveys.to_str().unwrap()])
    }

    pub(crate) fn start_with(folder: &TempDir, args: &[&str]) -> Self {
        Self::start_in(folder, args, &[])
    }

    /// With these variables in its environment.
    pub(crate) fn start_in(folder: &TempDir, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_candor"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--token", TOKEN])
            .arg("--database")
            .arg(format!("sqlite://{}", folder.path().join("candor.sqlite").display()))
            .args(args)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it has ended without an address");
            let entry: Value = serde_json::from_str(&line).unwrap();
            if let Some(address) = entry["address"].as_str() {
                break address.to_owned();
            }
        };
        Self { child, address, log }
    }

    pub(crate) async fn ids(&self) -> HashSet<String> {
        let (client, mut ids, mut query) = (Client::new(), HashSet::new(), String::new());
        loop {
            let url = format!("http://{}/v1/surveys/nps/responses?limit=500{query}", self.address);
            let page: Value = client.get(url).bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap();
            ids.extend(
                page["responses"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next"].as_str() else { return ids };
            query = format!("&before={next}");
        }
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    pub(crate) async fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the process did not end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends responses from several clients until the server goes away; gives the ids that were acknowledged.
pub(crate) async fn hammer(process: &Process, end: impl FnOnce()) -> HashSet<String> {
    let client = Client::new();
    let (acknowledged, sender) = {
        let (sender, acknowledged) = tokio::sync::mpsc::unbounded_channel();
        (acknowledged, sender)
    };
    let tasks: Vec<_> = (0..8_u64)
        .map(|task| {
            let (client, sender, address) = (client.clone(), sender.clone(), process.address.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    let response = nps(task * 1_000_000 + n, 2, 9);
                    let request = client.post(format!("http://{address}/v1/responses"));
                    let request = request.header("content-type", "text/plain").body(response.to_string());
                    match request.send().await {
                        Ok(answer) if answer.status() == StatusCode::OK => {
                            sender.send(response["id"].as_str().unwrap().to_owned()).unwrap();
                        }
                        _ => break,
                    }
                }
            })
        })
        .collect();
    drop(sender);
    tokio::time::sleep(Duration::from_millis(600)).await;
    end();
    for task in tasks {
        task.await.unwrap();
    }
    let mut ids = HashSet::new();
    let mut acknowledged = acknowledged;
    while let Some(id) = acknowledged.recv().await {
        ids.insert(id);
    }
    ids
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&folder);
    let id = process.child.id();
    let acknowledged = hammer(&process, || {
        // SIGKILL, while requests are under way.
        let killed = Command::new("kill").args(["-KILL", &id.to_string()]).status().unwrap();
        assert!(killed.success());
    })
    .await;
    process.wait().await;
    assert!(acknowledged.len() > 8, "{} acknowledged", acknowledged.len());
    let restarted = Process::start(&folder);
    let missing: Vec<_> = acknowledged.difference(&restarted.ids().await).cloned().collect();
    assert_eq!(missing, Vec::<String>::new(), "of {} acknowledged", acknowledged.len());
}

#[cfg(unix)]
#[tokio::test]
async fn a_stop_loses_nothing_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&folder);
    let acknowledged = hammer(&process, || process.terminate()).await;
    assert!(process.wait().await.success());
    assert!(acknowledged.len() > 8, "{} acknowledged", acknowledged.len());
    assert!(!folder.path().join("candor.sqlite-wal").exists(), "the log is in the database file");
    let restarted = Process::start(&folder);
    assert!(acknowledged.is_subset(&restarted.ids().await));
}

#[cfg(unix)]
#[tokio::test]
async fn a_request_under_way_is_finished_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&folder);
    let body = nps(1, 2, 9).to_string();
    let (first, second) = body.split_at(body.len() / 2);
    let mut stream = TcpStream::connect(&process.address).await.unwrap();
    let head = format!(
        "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{first}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    process.terminate();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(&process.address).await.is_err(), "no new connection is taken");
    stream.write_all(second.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"stored\""), "{answer}");
    assert!(process.wait().await.success());
    assert_eq!(Process::start(&folder).ids().await.len(), 1);
}

/// A disk that does not come back from a sync, until it is killed.
#[cfg(target_os = "linux")]
struct HungDisk(Child);

#[cfg(target_os = "linux")]
impl HungDisk {
    fn of(process: &Process) -> Self {
        let mut strace = Command::new("strace");
        strace.args([
            "--follow-forks",
            "--trace=fsync,fdatasync",
            "--inject=fsync,fdatasync:delay_enter=600000000",
        ]);
        strace.args(["--attach", &process.child.id().to_string()]);
        let mut child = strace.stderr(Stdio::piped()).spawn().expect("this test needs strace");
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(line.contains("attached"), "this test needs the right to trace: {line}");
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self(child)
    }
}

#[cfg(target_os = "linux")]
impl Drop for HungDisk {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_stop_waits_for_no_disk_that_hangs_and_says_what_may_be_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start_with(&folder, &["--shutdown-timeout-ms", "500"]);
    let send = |response: Value| {
        let request = Client::new().post(format!("http://{}/v1/responses", process.address));
        request.header("content-type", "text/plain").body(response.to_string()).send()
    };
    assert_eq!(send(nps(1, 2, 9)).await.unwrap().status(), StatusCode::OK);
    let hung = HungDisk::of(&process);
    let answer = tokio::time::timeout(Duration::from_secs(1), send(nps(2, 2, 9))).await;
    assert!(answer.is_err(), "nothing is acknowledged: {answer:?}");
    process.terminate();
    // It has ended but for the thread that waits for the disk, which strace holds.
    let stat = format!("/proc/{}/stat", process.child.id());
    let deadline = Instant::now() + Duration::from_secs(10);
    while !std::fs::read_to_string(&stat).unwrap().contains(") Z ") {
        assert!(Instant::now() < deadline, "the process did not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(hung);
    assert!(process.wait().await.success());
    let lines: Vec<Value> =
        (&mut process.log).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    let said = lines.iter().find(|line| line["level"] == "ERROR").unwrap_or_else(|| panic!("{lines:?}"));
    assert!(said["message"].as_str().unwrap().contains("all that were acknowledged are kept"), "{said}");
    assert_eq!(lines.last().unwrap()["message"], "stopped");
    assert!(Process::start(&folder).ids().await.contains(nps(1, 2, 9)["id"].as_str().unwrap()));
}

#[cfg(unix)]
#[tokio::test]
async fn a_stop_waits_for_no_client_that_stalls() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start_with(&folder, &["--shutdown-timeout-ms", "300"]);
    let mut stalled = Vec::new();
    let body =
        "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n{";
    for start in ["", "GET /hea", body] {
        let mut stream = TcpStream::connect(&process.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        stalled.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let start = Instant::now();
    process.terminate();
    assert!(process.wait().await.success());
    assert!(start.elapsed() < Duration::from_secs(8), "the deadlines of its clients are 10 and 15 seconds");
}

#[tokio::test]
async fn a_client_that_stalls_is_cut_off_and_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    (config.http.header_timeout_ms, config.http.request_timeout_ms) = (300, 400);
    let server = spawn_with(folder, config).await;
    let mut stalled = Vec::new();
    for start in ["", "POST /v1/resp", "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"] {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        stalled.push(stream);
    }
    assert_eq!(server.get("/healthz").await.status(), StatusCode::OK);
    for mut stream in stalled {
        let mut rest = Vec::new();
        let end = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        assert!(end.is_ok(), "the connection was kept");
    }

    let mut slow_body = TcpStream::connect(&server.address).await.unwrap();
    let head = "POST /v1/responses HTTP/1.1\r\nHost: x\r\nOrigin: https://shop.example\r\n\
        Content-Type: text/plain\r\nContent-Length: 900\r\n\r\n{";
    slow_body.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1_024];
    let read =
        tokio::time::timeout(Duration::from_secs(5), slow_body.read(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    // Its page may know, with credentials too.
    for line in
        ["access-control-allow-origin: https://shop.example", "access-control-allow-credentials: true"]
    {
        assert!(answer.contains(line), "{answer}");
    }
}

#[tokio::test]
async fn while_the_database_cannot_be_written_browsers_are_told_to_try_again() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    let server = spawn_with(folder, config).await;
    server.expect(&nps(1, 2, 9), "stored").await;
    // Whoever holds the lock, a backup that went wrong for one, keeps all others from writing.
    let lock = rusqlite::Connection::open(server.folder.path().join("candor.sqlite")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (posted, ready) = tokio::join!(server.post(nps(2, 2, 9).to_string()), server.get("/readyz"));
    for response in [posted, ready] {
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["retry-after"], "2");
        problem(response).await;
    }
    assert_eq!(server.get("/healthz").await.status(), StatusCode::OK);
    assert_eq!(server.read_json("/v1/surveys/nps/scores").await["total"]["n"], 1);
    lock.execute_batch("ROLLBACK").unwrap();
    server.expect(&nps(2, 2, 9), "stored").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_readiness_and_goes_away_leaves_it_to_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    let server = spawn_with(folder, config).await;
    let lock = rusqlite::Connection::open(server.folder.path().join("candor.sqlite")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..5 {
        let mut impatient = TcpStream::connect(&server.address).await.unwrap();
        impatient.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    }
    assert_eq!(server.get("/readyz").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_backup_has_the_name_that_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    let server = spawn_with(folder, config).await;
    server.expect(&nps(1, 2, 9), "stored").await;
    for name in ["file:backup", "file:backup?mode=memory", ":memory:", "täglich #1.sqlite"] {
        let output = Command::new(env!("CARGO_BIN_EXE_candor"))
            .args(["backup", name])
            .current_dir(server.folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("holds 1 responses"), "{name}: {said}");
        assert!(std::fs::metadata(server.folder.path().join(name)).unwrap().len() > 4_096, "{name}");
        let output = Command::new(env!("CARGO_BIN_EXE_candor"))
            .args(["restore", name, "--database", "sqlite://back.sqlite"])
            .current_dir(server.folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("all counts agree"), "{name}: {said}");
        std::fs::remove_file(server.folder.path().join("back.sqlite")).unwrap();
    }
}

#[tokio::test]
async fn a_made_up_token_is_long_and_not_the_same_twice() {
    let mut tokens = HashSet::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(&folder);
        config.access.token = None;
        tokens.insert(candor_server::Server::bind(config).await.unwrap().token().to_owned());
    }
    assert!(tokens.len() == 2 && tokens.iter().all(|token| token.len() == 32), "{tokens:?}");
}

#[tokio::test]
async fn a_wrong_start_says_why_in_the_log_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    for (args, words) in [
        (vec!["--database", "mysql://x"], "expected sqlite://"),
        (vec!["--token", "short"], "--token"),
        (vec!["--log", "loud"], "--log \"loud\": expected a level"),
        (vec!["--log", "error"], "--token: expected one, because the log (--log error)"),
        (vec!["--surveys", "/nowhere"], "/nowhere"),
        (vec!["--demo", "/nowhere"], "--demo /nowhere: there is no such folder"),
        (vec!["--playground", "/nowhere"], "--playground /nowhere: there is no such file"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_candor"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && log.contains(words), "{words} is not in: {log}");
    }
}

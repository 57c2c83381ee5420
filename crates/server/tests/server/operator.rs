use crate::spawn::{SHOP, Spawned, TOKEN, nps, problem, spawn, wire, wire_json};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// Every sample by its name and labels.
async fn samples(server: &Spawned) -> BTreeMap<String, f64> {
    let response = server.read("/metrics").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
    let text = response.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// What is above 0 of a metric, by its labels.
fn of(samples: &BTreeMap<String, f64>, name: &str) -> Vec<(String, f64)> {
    let labelled = samples.iter().filter_map(|(sample, &value)| Some((sample.strip_prefix(name)?, value)));
    labelled.filter(|&(_, value)| value > 0.0).map(|(labels, value)| (labels.to_owned(), value)).collect()
}

#[tokio::test]
async fn metrics_are_for_the_bearer_of_the_token() {
    let server = spawn().await;
    for token in [None, Some("not-the-token")] {
        let mut request = server.request(Method::GET, "/metrics");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        problem(response).await;
    }
}

#[tokio::test]
async fn answers_and_refusals_are_counted_by_what_became_of_them() {
    let server = spawn().await;
    let mut first = nps(1, 2, 9);
    server.expect(&first, "stored").await;
    server.expect(&nps(2, 2, 9), "stored").await;
    server.expect(&first, "duplicate").await;
    first["revision"] = json!(1);
    server.expect(&first, "superseded").await;

    let changed = |field: &str, value: Value| {
        let mut response = nps(1, 2, 9);
        response[field] = value;
        response.to_string()
    };
    let mut elsewhere = wire_json("complete.json");
    elsewhere["site"] = json!("shop");
    for (body, status) in [
        (nps(1, 2, 8).to_string(), 409),
        (changed("survey", json!("checkout-csat")), 404),
        (changed("locale", json!("zh Hant")), 422),
        ("{".to_owned(), 400),
        (" ".repeat(501 << 10), 413),
        (changed("survey", json!("none")), 404),
        (changed("survey_version", json!(2)), 404),
        (changed("site", json!("nowhere")), 404),
    ] {
        assert_eq!(server.post(body.clone()).await.status().as_u16(), status, "{body}");
    }
    let stranger = server.request(Method::POST, "/v1/responses").header("origin", "https://stranger.example");
    let stranger = stranger.header("content-type", "text/plain").body(elsewhere.to_string());
    assert_eq!(stranger.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    server.request(Method::POST, "/v1/responses").body("{}").send().await.unwrap();
    server.request(Method::PUT, "/v1/responses").send().await.unwrap();
    server.get("/nowhere").await;
    server.get("/metrics").await;
    let wrong = server.request(Method::GET, "/v1/surveys/nps/scores").bearer_auth("not-the-token");
    wrong.send().await.unwrap();

    let samples = samples(&server).await;
    let counted = |name: &str, label: &str| -> Vec<(String, f64)> {
        let unwrap = |labels: &str| {
            labels.strip_prefix(&format!("{{{label}=\"")).unwrap().strip_suffix("\"}").unwrap().to_owned()
        };
        of(&samples, name).into_iter().map(|(labels, value)| (unwrap(&labels), value)).collect()
    };
    let expected = |pairs: &[(&str, f64)]| -> Vec<(String, f64)> {
        pairs.iter().map(|&(label, value)| (label.to_owned(), value)).collect()
    };
    assert_eq!(
        counted("candor_answers_total", "outcome"),
        expected(&[("conflict", 1.0), ("duplicate", 1.0), ("stored", 2.0), ("superseded", 1.0)])
    );
    assert_eq!(
        counted("candor_refusals_total", "reason"),
        expected(&[
            ("conflict", 1.0),
            ("content_type", 1.0),
            ("invalid", 1.0),
            ("method", 1.0),
            ("no_token", 1.0),
            ("not_found", 1.0),
            ("not_json", 1.0),
            ("origin", 1.0),
            ("token", 1.0),
            ("too_large", 1.0),
            ("unknown_site", 1.0),
            ("unknown_survey", 3.0),
        ])
    );
    assert_eq!(samples["candor_refusals_total{reason=\"database\"}"], 0.0, "known before the first");
    let took = "candor_request_duration_seconds_count{route=\"/v1/responses\"}";
    let posts: f64 =
        of(&samples, "candor_requests_total{route=\"/v1/responses\"").iter().map(|(_, n)| n).sum();
    assert_eq!((samples[took], posts), (15.0, 15.0));
}

#[tokio::test]
async fn the_documents_name_every_reason() {
    let (_, table) = include_str!("../../../../docs/api.md").split_once("\n| Level | Reasons |").unwrap();
    let rows: String = table.lines().skip(1).take_while(|line| line.starts_with('|')).collect();
    for sample in samples(&spawn().await).await.keys() {
        if let Some(reason) = sample.strip_prefix("candor_refusals_total{reason=\"") {
            let name = format!("`{}`", reason.trim_end_matches("\"}"));
            assert!(rows.contains(&name), "docs/api.md: {name}");
        }
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_address() {
    let server = spawn().await;
    for n in 0..3 {
        for path in ["nowhere", "demo/", "w/latest/", "v1/sites/", "v1/surveys/"] {
            server.get(&format!("/{path}{n}")).await;
        }
        let method = Method::from_bytes(format!("BREW{n}").as_bytes()).unwrap();
        server.request(method, "/healthz").send().await.unwrap();
        server.get("/healthz").await;
        let preflight = server.request(Method::OPTIONS, "/v1/responses").header("origin", SHOP);
        preflight.header("access-control-request-method", "POST").send().await.unwrap();
    }
    let found = of(&samples(&server).await, "candor_requests_total");
    let row = |route: &str, method: &str, status: u16| {
        (format!("{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}"), 3.0)
    };
    let files = if server.get("/candor.js").await.status() == StatusCode::OK { 404 } else { 503 };
    let mut expected = vec![
        row("/demo/{*path}", "GET", 404),
        row("/healthz", "GET", 200),
        row("/healthz", "other", 405),
        row("/v1/responses", "OPTIONS", 204),
        row("/v1/sites/{site}", "GET", 404),
        row("/v1/surveys/{id}", "GET", 404),
        row("/w/{version}/{file}", "GET", files),
        row("none", "GET", 404),
    ];
    expected.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(found, expected);
}

/// The real binary, and all that its log says.
struct Logged {
    child: Child,
    address: String,
    log: BufReader<std::process::ChildStdout>,
    lines: Vec<String>,
}

impl Logged {
    fn start(folder: &TempDir, args: &[&str]) -> Self {
        let surveys = folder.path().join("surveys");
        std::fs::create_dir_all(&surveys).unwrap();
        std::fs::write(surveys.join("shop.toml"), wire("shop.toml")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_candor"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--surveys"])
            .arg(surveys)
            .args(args)
            .current_dir(folder.path())
            .env_remove("CANDOR_TOKEN")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stdout.take().unwrap());
        let mut logged = Self { child, address: String::new(), log, lines: Vec::new() };
        while logged.address.is_empty() {
            let mut line = String::new();
            assert!(logged.log.read_line(&mut line).unwrap() > 0, "it has ended without an address");
            let entry: Value = serde_json::from_str(&line).unwrap();
            logged.address = entry["address"].as_str().unwrap_or_default().to_owned();
            logged.lines.push(line);
        }
        logged
    }

    fn get(&self, client: &Client, path: &str, token: &str) -> impl Future<Output = StatusCode> + use<> {
        let request = client.get(format!("http://{}{path}", self.address)).bearer_auth(token);
        async { request.send().await.unwrap().status() }
    }

    /// Tells it to stop, and gives the whole log: its text and its entries.
    fn stop(mut self) -> (String, Vec<Value>) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        self.lines.extend(self.log.by_ref().lines().map(|line| line.unwrap()));
        assert!(self.child.wait().unwrap().success());
        let entries = self.lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        (self.lines.concat(), entries)
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many lines of the log are about a reason, and how many refusals they tell of.
fn said(entries: &[Value], reason: &str, level: &str) -> (usize, u64) {
    let lines: Vec<_> = entries.iter().filter(|entry| entry["reason"] == reason).collect();
    assert!(lines.iter().all(|line| line["level"] == level), "{lines:?}");
    (lines.len(), lines.iter().map(|line| line["count"].as_u64().unwrap()).sum())
}

#[cfg(unix)]
#[tokio::test]
async fn a_flood_of_refusals_is_reported_as_a_whole_in_a_few_lines() {
    const FLOOD: usize = 1_000;
    let folder = tempfile::tempdir().unwrap();
    let server = Logged::start(&folder, &["--token", TOKEN]);
    let client = Client::new();
    for _ in 0..FLOOD {
        let status = server.get(&client, "/v1/surveys/nps/scores", "a-guess-of-a-token").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    server.get(&client, "/v1/surveys/a-name%0Awith-a-line-break", TOKEN).await;
    server.get(&client, "/nowhere", TOKEN).await;
    let database = rusqlite::Connection::open(folder.path().join("candor.sqlite")).unwrap();
    database.execute_batch("ALTER TABLE responses RENAME TO gone").unwrap();
    let post = || {
        let request = client.post(format!("http://{}/v1/responses", server.address));
        request.header("content-type", "text/plain").body(nps(1, 2, 9).to_string()).send()
    };
    for _ in 0..20 {
        assert_eq!(post().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    database.execute_batch("ALTER TABLE gone RENAME TO responses").unwrap();
    drop(database);

    let (text, entries) = server.stop();
    let (lines, refusals) = said(&entries, "token", "WARN");
    // One line at once, one for each 10 seconds, one at the end: a hundred would be a quarter of an hour.
    assert!((2..FLOOD / 10).contains(&lines) && refusals == FLOOD as u64, "{refusals} in {lines} lines");
    let (lines, refusals) = said(&entries, "database", "ERROR");
    assert!(lines < 20 && refusals == 20, "{refusals} in {lines} lines");
    assert_eq!(said(&entries, "unknown_survey", "WARN"), (1, 1));
    assert_eq!(
        said(&entries, "not_found", "DEBUG"),
        (0, 0),
        "a stranger's address is not the operator's trouble"
    );
    assert!(!text.contains("a-guess") && !text.contains(TOKEN), "{text}");
    assert!(text.contains("the database failed: no such table"), "{text}");
}

#[cfg(unix)]
#[test]
fn the_settings_in_force_are_in_the_log_and_the_token_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let settings = |entries: &[Value]| {
        entries
            .iter()
            .find(|entry| entry["message"] == "settings")
            .expect("a line about the settings")
            .clone()
    };
    let (text, entries) = Logged::start(&folder, &["--token", TOKEN, "--request-timeout-ms", "1234"]).stop();
    let line = settings(&entries);
    assert!(!text.contains(TOKEN), "{text}");
    let fields = ["level", "listen", "request_timeout_ms", "header_timeout_ms", "database", "token", "log"];
    assert_eq!(
        fields.map(|field| line[field].to_string().replace('"', "")),
        ["INFO", "127.0.0.1:0", "1234", "10000", "sqlite://candor.sqlite", "given", "info"]
    );
    assert_eq!((line["surveys"].is_string(), line.get("demo")), (true, None));

    // One that is made up is said, because nobody could read otherwise.
    let (_, entries) = Logged::start(&folder, &[]).stop();
    assert_eq!(settings(&entries)["token"], "made for this run");
    let made = |entry: &Value| entry["token"].as_str().is_some_and(|token| token.len() == 32);
    assert!(entries.iter().any(made), "{entries:?}");
}

#[test]
fn the_version_names_the_program() {
    let output = Command::new(env!("CARGO_BIN_EXE_candor")).arg("--version").output().unwrap();
    let expected = concat!("candor ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

use candor_server::{Config, Route, Server};
use candor_store::{FeedQuery, Listed, Scope, Store};
use clap::Parser;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::{fs, path::PathBuf};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

pub(crate) const TOKEN: &str = "a-token-of-tests";
/// The one page that the site `shop` lets in, of `tests/wire/shop.toml`.
pub(crate) const SHOP: &str = "https://shop.example";

/// A server on a free port, with the site of `tests/wire/shop.toml` and a database of its own.
pub(crate) struct Spawned {
    pub(crate) address: String,
    pub(crate) folder: TempDir,
    pub(crate) client: Client,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// One of `tests/wire`.
pub(crate) fn wire(name: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/wire").join(name)).unwrap()
}

pub(crate) fn wire_json(name: &str) -> Value {
    serde_json::from_str(&wire(name)).unwrap()
}

/// Flags, as `candor serve` takes them.
#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
}

/// A configuration with a database and a surveys folder in `folder`.
pub(crate) fn config(folder: &TempDir) -> Config {
    let surveys = folder.path().join("surveys");
    if !surveys.exists() {
        fs::create_dir(&surveys).unwrap();
        fs::write(surveys.join("shop.toml"), wire("shop.toml")).unwrap();
    }
    let database = format!("sqlite://{}", folder.path().join("candor.sqlite").display());
    let flags = ["candor", "--listen", "127.0.0.1:0", "--log", "warn", "--token", TOKEN];
    let mut config = Flags::parse_from(flags).config;
    (config.store.database, config.surveys.surveys) = (database, Some(surveys));
    config
}

pub(crate) async fn spawn() -> Spawned {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    spawn_with(folder, config).await
}

pub(crate) async fn spawn_with(folder: TempDir, config: Config) -> Spawned {
    let server = Server::bind(config).await.unwrap();
    let address = server.address().to_string();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    Spawned { address, folder, client, stop: Some(stop), task }
}

impl Spawned {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// With the token.
    pub(crate) async fn read(&self, path: &str) -> Response {
        self.request(Method::GET, path).bearer_auth(TOKEN).send().await.unwrap()
    }

    pub(crate) async fn read_json(&self, path: &str) -> Value {
        let response = self.read(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> Response {
        let request = self.request(Method::POST, "/v1/responses").header("content-type", "application/json");
        request.body(body).send().await.unwrap()
    }

    /// Posts and expects 200 with this status in the acknowledgement.
    #[track_caller]
    pub(crate) fn expect<'a>(&'a self, body: &Value, status: &'a str) -> impl Future<Output = ()> + use<'a> {
        let body = body.to_string();
        async move {
            let response = self.post(body).await;
            let http = response.status();
            let acknowledgement: Value = response.json().await.unwrap();
            assert_eq!(
                (http, &acknowledgement["status"]),
                (StatusCode::OK, &Value::from(status)),
                "{acknowledgement}"
            );
        }
    }

    /// Every response that the database holds, the newest first.
    pub(crate) async fn stored(&self) -> Vec<candor_survey::Response> {
        let path = self.folder.path().join("candor.sqlite");
        let store = Store::open_beside(&format!("sqlite://{}", path.display())).await.unwrap();
        assert_eq!(store.audit().await.unwrap(), [], "the rollup holds nothing else");
        let query = FeedQuery { scope: Scope::DEFAULT, after: 0, limit: u32::MAX };
        let Listed { mut responses, next } = store.feed(query).await.unwrap();
        assert!(next.is_none());
        store.close().await;
        responses.sort_by(|a, b| (b.dated_ms, &b.id).cmp(&(a.dated_ms, &a.id)));
        responses.into_iter().map(|kept| kept.response).collect()
    }

    pub(crate) async fn stop(mut self) -> TempDir {
        let _ = self.stop.take().unwrap().send(());
        self.task.await.unwrap();
        self.folder
    }
}

/// An address that fits a route's pattern, where there is something to be had if there can be.
pub(crate) fn address(route: &Route) -> String {
    let values = [
        ("{site}", "shop"),
        ("{id}", "nps"),
        ("{version}", "latest"),
        ("{file}", "en.json"),
        ("{*path}", "index.html"),
    ];
    let address = values.iter().fold(route.path.to_owned(), |path, (name, value)| path.replace(name, value));
    assert!(!address.contains('{'), "{}: a value for its parameter is missing in this function", route.path);
    address
}

/// The body of a problem document, seen to be one.
pub(crate) async fn problem(response: Response) -> Value {
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{status}");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status.as_u16(), "{problem}");
    assert!(
        problem["title"].is_string() && problem["detail"].is_string() && problem["type"].is_string(),
        "{problem}"
    );
    let documents = include_str!("../../../../docs/api.md");
    let (_, errors) = documents.split_once("\n## Errors").unwrap();
    let mut rows = errors.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let status = status.as_str();
    assert!(rows.any(|statuses| statuses.split(", ").any(|said| said == status)), "docs/api.md: {status}");
    problem
}

/// A response to the preset `nps` with this rating.
pub(crate) fn nps(n: u64, revision: u32, rating: u8) -> Value {
    serde_json::json!({
        "v": 1, "id": format!("0192f5e4-7c1b-7a44-8000-{n:012x}"), "revision": revision, "state": "partial",
        "site": "default", "survey": "nps", "survey_version": 1, "locale": "en",
        "answers": [{"question": "nps", "rating": rating}],
        "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
    })
}

//! Browsers that post, with what they know of it: what was sent, what was acknowledged, and whether the server has it.

use crate::process::{Process, TOKEN};
use candor_store::{Difference, FeedQuery, Listed, Scope, Store, StoredResponse};
use fastrand::Rng;
use reqwest::{Client, StatusCode};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    sync::{RwLock, watch},
    task::JoinHandle,
};

/// Browsers at work; each has a few tabs.
pub(crate) const WORKERS: u64 = 6;
const TABS: usize = 4;
/// What they answer.
const SURVEYS: [&str; 2] = ["nps", "checkout-csat"];

/// What all workers know together.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Everything that was sent, by id: the revisions, from 1.
    pub(crate) sent: HashMap<String, Arc<Vec<Value>>>,
    /// The highest revision that was acknowledged, by id.
    acknowledged: HashMap<String, u32>,
    /// Those acknowledged since the last look into the database.
    fresh: BTreeSet<String>,
    pub(crate) receipts: u64,
    /// Acknowledged and not there, as `id revision`.
    pub(crate) missing: BTreeSet<String>,
    /// What should never be, in words.
    pub(crate) wrong: Vec<String>,
}

/// Where the server listens now; `None` while there is none. Held while something is posted.
type Address = Arc<RwLock<Option<String>>>;

/// All of them at work.
pub(crate) struct Browsers {
    ledger: Arc<Mutex<Ledger>>,
    address: Address,
    close: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
}

struct Worker {
    rng: Rng,
    client: Client,
    ledger: Arc<Mutex<Ledger>>,
    address: Address,
    /// True once no new tab is to be opened.
    closing: watch::Receiver<bool>,
}

/// One survey shown to one visitor.
struct Tab {
    id: String,
    revisions: Arc<Vec<Value>>,
    /// Those not acknowledged yet, in no order.
    outbox: Vec<usize>,
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap()
}

impl Worker {
    fn tab(&mut self) -> Tab {
        let rng = &mut self.rng;
        let id = format!(
            "0192f5e4-{:04x}-7{:03x}-8{:03x}-{:012x}",
            rng.u16(..),
            rng.u16(..4_096),
            rng.u16(..4_096),
            rng.u64(..1 << 48)
        );
        let (site, survey, question, points) = match rng.u8(..3) {
            0 => ("shop", "checkout-csat", "csat", 1..=5),
            _ => ("default", "nps", "nps", 0..=10),
        };
        let presentation = json!({
            "display": rng.choice(["popover", "inline"]), "scale": "numbers", "direction": rng.choice(["ltr", "rtl"]),
        });
        let (locale, test) = (rng.choice(["en", "de", "fa", "zh-Hant"]), rng.u8(..20) == 0);
        let mut steps = vec![("shown", json!([]))];
        if rng.u8(..4) == 0 {
            steps.push(("dismissed", json!([])));
        } else {
            for _ in 0..=rng.u8(..3) {
                steps.push(("partial", json!([{"question": question, "rating": rng.u8(points.clone())}])));
            }
            let rating = json!({"question": question, "rating": rng.u8(points)});
            let text = json!({"question": "why", "text": "x".repeat(rng.usize(1..400))});
            steps.push(("complete", if rng.bool() { json!([rating]) } else { json!([rating, text]) }));
        }
        let whole = rng.usize(1..=steps.len());
        let revisions: Vec<Value> = (1_u32..)
            .zip(steps.into_iter().take(whole))
            .map(|(revision, (state, answers))| {
                json!({
                    "v": 1, "id": id, "revision": revision, "state": state, "site": site, "survey": survey,
                    "survey_version": 1, "locale": locale, "answers": answers, "presentation": presentation, "test": test,
                })
            })
            .collect();
        let (outbox, revisions) = ((0..revisions.len()).collect(), Arc::new(revisions));
        lock(&self.ledger).sent.insert(id.clone(), Arc::clone(&revisions));
        Tab { id, revisions, outbox }
    }

    async fn work(mut self) {
        let mut tabs: Vec<Tab> = (0..TABS).map(|_| self.tab()).collect();
        while !tabs.is_empty() {
            let index = self.rng.usize(..tabs.len());
            let tab = &mut tabs[index];
            // Mostly what is still to be acknowledged, in any order; now and then what was before.
            let again = self.rng.u8(..5) == 0;
            let mut pick = |tab: &Tab| match self.rng.choice(&tab.outbox) {
                Some(revision) if !again => *revision,
                _ => self.rng.usize(..tab.revisions.len()),
            };
            let (one, other) = (pick(tab), pick(tab));
            let done = if self.rng.u8(..4) == 0 {
                // Two tabs that share an outbox send at the same time.
                let (one_done, other_done) = tokio::join!(self.post(tab, one), self.post(tab, other));
                [one_done.then_some(one), other_done.then_some(other)]
            } else {
                [self.post(tab, one).await.then_some(one), None]
            };
            tab.outbox.retain(|revision| !done.contains(&Some(*revision)));
            if tab.outbox.is_empty() && self.rng.bool() {
                tabs.swap_remove(index);
                if !*self.closing.borrow() {
                    let tab = self.tab();
                    tabs.push(tab);
                }
            }
        }
    }

    /// Whether it was acknowledged.
    async fn post(&self, tab: &Tab, index: usize) -> bool {
        let body = &tab.revisions[index];
        let revision = u32::try_from(index + 1).unwrap();
        let known = lock(&self.ledger).acknowledged.get(&tab.id).copied().unwrap_or(0);
        let address = self.address.read().await;
        let Some(address) = address.as_deref() else {
            drop(address);
            tokio::time::sleep(Duration::from_millis(10)).await;
            return false;
        };
        let request = self.client.post(format!("http://{address}/v1/responses"));
        let request = request.header("content-type", "text/plain").body(body.to_string());
        let answer = match request.send().await {
            Ok(answer) => (answer.status(), answer.json::<Value>().await),
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                return false;
            }
        };
        let mut ledger = lock(&self.ledger);
        let receipt = match answer {
            (StatusCode::OK, Ok(receipt)) => receipt,
            // It died between the head of its answer and the rest, or asks for patience.
            (StatusCode::OK, Err(_))
            | (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, _) => return false,
            (status, answer) => {
                ledger.wrong.push(format!("{} revision {revision}: {status} {answer:?}", tab.id));
                return false;
            }
        };
        let kept = receipt["revision"].as_u64().and_then(|kept| u32::try_from(kept).ok()).unwrap_or(0);
        let fits = match receipt["status"].as_str() {
            Some("stored") => kept == revision && revision > known,
            Some("duplicate") => kept == revision && revision >= known,
            Some("superseded") => kept > revision && kept >= known,
            _ => false,
        };
        if !fits || receipt["id"] != *tab.id {
            let id = &tab.id;
            ledger
                .wrong
                .push(format!("{id} revision {revision}, with {known} acknowledged before: {receipt}"));
        }
        ledger.receipts += 1;
        ledger.fresh.insert(tab.id.clone());
        let highest = ledger.acknowledged.entry(tab.id.clone()).or_default();
        *highest = kept.max(*highest);
        true
    }
}

impl Browsers {
    pub(crate) fn open(rng: &mut Rng) -> Self {
        let (ledger, address) = <(Arc<Mutex<Ledger>>, Address)>::default();
        let (close, closing) = watch::channel(false);
        let workers = (0..WORKERS).map(|_| {
            let client = Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
            let (ledger, address, closing) = (Arc::clone(&ledger), Arc::clone(&address), closing.clone());
            tokio::spawn(Worker { rng: rng.fork(), client, ledger, address, closing }.work())
        });
        let workers = workers.collect();
        Self { ledger, address, close, workers }
    }

    /// From now on they post to this address, or to none. What was posted to the one before is done when this ends.
    pub(crate) async fn post_to(&self, address: Option<&str>) {
        *self.address.write().await = address.map(str::to_owned);
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    /// Opens no new tabs and waits until all that they hold is acknowledged, then counts everything and stops the server.
    pub(crate) async fn close(self, mut process: Process, database: &Path) -> Settled {
        self.close.send_replace(true);
        for worker in self.workers {
            worker.await.unwrap();
        }
        let (listed, scored) = (listed(&process).await, scored(&process).await);
        process.signal("TERM");
        assert!(process.ended(Duration::from_secs(30)).await.is_some_and(|status| status.success()));
        let mut ledger = Arc::into_inner(self.ledger).unwrap().into_inner().unwrap();
        ledger.look_for_all(database);

        let url = format!("sqlite://{}", database.display());
        let store = Store::open(&url).await.unwrap();
        let differences = store.audit().await.unwrap();
        store.close().await;

        for (id, revisions) in &ledger.sent {
            if ledger.acknowledged.get(id) != Some(&u32::try_from(revisions.len()).unwrap()) {
                ledger.wrong.push(format!("{id} was not acknowledged at its last revision"));
            }
        }
        let contents = contents(database).await;
        for (id, revisions) in &ledger.sent {
            let content =
                |json: &Value| serde_json::from_value::<candor_survey::Response>(json.clone()).unwrap();
            if contents.get(id).map(content) != revisions.last().map(content) {
                ledger.wrong.push(format!("{id} is not kept as it was sent last"));
            }
        }
        let distinct = listed.iter().collect::<BTreeSet<_>>().len();
        let counted = counted(ledger.sent.values().filter_map(|revisions| revisions.last()));
        Settled {
            rows: contents.len(),
            twice: listed.len() - distinct,
            listed: distinct,
            scored,
            counted,
            differences,
            ledger,
        }
    }
}

/// What there is at the end.
pub(crate) struct Settled {
    pub(crate) ledger: Ledger,
    /// Those that the server lists, and how many of them more than once.
    listed: usize,
    pub(crate) twice: usize,
    rows: usize,
    scored: BTreeMap<String, (u64, u64)>,
    counted: BTreeMap<String, (u64, u64)>,
    pub(crate) differences: Vec<Difference>,
}

impl Settled {
    /// Everything that was sent is there, once, as it was sent last, and counts once.
    pub(crate) fn check(&self) {
        let ids = self.ledger.sent.len();
        assert_eq!(self.ledger.missing, BTreeSet::new(), "acknowledged and lost");
        assert_eq!(self.ledger.wrong, Vec::<String>::new());
        assert_eq!(
            (self.listed, self.twice, self.rows),
            (ids, 0, ids),
            "listed, listed twice and kept, of all that were sent"
        );
        assert_eq!(self.scored, self.counted, "shown and rated, as the scores say and as they were sent");
        assert_eq!(self.differences, [], "the rollup and its recount");
        assert!(ids > 20 && self.ledger.receipts > 50, "too little happened to prove anything");
    }
}

impl Ledger {
    /// Looks for what has been acknowledged since the last look, after a restart and before anyone posts again.
    pub(crate) fn look(&mut self, database: &Path) {
        let reader = reader(database);
        let mut select =
            reader.prepare("SELECT revision FROM responses WHERE workspace = 1 AND id = ?1").unwrap();
        for id in std::mem::take(&mut self.fresh) {
            let revision: u32 = select.query_row([bytes(&id)], |row| row.get(0)).unwrap_or(0);
            if self.acknowledged[&id] > revision {
                self.missing.insert(format!("{id} {}", self.acknowledged[&id]));
            }
        }
    }

    /// Looks for all that was ever acknowledged.
    pub(crate) fn look_for_all(&mut self, database: &Path) {
        self.fresh = self.acknowledged.keys().cloned().collect();
        self.look(database);
    }
}

pub(crate) fn reader(database: &Path) -> Connection {
    Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// What is kept of each response, by its id.
pub(crate) async fn contents(database: &Path) -> BTreeMap<String, Value> {
    let store = Store::open_beside(&format!("sqlite://{}", database.display())).await.unwrap();
    let (mut query, mut kept) =
        (FeedQuery { scope: Scope::DEFAULT, after: 0, limit: u32::MAX }, BTreeMap::new());
    loop {
        let Listed { responses, next } = store.feed(query).await.unwrap();
        kept.extend(responses.into_iter().map(|StoredResponse { id, response, .. }| {
            let mut content = serde_json::to_value(&response).unwrap();
            content["test"] = response.test.into();
            (id, content)
        }));
        let Some(place) = next else { break };
        query.after = place.seq;
    }
    store.close().await;
    kept
}

/// How many were shown and rated of each survey, by the responses themselves.
pub(crate) fn counted<'a>(responses: impl Iterator<Item = &'a Value>) -> BTreeMap<String, (u64, u64)> {
    let mut counts =
        SURVEYS.map(|survey| (survey.to_owned(), (0, 0))).into_iter().collect::<BTreeMap<_, _>>();
    for response in responses.filter(|response| response["test"] != true) {
        let counts = counts.entry(response["survey"].as_str().unwrap().to_owned()).or_default();
        counts.0 += 1;
        counts.1 += u64::from(response["answers"].as_array().is_some_and(|answers| !answers.is_empty()));
    }
    counts
}

fn bytes(id: &str) -> [u8; 16] {
    u128::from_str_radix(&id.replace('-', ""), 16).unwrap().to_be_bytes()
}

/// Every id that the server lists, as often as it lists it.
pub(crate) async fn listed(process: &Process) -> Vec<String> {
    let (client, mut ids) = (Client::new(), Vec::new());
    for survey in SURVEYS {
        let mut query = String::new();
        loop {
            let path = format!("/v1/surveys/{survey}/responses?limit=500&unanswered=true{query}");
            let request = client.get(format!("http://{}{path}", process.address)).bearer_auth(TOKEN);
            let page: Value = request.send().await.unwrap().json().await.unwrap();
            let responses = page["responses"].as_array().unwrap();
            ids.extend(responses.iter().map(|response| response["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            query = format!("&before={next}");
        }
    }
    ids
}

/// How many were shown and rated, as the scores say.
pub(crate) async fn scored(process: &Process) -> BTreeMap<String, (u64, u64)> {
    let mut counts = BTreeMap::new();
    for survey in SURVEYS {
        let request = Client::new().get(format!("http://{}/v1/surveys/{survey}/scores", process.address));
        let scores: Value = request.bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap();
        let count = |name: &str| scores["total"][name].as_u64().unwrap();
        counts.insert(survey.to_owned(), (count("shown"), count("n")));
    }
    counts
}

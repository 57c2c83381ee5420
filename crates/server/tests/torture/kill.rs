//! The server is killed again and again while browsers post; then everything is counted.

use crate::{
    header, number,
    process::{Process, Start, TOKEN},
};
use candor_store::{FeedQuery, Listed, Scope, Store};
use fastrand::Rng;
use reqwest::{Client, StatusCode};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::watch;

/// Browsers at work; each has a few tabs.
const WORKERS: u64 = 6;
const TABS: usize = 4;

/// What all workers know together.
#[derive(Default)]
struct Ledger {
    /// Everything that was sent, by id: the revisions, from 1.
    sent: HashMap<String, Arc<Vec<Value>>>,
    /// The highest revision that was acknowledged, by id.
    acknowledged: HashMap<String, u32>,
    /// Those acknowledged since the last look into the database.
    fresh: BTreeSet<String>,
    receipts: u64,
    /// Acknowledged and not there, as `id revision`.
    missing: BTreeSet<String>,
    /// What should never be, in words.
    wrong: Vec<String>,
}

/// Where the server listens now; `None` while there is none.
type Address = watch::Receiver<Option<String>>;

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
        let Some(address) = self.address.borrow().clone() else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            return false;
        };
        let request = self.client.post(format!("http://{address}/v1/responses"));
        let request = request.header("content-type", "text/plain").body(body.to_string());
        let answer = match request.send().await {
            Ok(answer) => (answer.status(), answer.json::<Value>().await),
            Err(error) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                drop(error);
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

/// Looks for what has been acknowledged since the last look, after a restart and before anyone posts again.
fn look(ledger: &Mutex<Ledger>, start: &Start) {
    let reader = Connection::open_with_flags(start.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut select = reader.prepare("SELECT revision FROM responses WHERE id = ?1").unwrap();
    let mut ledger = lock(ledger);
    for id in std::mem::take(&mut ledger.fresh) {
        let revision: u32 = select.query_row([bytes(&id)], |row| row.get(0)).unwrap_or(0);
        if ledger.acknowledged[&id] > revision {
            let missing = format!("{id} {}", ledger.acknowledged[&id]);
            ledger.missing.insert(missing);
        }
    }
}

fn bytes(id: &str) -> [u8; 16] {
    u128::from_str_radix(&id.replace('-', ""), 16).unwrap().to_be_bytes()
}

/// Every id that the server lists, as often as it lists it.
async fn listed(process: &Process) -> Vec<String> {
    let (client, mut ids) = (Client::new(), Vec::new());
    for survey in ["nps", "checkout-csat"] {
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
async fn scored(process: &Process) -> BTreeMap<String, (u64, u64)> {
    let mut counts = BTreeMap::new();
    for survey in ["nps", "checkout-csat"] {
        let request = Client::new().get(format!("http://{}/v1/surveys/{survey}/scores", process.address));
        let scores: Value = request.bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap();
        let count = |name: &str| scores["total"][name].as_u64().unwrap();
        counts.insert(survey.to_owned(), (count("shown"), count("n")));
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_missing_and_nothing_counts_twice_after_kills_at_random_moments() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("CANDOR_SEED", u64::from(now.subsec_nanos()));
    let kills = number("CANDOR_KILLS", 10);
    println!("CANDOR_SEED={seed} CANDOR_KILLS={kills}");
    let mut rng = Rng::with_seed(seed);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let with_surveys = Start::new(folder.path());
    let without = Start { surveys: false, ..with_surveys.clone() };

    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let (publish, address) = watch::channel(None);
    let (close, closing) = watch::channel(false);
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let client = Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
            let (ledger, address, closing) = (Arc::clone(&ledger), address.clone(), closing.clone());
            tokio::spawn(Worker { rng: rng.fork(), client, ledger, address, closing }.work())
        })
        .collect();

    let mut stops = 0;
    for kill in 0..kills {
        // Without the files, the surveys are those of the database; the first start has to make them.
        let start = if kill == 0 || rng.bool() { &with_surveys } else { &without };
        if kill > 0 && rng.u8(..6) == 0 {
            start.killed_after(Duration::from_millis(rng.u64(..40)));
            continue;
        }
        let mut process = start.listening();
        look(&ledger, start);
        publish.send_replace(Some(process.address.clone()));
        // Often soon, when connections are new and the log is young.
        let ms = if rng.bool() { rng.u64(1..100) } else { rng.u64(1..1_200) };
        tokio::time::sleep(Duration::from_millis(ms)).await;
        if rng.u8(..5) == 0 {
            stops += 1;
            process.signal("TERM");
            if rng.bool() {
                let ended = process.ended(Duration::from_secs(30)).await;
                assert!(ended.is_some_and(|status| status.success()), "a stop ends well");
            } else {
                tokio::time::sleep(Duration::from_millis(rng.u64(..30))).await;
            }
        }
        if process.ended(Duration::ZERO).await.is_none() {
            process.signal("KILL");
            process.ended(Duration::from_secs(10)).await.expect("a killed process ends");
        }
        publish.send_replace(None);
    }

    // What browsers still hold is delivered at last.
    let mut process = with_surveys.listening();
    look(&ledger, &with_surveys);
    publish.send_replace(Some(process.address.clone()));
    close.send_replace(true);
    for worker in workers {
        worker.await.unwrap();
    }
    let (listed, scored) = (listed(&process).await, scored(&process).await);
    process.signal("TERM");
    assert!(process.ended(Duration::from_secs(30)).await.is_some_and(|status| status.success()));
    let ledger = Arc::into_inner(ledger).unwrap();
    let all = lock(&ledger).acknowledged.keys().cloned().collect();
    lock(&ledger).fresh = all;
    look(&ledger, &with_surveys);
    let mut ledger = ledger.into_inner().unwrap();

    let store = Store::open(&with_surveys.url()).await.unwrap();
    let differences = store.audit().await.unwrap();
    let all = FeedQuery { scope: Scope::DEFAULT, after: 0, limit: u32::MAX };
    let (mut query, mut kept) = (all, BTreeMap::new());
    loop {
        let Listed { responses, more } = store.feed(query).await.unwrap();
        query.after = responses.last().map_or(query.after, |last| last.seq);
        kept.extend(responses.into_iter().map(|kept| (kept.id, kept.response)));
        if !more {
            break;
        }
    }
    store.close().await;

    let mut counted: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (id, revisions) in &ledger.sent {
        let last = revisions.last().unwrap();
        if last["test"] == false {
            let counts = counted.entry(last["survey"].as_str().unwrap().to_owned()).or_default();
            counts.0 += 1;
            counts.1 += u64::from(!last["answers"].as_array().unwrap().is_empty());
        }
        if ledger.acknowledged.get(id) != Some(&u32::try_from(revisions.len()).unwrap()) {
            ledger.wrong.push(format!("{id} was not acknowledged at its last revision"));
        }
    }
    let rows = kept.len();
    for (id, revisions) in &ledger.sent {
        let sent = |last: &Value| serde_json::from_value::<candor_survey::Response>(last.clone()).unwrap();
        if kept.get(id).cloned() != revisions.last().map(sent) {
            ledger.wrong.push(format!("{id} is not kept as it was sent last"));
        }
    }
    let ids = ledger.sent.len();
    let distinct = listed.iter().collect::<BTreeSet<_>>().len();
    let twice = listed.len() - distinct;
    println!(
        "{}, seed {seed}: {kills} kills ({stops} of them asked first), {WORKERS} workers, {ids} ids, {} acknowledged; missing \
         {}, twice {twice}, differences {}",
        header(),
        ledger.receipts,
        ledger.missing.len(),
        differences.len()
    );
    assert_eq!(ledger.missing, BTreeSet::new(), "acknowledged and lost");
    assert_eq!(ledger.wrong, Vec::<String>::new());
    assert_eq!(
        (distinct, twice, rows),
        (ids, 0, ids),
        "listed, listed twice and kept, of all that were sent"
    );
    assert_eq!(scored, counted, "shown and rated, as the scores say and as they were sent");
    assert_eq!(differences, [], "the rollup and its recount");
    assert!(ids > 20 && ledger.receipts > 50, "too little happened to prove anything");
}

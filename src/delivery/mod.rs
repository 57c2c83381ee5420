//! Getting a response to its endpoint: at once, and again until it is acknowledged.

mod client;
mod outbox;

use crate::{
    clock, event, js, storage,
    task::{sleep, spawn},
};
pub(crate) use client::get;
use js_sys::{Array, Object, Promise, Reflect};
pub(crate) use outbox::Entry;
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;

/// Full jitter: a random part of a bound that doubles from the first to the last.
const FIRST_WAIT_MS: f64 = 1_000.0;
const LONGEST_WAIT_MS: f64 = 300_000.0;

/// The lock of the tab that sends what other pages left.
const OUTBOX: &str = "candor:out";

thread_local! {
    static FLUSHING: Cell<bool> = const { Cell::new(false) };
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    /// Any 2xx. The body is never read.
    Accepted,
    /// It will never be accepted: the entry is dropped.
    Rejected,
    /// It may be accepted later, after so many milliseconds.
    Failed(f64),
}

/// Marks a response as this page's own, as long as it is kept: its prompt sends it, so that [`flush`] leaves it alone, and with
/// `alone` other tabs do as well.
pub(crate) fn claim(id: &str, alone: bool) {
    client::claim(&outbox::key(id), alone);
}

/// Lets go of a response that is kept no longer.
pub(crate) fn release(id: &str) {
    client::release(&outbox::key(id));
}

/// Posts it once. Gives what became of it, and what the page is to be told of that. What does not say that it was accepted or
/// rejected has failed.
async fn post(entry: &Entry, keepalive: bool) -> (Attempt, JsValue) {
    let outcome = settled(client::post(entry.endpoint(), &entry.body(), keepalive)).await;
    let error = js::get(&outcome, "error");
    let wait = js::get(&outcome, "wait").and_then(|wait| wait.as_f64());
    let attempt = if js::get(&outcome, "accepted").is_some() {
        Attempt::Accepted
    } else if error.is_some() && wait.is_none() {
        Attempt::Rejected
    } else {
        Attempt::Failed(wait.unwrap_or_default())
    };
    (attempt, error.unwrap_or_default())
}

/// Sends once, without keeping: for impressions, which are worth no retry and no loading of the module on the next page.
pub(crate) fn send_once(entry: Entry, host: HtmlElement) {
    spawn(async move {
        if let (Attempt::Accepted, error) = post(&entry, true).await {
            tell(Some(&host), &entry, Attempt::Accepted, error);
        }
    });
}

/// Sends a kept entry until it is acknowledged, rejected, expired, replaced by a later revision or gone from the outbox.
/// Gone means that someone else had it acknowledged or that the page withdrew consent. `report` hears of each attempt.
pub(crate) fn send(entry: Entry, host: HtmlElement, report: Box<dyn Fn(Attempt)>) {
    spawn(async move {
        deliver(&entry, &host, &*report).await;
        // A later revision may be kept and on its way.
        if Entry::kept(&entry.key()).is_none() {
            client::release(&entry.key());
        }
    });
}

async fn deliver(entry: &Entry, host: &HtmlElement, report: &dyn Fn(Attempt)) {
    // Consent that is withdrawn in the task of the answer withdraws it. A later revision of that task does not.
    if Entry::kept(&entry.key()).is_none() {
        return;
    }
    let mut attempt = 0;
    loop {
        let (outcome, error) = post(entry, attempt == 0).await;
        // Of a revision that was replaced meanwhile only its acknowledgement is news.
        let current = entry.is_current();
        if current {
            report(outcome);
        }
        // A failure is told once for each revision, however often it repeats.
        match outcome {
            Attempt::Failed(_) if attempt > 0 || !current => {}
            _ => tell(Some(host), entry, outcome, error),
        }
        let Attempt::Failed(wait_ms) = outcome else { return entry.forget() };
        if !current {
            return;
        }
        if attempt == 0 {
            client::leave(entry.endpoint(), &entry.body());
        }
        wait(attempt, wait_ms).await;
        attempt += 1;
        if !entry.is_current() {
            return;
        }
        if entry.is_expired() {
            return entry.expire(Some(host));
        }
    }
}

/// Sends what other pages left, one tab at a time, until nothing is left.
pub(crate) fn flush() {
    if FLUSHING.replace(true) {
        return;
    }
    spawn(async {
        let mut attempt = 0;
        let pauses = Object::new();
        while !left().is_empty() {
            settled(client::lock(OUTBOX)).await;
            flush_round(attempt, &pauses).await;
            client::release(OUTBOX);
            if left().is_empty() {
                break;
            }
            wait(attempt, 0.0).await;
            attempt += 1;
        }
        FLUSHING.set(false);
    });
}

fn left() -> Vec<String> {
    let mut left = Vec::new();
    for key in outbox::keys() {
        if !client::is_own(&key) {
            left.push(key);
        }
    }
    left
}

/// `pauses` are the endpoints that asked to be left alone, and until when by [`clock::monotonic`].
async fn flush_round(attempt: u32, pauses: &Object) {
    let locked: Array = settled(client::locked()).await.unchecked_into();
    for key in left() {
        // Another tab is at it.
        if locked.includes(&(&*key).into(), 0) {
            continue;
        }
        let Some(entry) = Entry::kept(&key) else {
            storage::remove(&key);
            continue;
        };
        if entry.is_expired() {
            entry.expire(None);
            continue;
        }
        let until = js::get(pauses, entry.endpoint()).and_then(|until| until.as_f64());
        if until > Some(clock::monotonic()) {
            continue;
        }
        let (outcome, error) = post(&entry, attempt == 0).await;
        if let Attempt::Failed(wait_ms) = outcome {
            let until = clock::monotonic() + wait_ms;
            let _ = Reflect::set(pauses, &entry.endpoint().into(), &until.into());
        } else {
            tell(None, &entry, outcome, error);
            entry.forget();
        }
    }
}

async fn wait(attempt: u32, at_least_ms: f64) {
    let bound = (FIRST_WAIT_MS * f64::from(1_u32 << attempt.min(16))).min(LONGEST_WAIT_MS);
    let ms = at_least_ms + js_sys::Math::random() * bound;
    sleep(ms as u32).await;
}

/// Tells the page what went wrong, or that it was sent.
fn tell(host: Option<&HtmlElement>, entry: &Entry, outcome: Attempt, error: JsValue) {
    let Attempt::Accepted = outcome else { return event::emit(host, "candor:error", error) };
    let field = |name| entry.field(name);
    let details = js::object().with("survey", field("survey")).with("id", field("id"));
    event::emit(host, "candor:sent", details.with("revision", field("revision")).into());
}

/// Awaits a promise that is never rejected.
async fn settled(promise: Promise) -> JsValue {
    JsFuture::from(promise).await.unwrap_or_default()
}

/// How long ago, for the wire.
fn age_ms(since: f64, now: f64) -> u32 {
    // A clock that was set back gives no negative age, and casts from floating point saturate.
    (now - since) as u32
}

/// How long this has been going on, by whichever clock knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    /// Milliseconds since 1970.
    pub(crate) wall: f64,
    /// By [`clock::monotonic`], if it began within this page.
    pub(crate) monotonic: Option<f64>,
}

impl Since {
    /// From now on.
    pub(crate) fn now() -> Self {
        Self { wall: clock::now(), monotonic: Some(clock::monotonic()) }
    }

    fn age_ms(self) -> u32 {
        match self.monotonic {
            Some(began) => age_ms(began, clock::monotonic()),
            None => age_ms(self.wall, clock::now()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_never_negative_and_fits() {
        assert_eq!(age_ms(1_000.0, 2_840.9), 1_840);
        assert_eq!(age_ms(2_000.0, 1_000.0), 0);
        assert_eq!(age_ms(0.0, 1e18), u32::MAX);
        assert_eq!(age_ms(f64::NAN, 1.0), 0);
    }
}

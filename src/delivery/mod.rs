//! Getting a response to its endpoint: at once, and again until it is acknowledged.

mod client;
mod outbox;

use crate::{
    clock, event, js,
    task::{sleep, spawn},
};
pub(crate) use client::Download;
use js_sys::{Function, Object, Reflect};
pub(crate) use outbox::Entry;
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;

/// Full jitter: a random part of a bound that doubles from the first to the last.
const FIRST_WAIT_MS: f64 = 1_000.0;
const LONGEST_WAIT_MS: f64 = 300_000.0;

thread_local! {
    /// What is kept of this page's own responses, by their ids. Their prompts send them, so that [`flush`] leaves them alone.
    /// Of those that other tabs must leave alone as well, the value is what lets go of them.
    static OWN: Object = Object::new();
    static FLUSHING: Cell<bool> = const { Cell::new(false) };
}

fn own() -> Object {
    OWN.with(Clone::clone)
}

/// What became of an attempt.
#[derive(Clone, Debug)]
pub(crate) enum Attempt {
    /// Any 2xx. The body is never read.
    Accepted,
    /// It will never be accepted: the entry is dropped.
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The problem document, or whatever else was in the body.
        problem: String,
    },
    /// It may be accepted later.
    Failed {
        /// A status, or what the browser says of the network.
        why: String,
        /// What `Retry-After` asks for.
        retry_after_ms: Option<f64>,
    },
}

/// Marks a response as this page's own, as long as it is kept.
pub(crate) fn claim(id: &str) {
    if js::get(&own(), id).is_none() {
        let _ = Reflect::set(&own(), &id.into(), &JsValue::TRUE);
    }
}

/// Keeps other tabs from sending what is kept of a response, until it has left the outbox.
pub(crate) fn hold(id: &str) {
    if held(id).is_none()
        && let (_, Some(release)) = client::lock(&outbox::key(id))
    {
        let _ = Reflect::set(&own(), &id.into(), &release);
    }
}

/// Lets go of a response that is kept no longer.
pub(crate) fn release(id: &str) {
    if let Some(release) = held(id) {
        let _ = release.call0(&JsValue::UNDEFINED);
    }
    let _ = Reflect::delete_property(&own(), &id.into());
}

/// What gives a held lock back.
fn held(id: &str) -> Option<Function> {
    js::get(&own(), id)?.dyn_into().ok()
}

/// Sends once, without keeping: for impressions, which are worth no retry and no loading of the module on the next page.
pub(crate) fn send_once(entry: Entry, host: HtmlElement) {
    spawn(async move {
        if let Attempt::Accepted = client::post(entry.endpoint(), &entry.body(), true).await {
            tell(Some(&host), &entry, &Attempt::Accepted);
        }
    });
}

/// Sends a kept entry until it is acknowledged, rejected, expired, replaced by a later revision or gone from the outbox.
/// Gone means that someone else had it acknowledged or that the page withdrew consent. `report` hears of each attempt.
pub(crate) fn send(entry: Entry, host: HtmlElement, report: Box<dyn Fn(&Attempt)>) {
    spawn(async move {
        deliver(&entry, &host, &*report).await;
        // A later revision may be kept and on its way.
        if Entry::kept(&entry.id()).is_none() {
            release(&entry.id());
        }
    });
}

async fn deliver(entry: &Entry, host: &HtmlElement, report: &dyn Fn(&Attempt)) {
    // Consent that is withdrawn in the task of the answer withdraws it. A later revision of that task does not.
    if Entry::kept(&entry.id()).is_none() {
        return;
    }
    let mut attempt = 0;
    loop {
        let outcome = client::post(entry.endpoint(), &entry.body(), attempt == 0).await;
        // Of a revision that was replaced meanwhile only its acknowledgement is news.
        let current = entry.is_current();
        if current {
            report(&outcome);
        }
        // A failure is told once for each revision, however often it repeats.
        match outcome {
            Attempt::Failed { .. } if attempt > 0 || !current => {}
            _ => tell(Some(host), entry, &outcome),
        }
        let Attempt::Failed { retry_after_ms, .. } = outcome else { return entry.forget() };
        if !current {
            return;
        }
        if attempt == 0 && client::is_leaving() {
            client::beacon(entry.endpoint(), &entry.body());
        }
        wait(attempt, retry_after_ms).await;
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
            let (granted, release) = client::lock("candor:out");
            let _ = granted.await;
            flush_round(attempt, &pauses).await;
            let _ = release.map(|release| release.call0(&JsValue::UNDEFINED));
            if left().is_empty() {
                break;
            }
            wait(attempt, None).await;
            attempt += 1;
        }
        FLUSHING.set(false);
    });
}

fn left() -> Vec<String> {
    let (own, mut ids) = (own(), outbox::ids());
    ids.retain(|id| js::get(&own, id).is_none());
    ids
}

/// `pauses` are the endpoints that asked to be left alone, and until when by [`clock::monotonic`].
async fn flush_round(attempt: u32, pauses: &Object) {
    let locked = client::locked().await;
    for id in left() {
        // Another tab is at it.
        let key = Some(outbox::key(&id));
        if locked.iter().any(|lock| js::text(&lock, "name") == key) {
            continue;
        }
        let Some(entry) = Entry::kept(&id) else {
            outbox::discard(&id);
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
        let outcome = client::post(entry.endpoint(), &entry.body(), attempt == 0).await;
        if let Attempt::Failed { retry_after_ms, .. } = outcome {
            let until = clock::monotonic() + retry_after_ms.unwrap_or(0.0);
            let _ = Reflect::set(pauses, &entry.endpoint().into(), &until.into());
        } else {
            tell(None, &entry, &outcome);
            entry.forget();
        }
    }
}

async fn wait(attempt: u32, retry_after_ms: Option<f64>) {
    let bound = (FIRST_WAIT_MS * f64::from(1_u32 << attempt.min(16))).min(LONGEST_WAIT_MS);
    let ms = retry_after_ms.unwrap_or(0.0) + js_sys::Math::random() * bound;
    sleep(ms as u32).await;
}

fn tell(host: Option<&HtmlElement>, entry: &Entry, outcome: &Attempt) {
    match outcome {
        Attempt::Accepted => {
            let field = |name| entry.field(name);
            let details = js::object().with("survey", field("survey")).with("id", field("id"));
            event::emit(host, "candor:sent", details.with("revision", field("revision")));
        }
        Attempt::Rejected { status, problem } => {
            let details =
                js::object().with("code", "rejected").with("message", problem).with("status", *status);
            let problem = js_sys::JSON::parse(problem).unwrap_or(JsValue::NULL);
            event::emit(host, "candor:error", details.with("problem", problem));
        }
        Attempt::Failed { why, .. } => event::error(host, "undelivered", why),
    }
}

/// Awaits a promise of the browser; its rejection as text.
async fn settled(promise: js_sys::Promise) -> Result<JsValue, String> {
    JsFuture::from(promise).await.map_err(|error| message_of(&error))
}

fn message_of(error: &JsValue) -> String {
    crate::js::text(error, "message").unwrap_or_default()
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

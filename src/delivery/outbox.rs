//! Responses that are not acknowledged yet, in browser storage: `candor:out:<id>` is
//! `{"t": when it began, "u": endpoint, "b": the response without its age}`.
//!
//! The write is synchronous, so that an answer survives a tab closed in the same instant.

use super::Since;
use crate::{event, js, storage, text::concat};
use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

const PREFIX: &str = "candor:out:";
const MAX_ENTRIES: usize = 50;
const MAX_BYTES: usize = 256 * 1024;
const MAX_AGE_MS: u32 = 7 * 86_400_000;

/// One response at one revision, and where it goes.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    since: Since,
    endpoint: String,
    response: JsValue,
}

impl Entry {
    /// `response` is a `NewResponse` as a JavaScript object.
    pub(crate) fn new(since: Since, endpoint: String, response: JsValue) -> Self {
        let _ = Reflect::delete_property(response.unchecked_ref::<Object>(), &"age_ms".into());
        Self { since, endpoint, response }
    }

    /// What is kept under this key; `None` if it is not there or cannot be read.
    pub(super) fn kept(key: &str) -> Option<Self> {
        let stored = JSON::parse(&storage::get(key)?).ok()?;
        let since = Since { wall: js::get(&stored, "t")?.as_f64()?, monotonic: None };
        let entry = Self { since, endpoint: js::text(&stored, "u")?, response: js::get(&stored, "b")? };
        (entry.key() == key).then_some(entry)
    }

    /// Writes it down before it returns, in place of an earlier revision. False if only memory would take it.
    pub(crate) fn keep(&self) -> bool {
        let stored = js::object()
            .with("t", self.since.wall)
            .with("u", &self.endpoint)
            .with("b", self.response.clone());
        let durable = js::stringify(&stored.into()).is_some_and(|text| storage::keep(&self.key(), &text));
        prune();
        durable
    }

    /// Forgets it, unless a later revision has taken its place.
    pub(super) fn forget(&self) {
        if self.is_current() {
            storage::remove(&self.key());
        }
    }

    /// Whether the outbox still holds this very revision.
    pub(crate) fn is_current(&self) -> bool {
        Self::kept(&self.key()).is_some_and(|kept| kept.field("revision") == self.field("revision"))
    }

    /// Older than a week: whatever was wrong will not heal.
    pub(super) fn is_expired(&self) -> bool {
        self.since.age_ms() > MAX_AGE_MS
    }

    /// Forgets it and says so.
    pub(super) fn expire(&self, host: Option<&HtmlElement>) {
        self.forget();
        given_up(host);
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What goes on the wire now.
    pub(super) fn body(&self) -> String {
        let _ = Reflect::set(&self.response, &"age_ms".into(), &self.since.age_ms().into());
        let text = js::stringify(&self.response).unwrap_or_default();
        let _ = Reflect::delete_property(self.response.unchecked_ref::<Object>(), &"age_ms".into());
        text
    }

    /// A property of the response.
    pub(super) fn field(&self, name: &str) -> JsValue {
        js::get(&self.response, name).unwrap_or(JsValue::UNDEFINED)
    }

    /// Under which it is kept, and locked by the tab that is at it.
    pub(super) fn key(&self) -> String {
        key(&self.field("id").as_string().unwrap_or_default())
    }
}

/// Every key under which something is kept, the oldest first: UUIDv7 sorts by time.
pub(super) fn keys() -> impl Iterator<Item = String> {
    storage::keys(PREFIX).into_iter().filter_map(|key| key.as_string())
}

/// The key of an id.
pub(super) fn key(id: &str) -> String {
    concat(&[PREFIX, id])
}

/// Says that an answer is lost.
fn given_up(host: Option<&HtmlElement>) {
    event::error(host, "expired", "an unsent answer was too old, or one too many");
}

/// Lets the oldest go when there are too many, or too long ones.
fn prune() {
    let mut sizes = Vec::new();
    for key in keys() {
        sizes.push(key.len() + storage::get(&key).map_or(0, |text| text.len()));
    }
    for key in keys().take(surplus(&sizes)) {
        storage::remove(&key);
        given_up(None);
    }
}

/// How many to remove of entries of these sizes in bytes, the oldest first. The newest always stays.
fn surplus(sizes: &[usize]) -> usize {
    let mut bytes = 0;
    let mut surplus = sizes.len();
    for size in sizes.iter().rev() {
        bytes += size;
        let kept = sizes.len() - surplus;
        if kept > 0 && (kept == MAX_ENTRIES || bytes > MAX_BYTES) {
            break;
        }
        surplus -= 1;
    }
    surplus
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sizes: &[usize], expect: usize) {
        assert_eq!(surplus(sizes), expect);
    }

    #[test]
    fn the_oldest_of_too_many_go() {
        check(&[300; 50], 0);
        check(&[300; 53], 3);
    }

    #[test]
    fn the_oldest_of_too_long_ones_go() {
        check(&[100_000, 100_000, 100_000], 1);
        check(&[1_000, 1_000, 262_000], 2);
    }

    #[test]
    fn the_newest_stays_however_long() {
        check(&[10, 300_000], 1);
        check(&[], 0);
    }
}

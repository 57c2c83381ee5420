//! What is kept and sent of a respondent's walk: the response as it stands, kept before it is sent, and the marks by which the
//! respondent is left in peace.

use crate::{
    clock,
    config::EmbedConfig,
    delivery::{self, Entry, Outcome, Since},
    event, js,
    recontact::{self, Ending},
    session::Session,
    storage,
    text::decimal,
    wording::Wording,
};
use candor_survey::{Display, Kind, Presentation, Response, State, WIRE_VERSION};
use js_sys::{Array, Object};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
};
use web_sys::HtmlElement;

/// The response to one survey on one page.
pub(crate) struct Record {
    host: HtmlElement,
    pub(crate) id: String,
    /// Since it was seen: an inline survey may stand far down the page.
    shown: OnceCell<Since>,
    answered: OnceCell<Since>,
    /// Kept, but not sent: an answer passed on the way to another, or all of them when the page wants one post.
    unsent: RefCell<Option<Entry>>,
}

impl Record {
    pub(crate) fn new(host: HtmlElement) -> Self {
        Self {
            host,
            id: clock::uuid_v7(),
            shown: OnceCell::new(),
            answered: OnceCell::new(),
            unsent: RefCell::new(None),
        }
    }

    pub(crate) fn was_shown(&self) -> bool {
        self.shown.get().is_some()
    }

    /// The respondent has it before their eyes. False if they had before.
    pub(crate) fn show(&self, config: &EmbedConfig) -> bool {
        let is_new = self.shown.set(Since::now()).is_ok();
        if let (true, Some(key)) = (is_new, &config.once) {
            storage::set(&recontact::once_key(&config.survey, key), &millis(clock::now()));
        }
        is_new
    }

    /// Something was answered for the first time, or again.
    pub(crate) fn answer(&self) {
        self.answered.get_or_init(Since::now);
    }

    /// Sends the impression.
    pub(crate) fn send_shown(&self, entry: Option<Entry>) {
        if let Some(entry) = entry {
            delivery::send_once(entry, self.host.clone());
        }
    }

    /// Keeps the response, before this returns.
    pub(crate) fn keep(&self, entry: Option<Entry>, hold: bool) {
        let Some(entry) = entry else { return };
        delivery::claim(&self.id);
        if hold {
            delivery::hold(&self.id);
        }
        if !entry.keep() {
            event::error(Some(&self.host), "storage", "the answer is kept in memory only");
        }
        self.unsent.replace(Some(entry));
    }

    /// Sends what is kept and was not sent.
    pub(crate) fn send(&self, report: Box<dyn Fn(&Outcome)>) {
        if let Some(entry) = self.unsent.take() {
            delivery::send(entry, self.host.clone(), report);
        }
    }

    pub(crate) fn take_unsent(&self) -> Option<Entry> {
        self.unsent.take()
    }

    pub(crate) fn put_back(&self, entry: Entry) {
        self.unsent.replace(Some(entry));
    }

    /// The response as it stands.
    pub(crate) fn entry(&self, session: &Session, config: &EmbedConfig, wording: &Wording) -> Option<Entry> {
        let survey = session.survey();
        let display = if config.inline { Display::Inline } else { Display::Popover };
        let response = Response {
            state: session.state(),
            // The definition knows whose it is; a preset may be anyone's.
            site: survey.site.clone().unwrap_or_else(|| config.site.clone()),
            survey: survey.id.clone(),
            survey_version: survey.version,
            locale: wording.locale(survey),
            touchpoint: config.touchpoint.clone(),
            answers: session.answers(),
            presentation: Presentation {
                display: display.name().into(),
                scale: "numbers".into(),
                direction: wording.texts.dir().into(),
                order: BTreeMap::new(),
            },
            page: config.page.clone(),
            respondent: None,
            context: BTreeMap::new(),
            test: config.test,
        };
        let since = match session.state() {
            State::Partial | State::Complete => &self.answered,
            State::Shown | State::Dismissed => &self.shown,
        };
        let response = response.serialize(&Serializer::json_compatible()).ok()?;
        // Maps and what surrounds the content are set as what they are in the end: as Rust's they were 5 kB.
        let properties = [
            ("v", WIRE_VERSION.into()),
            ("id", self.id.as_str().into()),
            ("revision", session.revision().into()),
            ("respondent", config.respondent.clone().into()),
            ("context", config.context.clone().into()),
        ];
        js::set_all(&response, &properties);
        if let (Some(presentation), Some(order)) = (js::get(&response, "presentation"), order(session)) {
            js::set_all(&presentation, &[("order", order.into())]);
        }
        Some(Entry::new(*since.get_or_init(Since::now), config.endpoint.clone(), response))
    }
}

/// In which order the options of shuffled questions stand; `None` if there are no such questions.
fn order(session: &Session) -> Option<Object> {
    let mut orders = Vec::new();
    for (index, question) in session.survey().questions.iter().enumerate() {
        if let Kind::Choice { options, shuffle: true, .. } = &question.kind {
            let ids = Array::new();
            for option in session.order(index).iter().filter_map(|place| options.get(*place)) {
                ids.push(&option.id.as_str().into());
            }
            orders.push((question.id.as_str(), ids.into()));
        }
    }
    (!orders.is_empty()).then(|| js::object(&orders))
}

/// Leaves the respondent in peace for as long as the page's rule says.
pub(crate) fn start_quiet_period(config: &EmbedConfig, ending: Ending) {
    for key in recontact::quiet_keys(&config.survey) {
        let marked = storage::moment(&key);
        if let Some(until) = recontact::quiet_until(config.quiet, ending, marked, clock::now()) {
            storage::set(&key, &millis(until));
        }
    }
}

/// A whole number of milliseconds; formatting a float would bring 14 kB of code.
fn millis(ms: f64) -> String {
    decimal(ms as u64)
}

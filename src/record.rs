//! What is kept and sent of a respondent's walk: the response as it stands, kept before it is sent, and the marks by which the
//! respondent is left in peace.

use crate::{
    clock,
    config::EmbedConfig,
    delivery::{self, Attempt, Entry, Since},
    event,
    id::uuid_v7,
    js::{self, Made},
    recontact::{self, Ending},
    session::Session,
    storage,
    text::decimal,
    wording::Wording,
};
use candor_survey::{Answer, Kind, Look, Question, State, Survey, WIRE_VERSION};
use js_sys::{Array, Object};
use serde_wasm_bindgen::to_value;
use std::cell::{Cell, OnceCell, RefCell};
use wasm_bindgen::JsValue;
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
    /// Whether the page knows that nothing is kept.
    is_told: Cell<bool>,
}

impl Record {
    pub(crate) fn new(host: HtmlElement) -> Self {
        Self {
            host,
            id: uuid_v7(),
            shown: OnceCell::new(),
            answered: OnceCell::new(),
            unsent: RefCell::new(None),
            is_told: Cell::new(false),
        }
    }

    pub(crate) fn was_shown(&self) -> bool {
        self.shown.get().is_some()
    }

    /// The respondent has it before their eyes. False if they had before.
    pub(crate) fn show(&self, config: &EmbedConfig) -> bool {
        let is_new = self.shown.set(Since::now()).is_ok();
        if let (true, Some(key)) = (is_new, config.once()) {
            storage::set(&recontact::once_key(&config.survey, &key), &millis(clock::now()));
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

    /// Keeps the response, before this returns; with `alone`, no other tab sends it.
    pub(crate) fn keep(&self, entry: Option<Entry>, alone: bool) {
        let Some(entry) = entry else { return };
        delivery::claim(&self.id, alone);
        if !entry.keep() && !self.is_told.replace(true) {
            event::error(Some(&self.host), "storage", "the answer is kept in memory only");
        }
        self.unsent.replace(Some(entry));
    }

    /// Sends what is kept and was not sent.
    pub(crate) fn send(&self, report: Box<dyn Fn(Attempt)>) {
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
        let answers = Array::new();
        for answer in session.answers() {
            answers.push(&answer_of(&answer)?);
        }
        let presentation = js::object()
            .with("display", config.display.name())
            .with("scale", look(survey).name())
            .with("direction", wording.texts.dir())
            .with("order", order(session));
        let response = js::object()
            .with("v", WIRE_VERSION)
            .with("id", &self.id)
            .with("revision", session.revision())
            .with("state", session.state().name())
            // The definition knows whose it is; a preset may be anyone's.
            .with("site", survey.site.as_ref().unwrap_or(&config.site))
            .with("survey", &survey.id)
            .with("survey_version", survey.version)
            .with("locale", wording.locale(survey))
            .with("touchpoint", config.touchpoint())
            .with("answers", answers)
            .with("presentation", presentation)
            .with("page", config.page())
            .with("respondent", config.respondent.clone())
            .with("context", config.context.clone())
            .with("test", config.is_test().then_some(true));
        let since = match session.state() {
            State::Partial | State::Complete => &self.answered,
            State::Shown | State::Dismissed => &self.shown,
        };
        let response = response.into();
        config.amend(&response);
        Some(Entry::new(*since.get_or_init(Since::now), config.endpoint.clone(), response))
    }
}

/// An answer as it goes on the wire. Serialized as a struct, and the response around it with its maps, it was 3 kB more.
fn answer_of(answer: &Answer) -> Option<JsValue> {
    let Answer { question, scale, rating, choices, other, text } = answer;
    let choices = if choices.is_empty() { JsValue::UNDEFINED } else { to_value(choices).ok()? };
    let answer = js::object()
        .with("question", question)
        .with("scale", scale.as_deref())
        .with("rating", *rating)
        .with("choices", choices)
        .with("other", other.as_deref())
        .with("text", text.as_deref());
    Some(answer.into())
}

/// How the points of its first rating look.
fn look(survey: &Survey) -> Look {
    survey.questions.iter().find_map(Question::rated).map(|(_, look)| look).unwrap_or_default()
}

/// In which order the options of shuffled questions stand; `None` if there are no such questions.
fn order(session: &Session) -> Option<Object> {
    let mut orders = None;
    for question in &session.survey().questions {
        if let Kind::Choice { options, shuffle: true, .. } = &question.kind {
            let mut ids = Vec::new();
            for option in options {
                ids.push(option.id.clone());
            }
            let earlier = orders.unwrap_or_else(js::object);
            orders = Some(earlier.with(&question.id, to_value(&ids).unwrap_or_default()));
        }
    }
    orders.map(Made::done)
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

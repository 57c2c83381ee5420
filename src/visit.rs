//! One respondent before one survey: what they do becomes answers, and what is seen.

use crate::{
    config::EmbedConfig,
    delivery::{self, Attempt, Entry},
    event,
    js::{self, Made},
    recontact::Ending,
    record::{Record, start_quiet_period},
    screen::{self, Action, Moment, Reason, Screen},
    session::{Session, TooLong},
    task::{sleep, spawn},
    wording::Wording,
};
use candor_survey::{Survey, Value};
use gloo::timers::callback::Timeout;
use serde_wasm_bindgen::to_value;
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen(module = "/src/text/language.js")]
extern "C" {
    /// How many there are of what people call characters.
    #[wasm_bindgen(js_name = countCharacters)]
    fn count_characters(text: &str) -> usize;
}

/// After so long without another letter a text is sent.
const PAUSE_MS: u32 = 1_500;

/// After so long what was to be heard has been spoken.
const SPOKEN_MS: u32 = 4_000;

/// What is to have the focus once a screen is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// What has it.
    Stays,
    /// Another page, which is drawn.
    Page,
    /// What is chosen, of which the others are seen again.
    Chosen,
    /// The end, if what had it was inside.
    End,
    /// What is wrong.
    Wrong,
}

/// Who draws.
type View = Box<dyn Fn(Screen, Focus)>;

/// One respondent before one survey. It knows nothing of what draws it but that it can be told what to show.
pub(crate) struct Visit {
    host: HtmlElement,
    pub(crate) config: EmbedConfig,
    pub(crate) wording: Wording,
    session: RefCell<Session>,
    record: Record,
    /// The question whose answer the page has not been told of.
    unannounced: Cell<Option<usize>>,
    view: OnceCell<View>,
    is_done: Cell<bool>,
    /// How many pages were turned, both ways.
    turns: Cell<u32>,
    status: RefCell<String>,
    /// What is wrong, with the text or with what is chosen.
    error: RefCell<String>,
    choice_is_wrong: Cell<bool>,
    /// Whether of a scale the chosen point is enough, where there is little room.
    is_folded: Cell<bool>,
    /// What is written in the text field of this page: the field may go and come with what is chosen.
    draft: RefCell<Option<String>>,
    /// The text that was typed and that the page has not been told of.
    typed: Cell<Option<usize>>,
    /// Sends what is typed when nothing more is.
    pause: RefCell<Option<Timeout>>,
    /// Empties the line of what was to be heard.
    spoken: RefCell<Option<Timeout>>,
}

impl Visit {
    pub(crate) fn new(host: HtmlElement, config: EmbedConfig, wording: Wording, survey: Survey) -> Self {
        let attributes = config.attributes();
        Self {
            record: Record::new(host.clone()),
            host,
            config,
            wording,
            session: RefCell::new(Session::new(survey, attributes, &mut js_sys::Math::random)),
            unannounced: Cell::new(None),
            view: OnceCell::new(),
            is_done: Cell::new(false),
            turns: Cell::new(0),
            status: RefCell::default(),
            error: RefCell::default(),
            choice_is_wrong: Cell::new(false),
            is_folded: Cell::new(false),
            draft: RefCell::default(),
            typed: Cell::new(None),
            pause: RefCell::default(),
            spoken: RefCell::default(),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.is_done.get()
    }

    /// Who draws it from now on.
    pub(crate) fn attach(&self, view: View) {
        let _ = self.view.set(view);
    }

    /// Whether this respondent is asked anything at all.
    pub(crate) fn asks(&self) -> bool {
        self.session.borrow().asks()
    }

    /// What is to be seen now.
    pub(crate) fn screen(&self) -> Screen {
        let [_, text] = self.written();
        let moment = Moment {
            is_done: self.is_done.get(),
            is_folded: self.is_folded.get(),
            is_empty: text.trim().is_empty(),
            count: self.max_chars().map(|_| count_characters(&text)),
            turns: self.turns.get(),
            status: &self.status.borrow(),
            error: &self.error.borrow(),
            choice_is_wrong: self.choice_is_wrong.get(),
            privacy: self.config.privacy(),
        };
        Screen::of(&self.session.borrow(), &self.wording, moment)
    }

    /// Whether the radio or checkbox of this value is chosen on the page.
    pub(crate) fn is_chosen(&self, value: &str) -> bool {
        screen::is_chosen(&self.session.borrow(), value)
    }

    /// What is written on the page: as an answer of one's own to a choice, and in its text field.
    pub(crate) fn written(&self) -> [String; 2] {
        let [other, text] = screen::written(&self.session.borrow());
        [other, self.draft.borrow().clone().unwrap_or(text)]
    }

    /// What was done.
    pub(crate) fn act(self: &Rc<Self>, action: Action) {
        match action {
            Action::Choose { .. } | Action::Pick { .. } | Action::WriteOther { .. } => self.answer(&action),
            Action::Edit(text) => self.edit(text),
            Action::Unfold => {
                self.is_folded.set(false);
                self.show(Focus::Chosen);
            }
            Action::Settle => self.commit(),
            Action::Leave => self.leaving(),
            Action::Next(text) => self.go(&text, false),
            Action::Back(text) => self.go(&text, true),
            // The view goes first: `prompt.rs` closes.
            Action::Close(_) => {}
        }
    }

    /// The respondent has it before their eyes.
    pub(crate) fn seen(&self) {
        if self.record.show(&self.config) {
            self.emit("candor:shown", js::object());
            if !self.config.send_final {
                self.record.send_shown(self.entry());
            }
        }
    }

    /// An answer is kept before this returns; it is sent at once unless the respondent is only browsing over it with the arrow
    /// keys on the way to another.
    fn answer(self: &Rc<Self>, action: &Action) {
        self.seen();
        let (at, changes, browsing) = {
            let mut session = self.session.borrow_mut();
            let at = session.on_page().0;
            let (changes, browsing) = match action {
                Action::Choose { point, browsing } => (session.choose(at, *point), *browsing),
                Action::Pick { option, on, browsing } => (session.pick(at, option, *on), *browsing),
                Action::WriteOther { text, browsing } => {
                    (session.write_other(at, text).unwrap_or_default(), *browsing)
                }
                _ => (false, false),
            };
            (at, changes, browsing)
        };
        if changes {
            self.record.answer();
            self.keep();
            self.unannounced.set(Some(at));
            self.is_folded.set(true);
            self.error.take();
            start_quiet_period(&self.config, Ending::Answered);
            // What the answer brings up is said, not searched for.
            let screen = self.screen();
            self.say(match (screen.field, screen.choice) {
                (Some(field), Some(_)) => field.question,
                _ => String::new(),
            });
            self.show(Focus::Stays);
        }
        if !browsing {
            self.commit();
        }
    }

    /// What is typed is kept before this returns, and sent when nothing more is typed for a moment. One that is too long for now
    /// leaves what was kept before.
    fn edit(self: &Rc<Self>, text: String) {
        self.seen();
        let written = self.write(&text).ok().flatten();
        self.draft.replace(Some(text));
        self.error.take();
        if let Some(index) = written {
            self.record.answer();
            self.keep();
            self.typed.set(Some(index));
            let visit = self.clone();
            let paused = Timeout::new(PAUSE_MS, move || visit.pause());
            self.pause.replace(Some(paused));
        }
        // There may be another way on now.
        self.show(Focus::Stays);
    }

    /// Nothing was typed for a moment, or it ends.
    fn pause(self: &Rc<Self>) {
        if self.pause.take().is_some() {
            start_quiet_period(&self.config, Ending::Answered);
            if !self.config.send_final {
                self.send();
            }
        }
    }

    /// The respondent has settled on an answer.
    fn commit(self: &Rc<Self>) {
        if let Some(index) = self.unannounced.take() {
            self.announce(index);
        }
        if !self.config.send_final {
            self.send();
        }
    }

    fn announce(&self, index: usize) {
        let details = {
            let session = self.session.borrow();
            let Some(question) = session.question(index) else { return };
            let details = js::object().with("question", &question.id);
            match session.value(index) {
                Some(Value::Point(rating)) => details.with("rating", rating.point()),
                Some(Value::Chosen { options, .. }) => {
                    details.with("choices", to_value(options).unwrap_or_default())
                }
                Some(Value::Text(_)) => details,
                // It was taken back meanwhile.
                None => return,
            }
        };
        self.emit("candor:answered", details);
    }

    /// The most characters of the page's text, if they are counted.
    fn max_chars(&self) -> Option<usize> {
        let session = self.session.borrow();
        screen::max_chars(session.question(session.text_on_page()?)?).map(usize::from)
    }

    /// Takes what the text field holds.
    fn write(&self, text: &str) -> Result<Option<usize>, TooLong> {
        if let Some(max) = self.max_chars() {
            let count = count_characters(text);
            if count > max {
                return Err(TooLong(count, max));
            }
        }
        let mut session = self.session.borrow_mut();
        let Some(index) = session.text_on_page() else { return Ok(None) };
        Ok(session.write(index, text)?.then_some(index))
    }

    /// Turns the page, or ends after the last.
    fn go(self: &Rc<Self>, text: &str, is_back: bool) {
        let written = match self.write(text) {
            Ok(written) => written,
            Err(TooLong(count, max)) => {
                self.error.replace(self.wording.too_long(count, max));
                self.choice_is_wrong.set(false);
                return self.show(Focus::Wrong);
            }
        };
        if written.is_some() {
            self.record.answer();
        }
        let unanswered = self.session.borrow().unanswered().filter(|_| !is_back);
        if let Some(index) = unanswered {
            self.error.replace(self.wording.texts.get("unanswered"));
            let is_text = self.session.borrow().text_on_page() == Some(index);
            self.choice_is_wrong.set(!is_text);
            return self.show(if is_text { Focus::Wrong } else { Focus::Chosen });
        }
        let turns = if is_back { self.session.borrow_mut().back() } else { self.session.borrow_mut().next() };
        let ends = !is_back && !turns;
        let completes = ends && self.session.borrow_mut().complete();
        if written.is_some() || completes {
            self.keep();
        }
        self.draft.take();
        if ends {
            self.is_done.set(true);
            if !completes {
                // Who has come to the end without a word is left in peace as who closed it.
                start_quiet_period(&self.config, Ending::Dismissed);
            }
            // All that was answered may have been taken back.
            self.status.replace(if completes { self.wording.texts.get("sending") } else { String::new() });
        }
        self.pause();
        self.commit();
        if let Some(index) = self.typed.take().or(written) {
            self.announce(index);
        }
        if ends {
            self.send();
            self.show(Focus::End);
        } else if turns {
            self.turn();
        }
    }

    fn turn(&self) {
        self.turns.set(self.turns.get() + 1);
        self.is_folded.set(true);
        self.error.take();
        self.status.take();
        self.show(Focus::Page);
    }

    /// The page may go away at any moment.
    fn leaving(self: &Rc<Self>) {
        self.pause();
        self.commit();
        self.send();
    }

    /// Closed, as its reader or the page wants; the view is gone.
    pub(crate) fn closed(self: &Rc<Self>, reason: Reason) {
        if reason != Reason::Api {
            self.seen();
        }
        if self.record.was_shown() && !self.is_done.get() && self.session.borrow_mut().close() {
            self.keep();
            start_quiet_period(&self.config, Ending::Dismissed);
        }
        if reason == Reason::Never {
            start_quiet_period(&self.config, Ending::Never);
        }
        self.leaving();
        if let Some(index) = self.typed.take() {
            self.announce(index);
        }
        self.tell_closed(reason);
    }

    pub(crate) fn tell_closed(&self, reason: Reason) {
        self.emit("candor:closed", js::object().with("reason", reason.name()));
    }

    /// Keeps and sends once more what was answered, which something else has been made of.
    pub(crate) fn send_again(self: &Rc<Self>) {
        if self.session.borrow_mut().touch() {
            self.keep();
            self.send();
        }
    }

    /// Whether a text stands here that no other tab knows of.
    pub(crate) fn has_text(&self) -> bool {
        let [other, text] = self.written();
        !(other.is_empty() && text.is_empty())
    }

    /// Taken away by the page; the view is gone.
    pub(crate) fn unmounted(self: &Rc<Self>) {
        self.unannounced.take();
        self.pause.take();
        // Not in this task: a page that withdraws consent removes the host first and clears the outbox then.
        if let Some(entry) = self.record.take_unsent() {
            let visit = self.clone();
            spawn(async move {
                sleep(0).await;
                if entry.is_current() {
                    visit.record.put_back(entry);
                    visit.send();
                } else {
                    delivery::release(&visit.record.id);
                }
            });
        }
    }

    /// Tells assistive technology what is asked, unless something was answered already.
    pub(crate) fn introduce(self: &Rc<Self>) {
        if self.session.borrow().revision() > 1 {
            return;
        }
        let screen = self.screen();
        let question = match (&screen.choice, &screen.field) {
            (Some(choice), _) => &choice.question,
            (None, Some(field)) => &field.question,
            _ => return,
        };
        self.say(self.wording.introduction(question));
        self.show(Focus::Stays);
    }

    /// Has assistive technology told this, and empties its line once it has spoken: who reads on through the page need not hear it again.
    fn say(self: &Rc<Self>, text: String) {
        self.status.replace(text);
        let visit = Rc::downgrade(self);
        let spoken = Timeout::new(SPOKEN_MS, move || {
            if let Some(visit) = visit.upgrade().filter(|visit| !visit.is_done()) {
                visit.status.take();
                visit.show(Focus::Stays);
            }
        });
        self.spoken.replace(Some(spoken));
    }

    fn keep(&self) {
        self.session.borrow_mut().revise();
        self.record.keep(self.entry(), self.config.send_final);
    }

    fn send(self: &Rc<Self>) {
        let visit = self.clone();
        self.record.send(Box::new(move |outcome| {
            let status = match outcome {
                Attempt::Failed(_) => visit.wording.texts.get("queued"),
                Attempt::Accepted => visit.wording.texts.get("sent"),
                // The respondent can do nothing about it; the page is told by an event.
                Attempt::Rejected => String::new(),
            };
            if visit.is_done.get() {
                visit.status.replace(status);
                visit.show(Focus::Stays);
            }
        }));
    }

    fn entry(&self) -> Option<Entry> {
        let session = self.session.borrow();
        self.record.entry(&session, &self.config, &self.wording)
    }

    fn show(&self, focus: Focus) {
        if let Some(view) = self.view.get() {
            view(self.screen(), focus);
        }
    }

    fn emit(&self, name: &str, details: Made) {
        let details = details.with("survey", &self.config.survey).with("id", &self.record.id);
        event::emit(Some(&self.host), name, details.into());
    }
}

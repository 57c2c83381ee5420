//! One mounted survey: loads what it needs, shows it, keeps and sends what is answered, closes.

use crate::{
    clock::{self, spawn},
    config::{EmbedConfig, concat},
    definition,
    delivery::{self, Download, Entry, Outcome, Since},
    event, js,
    recontact::{self, Ending},
    session::{Session, TooLong},
    storage,
    text::{Texts, decimal, fill},
    view,
};
use candor_scoring::{Band, Scale};
use candor_survey::{
    Kind, LANGUAGES, Language, MAX_COMMENT_CHARS, NewResponse, Presentation, Response, State, Survey,
    WIRE_VERSION,
};
use js_sys::Reflect;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};
use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

/// A live region speaks of what changes in it, once assistive technology knows that it is there.
const ANNOUNCED_AFTER_MS: u32 = 200;

/// A survey from [`Prompt::mount`] until it has left the page.
pub(crate) struct Prompt {
    host: HtmlElement,
    visit: OnceCell<Rc<Visit>>,
    /// Closed or unmounted, perhaps while it was still loading.
    gone: Cell<bool>,
}

impl Prompt {
    /// Starts loading, and shows the survey when all is there.
    ///
    /// It starts in stages, each a task of its own: all at once they would hold up the page for a quarter of a second.
    pub(crate) fn mount(host: HtmlElement, config: &JsValue) -> Rc<Self> {
        let prompt = Rc::new(Self { host, visit: OnceCell::new(), gone: Cell::new(false) });
        storage::share(js::get(config, "memory"));
        let (loading, config) = (prompt.clone(), config.clone());
        spawn(async move {
            if let Err((code, message)) = loading.load(&config).await {
                event::error(Some(&loading.host), code, &message);
                loading.gone.set(true);
                loading.host.remove();
            }
        });
        prompt
    }

    async fn load(&self, config: &JsValue) -> Result<(), (&'static str, String)> {
        let _ = view::promised(&self.host, "turn").await;
        let config = EmbedConfig::read(config).map_err(|message| ("config", message))?;
        for problem in &config.problems {
            event::error(Some(&self.host), "config", problem);
        }
        // The pack is on its way while the definition is waited for.
        let pack = fetch_pack(&config, &config.language);
        let survey = survey_of(&config).await.map_err(|message| ("definition", message))?;
        let _ = view::promised(&self.host, "turn").await;
        let language = match &survey.locale {
            Some(locale) if *locale != config.language.tag => {
                Language::negotiate([locale.as_str()], &LANGUAGES)
            }
            _ => config.language.clone(),
        };
        let pack = if language.tag == config.language.tag { pack } else { fetch_pack(&config, &language) };
        let texts = match pack {
            None => Texts::english(),
            Some(pack) => match pack.json().await {
                Ok(pack) => Texts::new(pack, &language),
                Err(message) => {
                    event::error(Some(&self.host), "pack", &message);
                    Texts::english()
                }
            },
        };
        let Some(root) = self.host.shadow_root() else {
            return Err(("config", "host: expected an element with an open shadow root".into()));
        };
        let visit = Rc::new(Visit::new(self.host.clone(), config, texts, survey));
        let scheme = view::open(&visit, &self.host, &root);
        let _ = view::promised(&self.host, "turn").await;
        if !self.gone.get() && self.host.is_connected() {
            let _ = self.visit.set(visit.clone());
            visit.show(&root, scheme.as_deref()).await;
        }
        Ok(())
    }

    /// Closes it as its reader would.
    pub(crate) fn close(&self, reason: Reason) {
        match self.visit.get() {
            Some(visit) => visit.close(reason),
            None => {
                self.gone.set(true);
                self.host.remove();
            }
        }
    }

    /// Takes it away without a word.
    pub(crate) fn unmount(&self) {
        self.gone.set(true);
        if let Some(visit) = self.visit.get() {
            visit.unmount();
        }
    }
}

/// Begins to fetch the pack of a language, unless it is the embedded one.
fn fetch_pack(config: &EmbedConfig, language: &Language) -> Option<Download> {
    (language.tag != "en").then(|| Download::start(concat(&[&config.base, language.tag, ".json"])))
}

async fn survey_of(config: &EmbedConfig) -> Result<Survey, String> {
    if let Some(preset) = candor_survey::preset(&config.survey) {
        return Ok(preset);
    }
    let url = concat(&[&config.api, "/v1/surveys/", &config.survey, "?locale=", config.language.tag]);
    let definition = Download::start(url.clone()).json().await?;
    definition::read(&definition).map_err(|why| concat(&[&url, ": ", why]))
}

/// Where the respondent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// At the scale.
    Ask,
    /// A rating is chosen; the follow-up stands below the scale.
    FollowUp,
    /// Done.
    Thanks,
}

impl Step {
    /// As CSS reads it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::FollowUp => "follow-up",
            Self::Thanks => "thanks",
        }
    }
}

/// Why a survey closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// By its close button.
    Close,
    /// By Escape.
    Escape,
    /// "Not now".
    NotNow,
    /// "Don't ask again".
    Never,
    /// By the page.
    Api,
}

impl Reason {
    /// As `candor:closed` tells it.
    fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Escape => "escape",
            Self::NotNow => "not-now",
            Self::Never => "never",
            Self::Api => "api",
        }
    }
}

/// What is done in one task of the start.
type Stage = fn(&mut view::Mounted, &Rc<Visit>);

/// One respondent before one survey. The views read it and call it; it knows nothing of them but that they can be drawn anew.
pub(crate) struct Visit {
    host: HtmlElement,
    pub(crate) config: EmbedConfig,
    pub(crate) texts: Texts,
    pub(crate) session: RefCell<Session>,
    id: String,
    /// Since it was seen: an inline survey may stand far down the page.
    shown: OnceCell<Since>,
    answered: OnceCell<Since>,
    /// Kept, but not sent: a rating passed on the way to another, or all of them when the page wants one post.
    unsent: RefCell<Option<Entry>>,
    /// A rating that the page has not been told of.
    untold: Cell<bool>,
    mounted: RefCell<Option<view::Mounted>>,
    pub(crate) step: Cell<Step>,
    /// What assistive technology is told, and after the end everyone.
    pub(crate) status: RefCell<String>,
    /// What is wrong with the comment.
    pub(crate) error: RefCell<String>,
}

impl Visit {
    fn new(host: HtmlElement, config: EmbedConfig, texts: Texts, survey: Survey) -> Self {
        Self {
            host,
            config,
            texts,
            session: RefCell::new(Session::new(survey)),
            id: clock::uuid_v7(),
            shown: OnceCell::new(),
            answered: OnceCell::new(),
            unsent: RefCell::new(None),
            untold: Cell::new(false),
            mounted: RefCell::new(None),
            step: Cell::new(Step::Ask),
            status: RefCell::default(),
            error: RefCell::default(),
        }
    }

    async fn show(self: &Rc<Self>, root: &web_sys::ShadowRoot, scheme: Option<&str>) {
        self.mounted.replace(Some(view::draw(self, root, scheme)));
        let stages: [(_, Stage); 4] = [
            ("turn", |mounted, _| mounted.lay_out()),
            ("turn", |mounted, visit| mounted.draw_points(visit)),
            ("turn", |mounted, _| mounted.lay_out()),
            ("painted", |mounted, visit| mounted.complete(visit, &visit.host)),
        ];
        for (after, stage) in stages {
            let _ = view::promised(&self.host, after).await;
            if let Some(mounted) = &mut *self.mounted.borrow_mut() {
                stage(mounted, self);
            }
        }
        let _ = view::promised(&self.host, "turn").await;
        let visit = self.clone();
        spawn(async move {
            // Once it is unmounted, nobody gives up a promise that is made only now.
            if visit.config.inline && visit.mounted.borrow().is_some() {
                let _ = view::promised(&visit.host, "seen").await;
            }
            if visit.mounted.borrow().is_some() {
                visit.seen();
            }
        });
        delivery::flush();
        clock::sleep(ANNOUNCED_AFTER_MS).await;
        if self.step.get() == Step::Ask {
            self.say(concat(&[&self.texts.get("region"), ": ", &self.question()]));
        }
    }

    /// The respondent has it before their eyes.
    fn seen(&self) {
        if self.shown.set(Since::now()).is_err() {
            return;
        }
        if let Some(key) = &self.config.once {
            storage::set(&recontact::once_key(&self.config.survey, key), &whole(clock::now()));
        }
        self.emit("candor:shown", &[]);
        if let (false, Some(entry)) = (self.config.send_final, self.entry()) {
            delivery::send_once(entry, self.host.clone());
        }
    }

    /// A point was chosen. It is kept before this returns; it is sent at once unless the respondent is only `passing`
    /// it with the arrow keys on the way to another.
    pub(crate) fn choose(self: &Rc<Self>, point: u8, passing: bool) {
        self.seen();
        if self.session.borrow_mut().choose(point) {
            self.answered.get_or_init(Since::now);
            self.keep();
            self.untold.set(true);
            self.be_quiet(Ending::Answered);
            if self.step.get() == Step::Ask {
                self.step.set(Step::FollowUp);
            }
            self.say(self.follow_up());
        }
        if !passing {
            self.commit();
        }
    }

    /// The respondent has settled on the rating.
    pub(crate) fn commit(self: &Rc<Self>) {
        if self.untold.replace(false) {
            let rating = self.session.borrow().answers().into_iter().find(|answer| answer.rating.is_some());
            if let Some(answer) = rating {
                let rating = answer.rating.map_or(JsValue::UNDEFINED, JsValue::from);
                self.emit("candor:answered", &[("question", answer.question.into()), ("rating", rating)]);
            }
        }
        if !self.config.send_final {
            self.send();
        }
    }

    /// The respondent is done.
    ///
    /// # Errors
    /// [`TooLong`]: nothing has changed.
    pub(crate) fn complete(self: &Rc<Self>, comment: &str) -> Result<(), TooLong> {
        self.session.borrow_mut().complete(comment)?;
        self.keep();
        self.step.set(Step::Thanks);
        self.say(self.texts.get("sending"));
        self.commit();
        let comment = self.session.borrow().answers().into_iter().find(|answer| answer.text.is_some());
        if let Some(answer) = comment {
            self.emit("candor:answered", &[("question", answer.question.into())]);
        }
        self.send();
        Ok(())
    }

    /// The page may go away at any moment.
    pub(crate) fn leaving(self: &Rc<Self>) {
        self.commit();
        self.send();
    }

    /// Closes it, as its reader or the page wants.
    pub(crate) fn close(self: &Rc<Self>, reason: Reason) {
        // Taken first: a listener of the events below may close it again.
        let Some(mounted) = self.mounted.take() else { return };
        if reason != Reason::Api {
            self.seen();
        }
        if self.shown.get().is_some() && self.session.borrow_mut().close() {
            self.keep();
            self.be_quiet(Ending::Dismissed);
        }
        if reason == Reason::Never {
            self.be_quiet(Ending::Never);
        }
        self.leaving();
        self.emit("candor:closed", &[("reason", reason.name().into())]);
        let focus = mounted.focus_to_return();
        mounted.drop_later();
        self.host.remove();
        if let Some(focus) = focus {
            view::focus(&focus);
        }
    }

    fn unmount(self: &Rc<Self>) {
        self.untold.set(false);
        if let Some(mounted) = self.mounted.take() {
            mounted.drop_later();
        }
        // Not in this task: a page that withdraws consent removes the host first and clears the outbox then.
        if let Some(entry) = self.unsent.take() {
            let visit = self.clone();
            spawn(async move {
                clock::sleep(0).await;
                if entry.is_current() {
                    visit.unsent.replace(Some(entry));
                    visit.send();
                } else {
                    delivery::release(&visit.id);
                }
            });
        }
    }

    fn keep(&self) {
        if let Some(entry) = self.entry() {
            delivery::claim(&self.id);
            if self.config.send_final {
                delivery::hold(&self.id);
            }
            if !entry.keep() {
                event::error(Some(&self.host), "storage", "the answer is kept in memory only");
            }
            self.unsent.replace(Some(entry));
        }
    }

    fn send(self: &Rc<Self>) {
        if let Some(entry) = self.unsent.take() {
            let visit = self.clone();
            let report = move |outcome: &Outcome| {
                let status = match outcome {
                    Outcome::Failed { .. } => visit.texts.get("queued"),
                    Outcome::Accepted => visit.texts.get("sent"),
                    // The respondent can do nothing about it; the page is told by an event.
                    Outcome::Rejected { .. } => String::new(),
                };
                if visit.step.get() == Step::Thanks {
                    visit.say(status);
                }
            };
            delivery::send(entry, self.host.clone(), Box::new(report));
        }
    }

    /// The response as it stands.
    fn entry(&self) -> Option<Entry> {
        let session = self.session.borrow();
        let survey = session.survey();
        let config = &self.config;
        let response = NewResponse {
            v: WIRE_VERSION,
            id: self.id.clone(),
            revision: session.revision(),
            age_ms: 0,
            response: Response {
                state: session.state(),
                // The definition knows whose it is; a preset may be anyone's.
                site: survey.site.clone().unwrap_or_else(|| config.site.clone()),
                survey: survey.id.clone(),
                survey_version: survey.version,
                locale: self.locale(),
                touchpoint: config.touchpoint.clone(),
                answers: session.answers(),
                presentation: Presentation {
                    display: if config.inline { "inline" } else { "popover" }.into(),
                    scale: "numbers".into(),
                    direction: self.texts.dir().into(),
                    order: BTreeMap::new(),
                },
                page: config.page.clone(),
                respondent: None,
                context: BTreeMap::new(),
                test: config.test,
            },
        };
        let since = match session.state() {
            State::Partial | State::Complete => &self.answered,
            State::Shown | State::Dismissed => &self.shown,
        };
        let response = response.serialize(&Serializer::json_compatible()).ok()?;
        for (key, value) in [("respondent", &config.respondent), ("context", &config.context)] {
            if let Some(value) = value {
                let _ = Reflect::set(&response, &key.into(), value);
            }
        }
        Some(Entry::new(*since.get_or_init(Since::now), config.endpoint.clone(), response))
    }

    fn say(self: &Rc<Self>, status: String) {
        self.status.replace(status);
        self.redraw();
    }

    /// Says what is wrong with the comment, or by an empty text that nothing is.
    pub(crate) fn object(self: &Rc<Self>, error: String) {
        self.error.replace(error);
        self.redraw();
    }

    fn redraw(self: &Rc<Self>) {
        if let Some(mounted) = &mut *self.mounted.borrow_mut() {
            mounted.redraw(self);
        }
    }

    fn be_quiet(&self, ending: Ending) {
        for key in recontact::quiet_keys(&self.config.survey) {
            let marked = storage::moment(&key);
            if let Some(until) = recontact::quiet_until(self.config.quiet, ending, marked, clock::now()) {
                storage::set(&key, &whole(until));
            }
        }
    }

    fn emit(&self, name: &str, details: &[(&str, JsValue)]) {
        let mut all = vec![("survey", self.config.survey.as_str().into()), ("id", self.id.as_str().into())];
        all.extend_from_slice(details);
        event::emit(Some(&self.host), name, &all);
    }

    /// The points to choose from.
    pub(crate) fn scale(&self) -> Scale {
        self.session.borrow().survey().metric.scale()
    }

    /// The language of the question.
    pub(crate) fn locale(&self) -> String {
        self.session.borrow().survey().locale.clone().unwrap_or_else(|| self.texts.tag.clone())
    }

    // What is said. The page's own words come first, then the survey's, then Candor's.

    /// The rating question.
    pub(crate) fn question(&self) -> String {
        let session = self.session.borrow();
        let own = session.question(Kind::Rating).and_then(|question| question.text.as_deref());
        let named = concat(&[self.metric(), "-question"]);
        [self.config.question.as_deref(), own, Some(&self.texts.get(&named))]
            .into_iter()
            .flatten()
            .find_map(|text| self.config.fill(text))
            .unwrap_or_else(|| self.texts.get(&concat(&[&named, "-plain"])))
    }

    /// The meaning of the lowest and the highest point.
    pub(crate) fn ends(&self) -> [String; 2] {
        let session = self.session.borrow();
        let question = session.question(Kind::Rating);
        let end = |own: &Option<String>, survey: Option<&String>, key: &str| {
            own.as_ref().or(survey).cloned().unwrap_or_else(|| self.texts.get(&concat(&[self.metric(), key])))
        };
        let (low, high) = if self.has_labels() { ("-1", "-5") } else { ("-low", "-high") };
        [
            end(&self.config.low, question.and_then(|q| q.low.as_ref()), low),
            end(&self.config.high, question.and_then(|q| q.high.as_ref()), high),
        ]
    }

    /// Whether every point has a label of its own.
    pub(crate) fn has_labels(&self) -> bool {
        self.metric() == "csat"
    }

    /// The metric as message keys name it.
    pub(crate) fn metric(&self) -> &'static str {
        use candor_scoring::Metric::{Ces, Csat, Nps};
        match self.session.borrow().survey().metric {
            Nps => "nps",
            Csat => "csat",
            Ces => "ces",
        }
    }

    /// The follow-up question; its wording depends on the rating.
    pub(crate) fn follow_up(&self) -> String {
        let session = self.session.borrow();
        let question = session.question(Kind::Text);
        let by_band = question.and_then(|question| question.by_band.as_ref());
        let (own, key) = match session.band() {
            Some(Band::Unfavourable) => {
                (by_band.and_then(|by| by.unfavourable.as_ref()), "followup-unfavourable")
            }
            Some(Band::Favourable) => (by_band.and_then(|by| by.favourable.as_ref()), "followup-favourable"),
            _ => (by_band.and_then(|by| by.neutral.as_ref()), "followup"),
        };
        let own = own.or_else(|| question.and_then(|question| question.text.as_ref()));
        [self.config.followup.as_ref(), own]
            .into_iter()
            .flatten()
            .find_map(|text| self.config.fill(text))
            .unwrap_or_else(|| self.texts.get(key))
    }

    /// What is said of a comment that is too long.
    pub(crate) fn too_long(&self) -> String {
        let max = self.texts.number(MAX_COMMENT_CHARS as u32);
        fill(&self.texts.get("too-long"), &[("max", Some(&max))]).unwrap_or_default()
    }
}

/// A whole number of milliseconds; formatting a float would bring 14 kB of code.
fn whole(ms: f64) -> String {
    decimal(ms as u64)
}

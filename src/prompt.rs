//! One mounted survey: loads what it needs, and joins the visit to the view that draws it.

use crate::{
    config::EmbedConfig,
    definition,
    delivery::{self, get},
    event, js,
    screen::{Action, Reason, Screen},
    storage,
    task::{sleep, spawn},
    text::{Language, Messages, concat},
    view::{self, Look, Mounted},
    visit::{Focus, Visit},
    wording::Wording,
};
use candor_scoring::Metric;
use candor_survey::{Ability, Display, Question, Survey, is_defined_preset, preset};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, ShadowRoot};

/// A live region speaks of what changes in it, once assistive technology knows that it is there.
const ANNOUNCED_AFTER_MS: u32 = 200;

/// A survey from [`Prompt::mount`] until it has left the page.
pub(crate) struct Prompt {
    host: HtmlElement,
    visit: OnceCell<Rc<Visit>>,
    mounted: RefCell<Option<Mounted>>,
    /// Closed or unmounted, perhaps while it was still loading.
    gone: Cell<bool>,
}

/// What is done in one task of the start.
type Stage = fn(&mut Mounted, &Rc<Visit>);

/// The start once the question is drawn: after what each stage comes.
const STAGES: &[(&str, Stage)] = &[
    ("turn", |mounted, _| mounted.lay_out()),
    ("turn", |mounted, visit| mounted.draw_points(visit.screen())),
    ("turn", |mounted, _| mounted.lay_out()),
    ("painted", |mounted, visit| mounted.complete(visit.screen())),
];

impl Prompt {
    /// Starts loading, and shows the survey when all is there.
    ///
    /// It starts in stages, each a task of its own: all at once they would hold up the page for a quarter of a second.
    pub(crate) fn mount(host: HtmlElement, config: &JsValue) -> Rc<Self> {
        let prompt = Rc::new(Self {
            host,
            visit: OnceCell::new(),
            mounted: RefCell::new(None),
            gone: Cell::new(false),
        });
        storage::share(&js::get(config, "memory").unwrap_or_default());
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

    async fn load(self: &Rc<Self>, config: &JsValue) -> Result<(), (&'static str, String)> {
        let _ = view::promised(&self.host, "turn").await;
        let mut config = EmbedConfig::read(config).map_err(|message| ("config", message))?;
        for problem in &config.problems {
            event::error(Some(&self.host), "config", problem);
        }
        // The pack is on its way while the definition is waited for.
        let mut pack = fetch_pack(&config, &config.language);
        let (survey, words) = survey_of(&config).await.map_err(|message| ("definition", message))?;
        let _ = view::promised(&self.host, "turn").await;
        if let Some(locale) = survey.locale.as_ref().filter(|locale| **locale != config.language.tag) {
            let language = Language::of(&locale.into());
            if language.tag != config.language.tag {
                pack = fetch_pack(&config, &language);
            }
            config.language = language;
        }
        let is_rare = !matches!(config.display, Display::Popover | Display::Inline)
            || survey.questions.iter().any(Question::needs_more_styles);
        let more = is_rare.then(|| get(&concat(&[&config.base(), "more.json"])).into());
        let mut fetched = [JsValue::UNDEFINED, JsValue::UNDEFINED];
        for (wanted, got) in [pack, more].into_iter().zip(&mut fetched) {
            let Some(wanted) = wanted else { continue };
            match json(wanted).await {
                Ok(json) => *got = json,
                Err(message) => event::error(Some(&self.host), "pack", &message),
            }
        }
        let [messages, more] = fetched;
        if messages.is_undefined() {
            config.language.tag = "en";
        }
        let metric = survey.metric().map_or("-", Metric::name);
        let texts = Messages::new(&messages, &words, config.page_says(), metric, &config.language);
        if let Some(wrong) = &texts.wrong {
            event::error(Some(&self.host), "config", wrong);
        }
        let Some(root) = self.host.shadow_root() else {
            return Err(("config", "host: expected an element with an open shadow root".into()));
        };
        let wording = Wording { own: std::mem::take(&mut config.own), texts };
        let look = Look {
            display: config.display,
            // The host's own direction is the page's; the side is that of the survey's language.
            on_right: config.at_start == wording.texts.rtl,
            at_top: config.at_top,
            theme: config.theme.take(),
            accent: config.accent(),
            more: more.as_string().unwrap_or_default(),
        };
        let visit = Rc::new(Visit::new(self.host.clone(), config, wording, survey));
        if !visit.asks() {
            return Err(("definition", "questions: none is for this respondent".into()));
        }
        let scheme = view::open(&look, &self.host, &root);
        let _ = view::promised(&self.host, "turn").await;
        if !self.gone.get() && self.host.is_connected() {
            let _ = self.visit.set(visit.clone());
            self.show(&visit, &root, &look, scheme.as_deref()).await;
        }
        Ok(())
    }

    async fn show(self: &Rc<Self>, visit: &Rc<Visit>, root: &ShadowRoot, look: &Look, scheme: Option<&str>) {
        // What listens keeps it alive, until the view is taken away.
        let prompt = self.clone();
        let act: view::Act = Rc::new(move |action| prompt.act(action));
        self.mounted.replace(Some(view::draw(visit.screen(), root, look, scheme, act)));
        let prompt = Rc::downgrade(self);
        visit.attach(Box::new(move |screen, focus| {
            if let Some(prompt) = prompt.upgrade() {
                prompt.draw(screen, focus);
            }
        }));
        for (after, stage) in STAGES {
            let _ = view::promised(&self.host, after).await;
            if let Some(mounted) = &mut *self.mounted.borrow_mut() {
                stage(mounted, visit);
            }
        }
        let _ = view::promised(&self.host, "turn").await;
        let (prompt, visit_seen) = (self.clone(), visit.clone());
        spawn(async move {
            // Once it is unmounted, nobody gives up a promise that is made only now.
            match visit_seen.config.display {
                Display::Inline if prompt.is_mounted() => {
                    let _ = view::promised(&prompt.host, "seen").await;
                }
                _ => {}
            }
            if prompt.is_mounted() {
                visit_seen.seen();
            }
        });
        delivery::flush();
        sleep(ANNOUNCED_AFTER_MS).await;
        // Whose focus is inside hears it anyway.
        if look.display != Display::Modal {
            visit.introduce();
        }
    }

    fn is_mounted(&self) -> bool {
        self.mounted.borrow().is_some()
    }

    fn act(&self, action: Action) {
        match action {
            Action::Close(reason) => self.close(reason),
            action => {
                if let Some(visit) = self.visit.get() {
                    visit.act(action);
                }
            }
        }
    }

    fn draw(&self, screen: Screen, focus: Focus) {
        let Some(visit) = self.visit.get() else { return };
        if let (Focus::Page, Some(root)) = (focus, self.host.shadow_root()) {
            // What has the focus goes away with its page, and its last events must not come while that is drawn.
            view::leave(&root);
        }
        let mut next = None;
        if let Some(mounted) = &mut *self.mounted.borrow_mut() {
            // Before what has the focus goes.
            let heading = if focus == Focus::End { mounted.heading() } else { None };
            mounted.redraw(screen);
            mounted.hold(&|value| visit.is_chosen(value), visit.written(), focus == Focus::Page);
            next = match focus {
                Focus::Stays => None,
                Focus::Page | Focus::Chosen => mounted.entrance(),
                Focus::End => heading,
                Focus::Wrong => mounted.field(),
            };
        }
        // Not while it is drawn: whoever hears of it may close it.
        if let Some(next) = next {
            view::focus(&next, matches!(focus, Focus::End));
        }
        // The page before may have been scrolled.
        if let (Focus::Page, Some(mounted)) = (focus, &*self.mounted.borrow()) {
            mounted.scroll_up();
        }
    }

    /// Closes it, as its reader or the page wants.
    pub(crate) fn close(&self, reason: Reason) {
        let Some(visit) = self.visit.get() else {
            self.gone.set(true);
            self.host.remove();
            return;
        };
        // Taken first: a listener of the events below may close it again.
        let Some(mounted) = self.mounted.take() else { return };
        self.gone.set(true);
        visit.closed(reason);
        let focus = mounted.focus_to_return();
        mounted.drop_later();
        self.host.remove();
        if let Some(focus) = focus {
            view::focus(&focus, true);
        }
    }

    /// Takes it away without a word to the server, and if the page has `removed` it without asking, with one to the page.
    pub(crate) fn unmount(&self, removed: bool) {
        self.gone.set(true);
        if let Some(mounted) = self.mounted.take() {
            mounted.drop_later();
        }
        if let Some(visit) = self.visit.get() {
            visit.unmounted();
            if removed {
                visit.tell_closed(Reason::Removed);
            }
        }
    }

    /// Whether nothing is left to come back to.
    pub(crate) fn is_over(&self) -> bool {
        self.gone.get() || self.visit.get().is_some_and(|visit| visit.is_done())
    }

    /// Whether its respondent has written something here.
    pub(crate) fn has_text(&self) -> bool {
        self.visit.get().is_some_and(|visit| visit.has_text())
    }

    /// Sends what was answered as it is after `config.amend`.
    pub(crate) fn send_again(&self) {
        if let Some(visit) = self.visit.get() {
            visit.send_again();
        }
    }
}

/// Begins to fetch the pack of a language, unless it is the embedded one.
fn fetch_pack(config: &EmbedConfig, language: &Language) -> Option<JsFuture> {
    (language.tag != "en").then(|| get(&concat(&[&config.base(), language.tag, ".json"])).into())
}

/// What was fetched, or why it was not.
async fn json(fetched: JsFuture) -> Result<JsValue, String> {
    let fetched = fetched.await.unwrap_or_default();
    js::get(&fetched, "json").ok_or_else(|| js::text(&fetched, "why").unwrap_or_default())
}

/// The survey, and the words that it brings for the rest.
async fn survey_of(config: &EmbedConfig) -> Result<(Survey, JsValue), String> {
    if let Some(preset) = preset(&config.survey) {
        return Ok((preset, JsValue::UNDEFINED));
    }
    // Of the same name the site may have one of its own, which only a server knows.
    let is_defined = is_defined_preset(&config.survey) && (!config.names_site || config.api.is_empty());
    let url = if is_defined {
        concat(&[&config.base(), config.language.tag, ".presets.json"])
    } else {
        let (wanted, names) = (&config.language.wanted, Ability::NAMES);
        let (site, id) = if config.names_site { ("&site=", &*config.site) } else { ("", "") };
        concat(&[&config.api, "/v1/surveys/", &config.survey, "?locale=", wanted, "&can=", names, site, id])
    };
    let mut definition = json(get(&url).into()).await?;
    if is_defined {
        definition = js::get(&definition, &config.survey).unwrap_or_default();
    }
    let survey = definition::read(&definition).map_err(|why| concat(&[&url, ": ", why]))?;
    Ok((survey, js::get(&definition, "words").unwrap_or_default()))
}

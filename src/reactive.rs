//! The survey as a component, for sites that are Leptos apps themselves: the feature `reactive`.
//!
//! There is no loader in such an app. What it decides is decided here (whether this respondent was asked lately) or
//! by the app: when to ask, and consent, which is a `when` that stays false.

#![allow(unreachable_pub, reason = "the component macro makes more public than is reached")]

use crate::{
    clock,
    js::{self, window},
    prompt::Prompt,
    recontact, storage,
    text::concat,
};
use gloo::events::EventListener;
use js_sys::{Array, Promise, Reflect};
use leptos::{html, prelude::*};
use serde::Deserialize;
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{CustomEvent, HtmlElement, IntersectionObserver, Node, ShadowRootInit, ShadowRootMode};

/// What a survey tells its app, as the `candor:*` events tell it to pages. An event has those fields that it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SurveyEvent {
    /// The survey's id.
    pub survey: Option<String>,
    /// The response's id, a UUID.
    pub id: Option<String>,
    /// Answered: the question's id.
    pub question: Option<String>,
    /// Answered: the point of the scale, when a rating was.
    pub rating: Option<u8>,
    /// Answered: the ids of the options that are chosen, when it was a choice.
    pub choices: Option<Vec<String>>,
    /// Sent: the revision that was acknowledged, from 1.
    pub revision: Option<u32>,
    /// Closed: `close`, `escape`, `not-now`, `never` or `api`.
    pub reason: Option<String>,
    /// Failed: `definition`, `pack`, `config`, `storage`, `rejected`, `undelivered` or `expired`.
    pub code: Option<String>,
    /// Failed: what went wrong, in words for developers.
    pub message: Option<String>,
    /// Failed: with which status, when it was `rejected`.
    pub status: Option<u16>,
}

/// A survey that is shown as long as `when` is true, until its respondent closes it.
///
/// Options have the meaning of the attributes of the script tag, and are read when the survey is shown.
#[component]
pub fn Candor(
    /// A preset such as `nps`, or the id of a survey. Another one takes the place of the one that is shown.
    #[prop(into)]
    survey: Signal<String>,
    /// Whether it is time to ask, and allowed.
    #[prop(default = true.into(), into)]
    when: Signal<bool>,
    /// The address of the Candor server.
    #[prop(optional, into)]
    api: MaybeProp<String>,
    /// Where answers are posted.
    #[prop(optional, into)]
    endpoint: MaybeProp<String>,
    /// The folder with the packs of the languages; by default the server's.
    #[prop(optional, into)]
    base: MaybeProp<String>,
    /// The site that answers belong to.
    #[prop(optional, into)]
    site: MaybeProp<String>,
    /// `popover` or `inline`, where the component stands.
    #[prop(optional, into)]
    display: MaybeProp<String>,
    /// `end` or `start`.
    #[prop(optional, into)]
    position: MaybeProp<String>,
    /// `auto`, `light` or `dark`.
    #[prop(optional, into)]
    theme: MaybeProp<String>,
    /// A CSS colour.
    #[prop(optional, into)]
    accent: MaybeProp<String>,
    /// The address of the privacy notice.
    #[prop(optional, into)]
    privacy: MaybeProp<String>,
    /// The language; by default the page's, then the browser's.
    #[prop(optional, into)]
    lang: MaybeProp<String>,
    /// What is rated.
    #[prop(optional, into)]
    product: MaybeProp<String>,
    /// What was to be easy.
    #[prop(optional, into)]
    task: MaybeProp<String>,
    /// The rating question in the app's own words.
    #[prop(optional, into)]
    question: MaybeProp<String>,
    /// The meaning of the lowest point.
    #[prop(optional, into)]
    low: MaybeProp<String>,
    /// The meaning of the highest point.
    #[prop(optional, into)]
    high: MaybeProp<String>,
    /// The open question in the app's own words.
    #[prop(optional, into)]
    followup: MaybeProp<String>,
    /// Words for all else that is said, under their names: `send`.
    #[prop(optional, into)]
    words: Signal<BTreeMap<String, String>>,
    /// Where in the customer's journey.
    #[prop(optional, into)]
    touchpoint: MaybeProp<String>,
    /// Days without any survey after an answer and after a dismissal: `90,30`.
    #[prop(optional, into)]
    quiet: MaybeProp<String>,
    /// A key for which the survey is shown once.
    #[prop(optional, into)]
    once: MaybeProp<String>,
    /// A token by which the site's server signs who answers.
    #[prop(optional, into)]
    identity: MaybeProp<String>,
    /// `each` or `final`.
    #[prop(optional, into)]
    send: MaybeProp<String>,
    /// Whether answers are tests.
    #[prop(optional, into)]
    test: Signal<bool>,
    /// The respondent's id.
    #[prop(optional, into)]
    respondent: MaybeProp<String>,
    /// What goes with the answer.
    #[prop(optional, into)]
    context: Signal<BTreeMap<String, String>>,
    /// It is before the respondent's eyes.
    #[prop(optional, into)]
    on_shown: Option<Callback<SurveyEvent>>,
    /// A question is answered.
    #[prop(optional, into)]
    on_answered: Option<Callback<SurveyEvent>>,
    /// The server has it.
    #[prop(optional, into)]
    on_sent: Option<Callback<SurveyEvent>>,
    /// It is closed.
    #[prop(optional, into)]
    on_closed: Option<Callback<SurveyEvent>>,
    /// Something failed.
    #[prop(optional, into)]
    on_error: Option<Callback<SurveyEvent>>,
) -> impl IntoView {
    let texts = [
        ("api", api),
        ("endpoint", endpoint),
        ("base", base),
        ("site", site),
        ("display", display),
        ("position", position),
        ("theme", theme),
        ("accent", accent),
        ("privacy", privacy),
        ("product", product),
        ("task", task),
        ("question", question),
        ("low", low),
        ("high", high),
        ("followup", followup),
        ("touchpoint", touchpoint),
        ("quiet", quiet),
        ("once", once),
        ("identity", identity),
        ("send", send),
    ];
    let told = [
        ("candor:shown", on_shown),
        ("candor:answered", on_answered),
        ("candor:sent", on_sent),
        ("candor:closed", on_closed),
        ("candor:error", on_error),
    ];
    let place = NodeRef::<html::Div>::new();
    let shown = StoredValue::new_local(None::<Shown>);
    Effect::new(move |_| {
        let (survey, when) = (survey.get(), when.get());
        let Some(place) = place.get() else { return };
        drop(shown.try_update_value(Option::take));
        if !when || !is_due(&survey, quiet.get_untracked().as_deref(), once.get_untracked().as_deref()) {
            return;
        }
        let mut options = js::object();
        for (name, text) in &texts {
            options = options.with(name, text.get_untracked());
        }
        if base.get_untracked().is_none() {
            let api = api.get_untracked().unwrap_or_default();
            options = options.with("base", concat(&[api.trim_end_matches('/'), "/w/latest/"]));
        }
        let mut langs = languages(lang.get_untracked());
        let entries = |texts: BTreeMap<String, String>| {
            texts.into_iter().fold(js::object(), |entries, (key, value)| entries.with(&key, value))
        };
        let words = words.get_untracked();
        if !words.is_empty() {
            // In words of its own an app speaks its own language, whatever its reader's.
            langs = langs.slice(0, 1);
            options = options.with("words", entries(words).with("lang", langs.get(0)));
        }
        let page = window().and_then(|window| window.location().href().ok());
        let id = respondent.get_untracked();
        let options = options
            .with("survey", survey)
            .with("langs", langs)
            .with("test", test.get_untracked())
            .with("context", entries(context.get_untracked()))
            .with("page", page)
            .with("respondent", id.map(|id| js::object().with("id", id).done()));
        shown.set_value(Shown::new(&place, &options.into(), &told));
    });
    on_cleanup(move || drop(shown.try_update_value(Option::take)));
    html::div().node_ref(place)
}

/// A mounted survey, with what hears of it. Dropped, it leaves the page.
struct Shown {
    host: HtmlElement,
    prompt: Rc<Prompt>,
    _told: Vec<EventListener>,
}

impl Shown {
    fn new(
        place: &HtmlElement,
        options: &JsValue,
        told: &[(&'static str, Option<Callback<SurveyEvent>>)],
    ) -> Option<Self> {
        let document = window()?.document()?;
        let host: HtmlElement = document.create_element("div").ok()?.dyn_into().ok()?;
        host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open)).ok()?;
        let seen = Closure::<dyn FnMut() -> Promise>::new({
            let host = host.clone();
            move || seen(&host)
        });
        let _ = Reflect::set(&host, &"seen".into(), &seen.into_js_value());
        // At the document, where an event arrives also once the host has left: then it is known by its id.
        let id = Rc::new(RefCell::new(None));
        let told = told.iter().filter_map(|(name, callback)| Some((*name, (*callback)?)));
        let told = told.map(|(name, callback)| {
            let (host, id) = (host.clone(), id.clone());
            EventListener::new(&document, name, move |event| {
                let own = event.target().and_then(|target| target.dyn_into::<Node>().ok());
                let own = own.is_some_and(|target| target.is_same_node(Some(&host)));
                let detail = event.dyn_ref::<CustomEvent>().map(CustomEvent::detail).unwrap_or_default();
                let event: SurveyEvent = serde_wasm_bindgen::from_value(detail).unwrap_or_default();
                if own && event.id.is_some() {
                    id.replace(event.id.clone());
                }
                if own || (event.id.is_some() && *id.borrow() == event.id) {
                    callback.run(event);
                }
            })
        });
        let told = told.collect();
        place.append_child(&host).ok()?;
        Some(Self { prompt: Prompt::mount(host.clone(), options), host, _told: told })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.prompt.unmount(false);
        self.host.remove();
    }
}

/// Comes true once some of the host is in view.
fn seen(host: &HtmlElement) -> Promise {
    Promise::new(&mut |resolve, _| {
        let look = Closure::<dyn FnMut(Array, IntersectionObserver)>::new(
            move |changes: Array, observer: IntersectionObserver| {
                if changes.iter().any(|change| js::text(&change, "isIntersecting").as_deref() == Some("true"))
                {
                    observer.disconnect();
                    let _ = resolve.call0(&JsValue::UNDEFINED);
                }
            },
        );
        if let Ok(observer) = IntersectionObserver::new(look.into_js_value().unchecked_ref()) {
            observer.observe(host);
        }
    })
}

/// Whether this respondent may be asked, by the marks that earlier surveys have left.
fn is_due(survey: &str, quiet: Option<&str>, once: Option<&str>) -> bool {
    let is_quiet = |key: &String| {
        let until = storage::moment(key).unwrap_or_default();
        until > clock::now() && (quiet != Some("0") || until >= recontact::FOREVER)
    };
    let was_shown = once.is_some_and(|once| storage::get(&recontact::once_key(survey, once)).is_some());
    !was_shown && !recontact::quiet_keys(survey).iter().any(is_quiet)
}

fn languages(given: Option<String>) -> Array {
    let Some(window) = window() else { return Array::new() };
    let root = window.document().and_then(|document| document.document_element());
    let page = root.and_then(|root| root.get_attribute("lang"));
    let first: Array = given.into_iter().chain(page).map(JsValue::from).collect();
    first.concat(&window.navigator().languages())
}

//! A host page to test in.

use candor::{Handle, mount};
use js_sys::{JSON, Promise, Reflect, eval};
use std::sync::Once;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, HtmlElement, HtmlInputElement, ShadowRoot, Storage, Window};

static ONCE: Once = Once::new();

pub(crate) const ENDPOINT: &str = "https://collect.example/responses";

pub(crate) fn window() -> Window {
    web_sys::window().unwrap()
}

pub(crate) fn document() -> Document {
    window().document().unwrap()
}

pub(crate) fn storage() -> Storage {
    window().local_storage().unwrap().unwrap()
}

/// Runs JavaScript and gives its value.
pub(crate) fn js(code: &str) -> JsValue {
    eval(code).unwrap()
}

/// Runs JavaScript and gives its value as JSON text.
pub(crate) fn json(code: &str) -> String {
    JSON::stringify(&js(code)).unwrap().into()
}

pub(crate) fn number(code: &str) -> f64 {
    js(code).as_f64().unwrap()
}

/// An empty page: no surveys, nothing stored, nothing sent, a network that answers 204.
pub(crate) async fn fresh() {
    ONCE.call_once(|| {
        js(include_str!("page.js"));
    });
    // What earlier tests still have on its way must find neither storage nor this page.
    js("page.reset()");
    wait(30).await;
    js("page.reset()");
    // English is embedded.
    for tag in candor_survey::LANGUAGES.into_iter().filter(|tag| *tag != "en") {
        let pack = match tag {
            "th" => include_str!("../../locales/th/pack.json"),
            "zh-Hant" => include_str!("../../locales/zh-Hant/pack.json"),
            "vi" => include_str!("../../locales/vi/pack.json"),
            "fa" => include_str!("../../locales/fa/pack.json"),
            "ar" => include_str!("../../locales/ar/pack.json"),
            _ => panic!("tests/widget/page.rs has no pack of {tag}"),
        };
        serve(&format!("https://assets.example/w/{tag}.json"), pack);
    }
}

/// Lets the network answer a GET.
pub(crate) fn serve(url: &str, body: &str) {
    let files = js("page.files");
    Reflect::set(&files, &url.into(), &body.into()).unwrap();
}

pub(crate) async fn wait(ms: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms).unwrap();
    });
    JsFuture::from(promise).await.unwrap();
}

/// Waits until JavaScript says true, at most five seconds.
pub(crate) async fn until(code: &str) {
    for _ in 0..250 {
        if js(code).is_truthy() {
            return;
        }
        wait(20).await;
    }
    panic!("waited in vain for {code}; {}", json("page"));
}

/// A mounted survey.
pub(crate) struct Shown {
    pub(crate) host: HtmlElement,
    pub(crate) root: ShadowRoot,
    pub(crate) handle: Handle,
}

/// Mounts with a configuration in JavaScript, an object's inside: `survey: "nps"`.
pub(crate) fn mount_with(config: &str) -> Shown {
    let host: HtmlElement = js("page.host()").unchecked_into();
    let config = js(&format!(
        r#"({{base: "https://assets.example/w/", endpoint: "{ENDPOINT}", langs: ["en"], {config}}})"#
    ));
    Shown { root: host.shadow_root().unwrap(), handle: mount(host.clone(), &config), host }
}

/// Mounts on an empty page and waits until it is shown.
pub(crate) async fn shown(config: &str) -> Shown {
    fresh().await;
    let shown = mount_with(config);
    until("page.events.some(event => event.name == 'shown')").await;
    shown
}

impl Shown {
    pub(crate) fn all(&self, selector: &str) -> Vec<Element> {
        let list = self.root.query_selector_all(selector).unwrap();
        (0..list.length()).map(|i| list.get(i).unwrap().unchecked_into()).collect()
    }

    pub(crate) fn one(&self, selector: &str) -> HtmlElement {
        let found = self.root.query_selector(selector).unwrap();
        found.unwrap_or_else(|| panic!("{selector} is not there")).unchecked_into()
    }

    pub(crate) fn text(&self, selector: &str) -> String {
        self.one(selector).text_content().unwrap()
    }

    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        self.all(selector).iter().map(|element| element.text_content().unwrap()).collect()
    }

    pub(crate) fn attribute(&self, selector: &str, name: &str) -> String {
        self.one(selector).get_attribute(name).unwrap_or_default()
    }

    pub(crate) fn radio(&self, point: u8) -> HtmlInputElement {
        self.one(&format!("input[value='{point}']")).unchecked_into()
    }

    pub(crate) fn click(&self, selector: &str) {
        self.one(selector).click();
    }

    /// The point that is checked.
    pub(crate) fn checked(&self) -> Option<String> {
        let checked = self.root.query_selector("input:checked").unwrap()?;
        Some(checked.unchecked_into::<HtmlInputElement>().value())
    }

    pub(crate) fn press(&self, selector: &str, key: &str) {
        let press: js_sys::Function = js("page.press").unchecked_into();
        for kind in ["keydown", "keyup"] {
            press.call3(&JsValue::NULL, &self.one(selector), &key.into(), &kind.into()).unwrap();
        }
    }

    /// As an arrow key does it: keydown, then the browser checks the next radio, then keyup.
    pub(crate) fn pass(&self, point: u8) {
        let press: js_sys::Function = js("page.press").unchecked_into();
        let radio = self.radio(point);
        let _ = radio.focus();
        press.call3(&JsValue::NULL, &radio, &"ArrowRight".into(), &"keydown".into()).unwrap();
        radio.click();
        press.call3(&JsValue::NULL, &radio, &"ArrowRight".into(), &"keyup".into()).unwrap();
    }
}

/// The answers of each response that was posted, as JSON.
pub(crate) fn posted(property: &str) -> String {
    json(&format!("page.posts.map(post => post.response.{property})"))
}

/// What the outbox holds, as JSON.
pub(crate) fn outbox() -> String {
    json(
        "Object.keys(localStorage).filter(key => key.startsWith('candor:out:'))
            .map(key => JSON.parse(localStorage[key]).b).map(({revision, state, answers}) => ({revision, state, answers}))",
    )
}

/// The names of the events, in order.
pub(crate) fn events() -> String {
    json("page.events.map(event => event.name)")
}

//! What happens to the page around the survey.

use super::Act;
use crate::{js::window, screen::Action};
use gloo::events::EventListener;
use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, ShadowRoot};

#[wasm_bindgen(module = "/src/view/view.js")]
extern "C" {
    #[wasm_bindgen(js_name = openModal)]
    pub(super) fn open_modal(root: &ShadowRoot);
    #[wasm_bindgen(js_name = keepClear)]
    pub(super) fn keep_clear(host: &HtmlElement, root: &ShadowRoot) -> Function;
}

/// Hears when the page may be going away.
pub(super) fn listen(act: &Act) -> Vec<EventListener> {
    let Some(window) = window() else { return Vec::new() };
    let Some(document) = window.document() else { return Vec::new() };
    let (hiding, leaving, hidden) = (act.clone(), act.clone(), document.clone());
    vec![
        EventListener::new(&document, "visibilitychange", move |_| {
            // Another tab is no end yet, where the page wants one post; what was answered is kept.
            if hidden.hidden() {
                hiding(Action::Settle);
            }
        }),
        EventListener::new(&window, "pagehide", move |_| leaving(Action::Leave)),
    ]
}

//! What happens to the page around the survey.

use super::{Act, as_html};
use crate::{
    js::window,
    screen::Action,
    text::{concat, decimal},
};
use gloo::{events::EventListener, timers::callback::Timeout};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, ShadowRoot};

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

/// Keeps the popover clear of the keyboard of a touch screen, and off whatever has the focus in the page.
pub(super) fn keep_clear(host: &HtmlElement, root: &ShadowRoot) -> Vec<EventListener> {
    let Some(window) = window() else { return Vec::new() };
    let Some(document) = window.document() else { return Vec::new() };
    let mut listeners = Vec::new();
    let wrapper = root.first_element_child().and_then(as_html);
    if let (Some(viewport), Some(wrapper)) = (window.visual_viewport(), wrapper) {
        let visible = viewport.clone();
        listeners.push(EventListener::new(&viewport, "resize", move |_| {
            let inner = window.inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
            // Zooming by pinch shrinks the visual viewport as well; then nothing is in the way.
            let zoomed = visible.scale() > 1.01;
            let hidden = if zoomed { 0 } else { (inner - visible.height() - visible.offset_top()) as u32 };
            // Not the host's, which is the page's element.
            let _ = wrapper.style().set_property("margin-bottom", &concat(&[&decimal(hidden.into()), "px"]));
        }));
    }
    let (page, own, root) = (document.clone(), Element::from(host.clone()), root.clone());
    let avoid = Rc::new(move || {
        let covers = || {
            let focused = page.active_element().filter(|focused| *focused != own && !is_body(focused));
            let card = root.query_selector(".card").ok().flatten();
            let (Some(focused), Some(card)) = (focused, card) else { return false };
            let (theirs, ours) = (focused.get_bounding_client_rect(), card.get_bounding_client_rect());
            theirs.left() < ours.right()
                && ours.left() < theirs.right()
                && theirs.top() < ours.bottom()
                && ours.top() < theirs.bottom()
        };
        // Not under a pointer that is down: its click would miss.
        let is_pressed = !matches!(page.query_selector(":active"), Ok(None));
        // What fills the page is in the way here and there.
        if !is_pressed && covers() && own.toggle_attribute("data-top").is_ok() && covers() {
            let _ = own.toggle_attribute("data-top");
        }
    });
    avoid();
    for kind in ["focusin", "pointerup"] {
        let avoid = avoid.clone();
        listeners.push(EventListener::new(&document, kind, move |_| {
            let avoid = avoid.clone();
            Timeout::new(0, move || avoid()).forget();
        }));
    }
    listeners
}

fn is_body(element: &Element) -> bool {
    element.is_instance_of::<HtmlElement>() && element.tag_name() == "BODY"
}

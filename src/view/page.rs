//! What happens to the page around the survey.

use super::Act;
use crate::{
    js::window,
    screen::Action,
    text::{concat, decimal},
};
use gloo::events::EventListener;
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
    if let Some(viewport) = window.visual_viewport() {
        let (visible, host) = (viewport.clone(), host.clone());
        listeners.push(EventListener::new(&viewport, "resize", move |_| {
            let inner = window.inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
            // Zooming by pinch shrinks the visual viewport as well; then nothing is in the way.
            let zoomed = visible.scale() > 1.01;
            let hidden = if zoomed { 0 } else { (inner - visible.height() - visible.offset_top()) as u32 };
            let _ = host.style().set_property("--candor-keyboard", &concat(&[&decimal(hidden.into()), "px"]));
        }));
    }
    let (page, own, root) = (document.clone(), Element::from(host.clone()), root.clone());
    let avoid = move || {
        let focused = page.active_element().filter(|focused| *focused != own && !is_body(focused));
        let card = root.query_selector(".card").ok().flatten();
        let (Some(focused), Some(card)) = (focused, card) else { return };
        let (theirs, ours) = (focused.get_bounding_client_rect(), card.get_bounding_client_rect());
        let apart = theirs.left() >= ours.right()
            || ours.left() >= theirs.right()
            || theirs.top() >= ours.bottom()
            || ours.top() >= theirs.bottom();
        if !apart {
            let _ = own.toggle_attribute("data-top");
        }
    };
    avoid();
    listeners.push(EventListener::new(&document, "focusin", move |_| avoid()));
    listeners
}

fn is_body(element: &Element) -> bool {
    element.is_instance_of::<HtmlElement>() && element.tag_name() == "BODY"
}

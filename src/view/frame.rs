//! What surrounds every step: the wrapper that keeps the page's styles out, the region, the close button.

use super::{drawing, follow_up, scale, thanks};
use crate::prompt::{Reason, Step, Visit};
use gloo::events::EventListener;
use leptos::{ev, prelude::*};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, Node, ShadowRoot, Window};

/// The element of the page that last had the focus before it came in here.
pub(super) type LastFocus = Rc<RefCell<Option<HtmlElement>>>;

type Key = Box<dyn FnMut(ev::KeyboardEvent)>;

const CROSS: &str = "M6 6l12 12M18 6L6 18";

pub(super) fn frame(visit: &Rc<Visit>, last_focus: LastFocus) -> AnyView {
    let texts = &visit.texts;
    let signal = visit.step.clone();
    let step = move || match signal.get() {
        Step::Ask => "ask",
        Step::FollowUp => "follow-up",
        Step::Thanks => "thanks",
    };
    let closing = visit.clone();
    let close: super::Click = Box::new(move |_| closing.close(Reason::Close));
    let escaping = visit.clone();
    let key: Key = Box::new(move |event| {
        // The page's shortcuts must not fire while someone types here, and Escape closes one thing only. An Escape that
        // ends an input method's composition is the input method's.
        event.stop_propagation();
        if event.key() == "Escape" && !event.is_composing() {
            event.prevent_default();
            escaping.close(Reason::Escape);
        }
    });
    let quiet_key = || -> Key { Box::new(|event| event.stop_propagation()) };
    let entered: Box<dyn FnMut(ev::FocusEvent)> = Box::new(move |event| {
        // From within, the related target is within as well; from the page it is the page's element.
        let from = event.related_target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        let here = event.current_target().and_then(|target| target.dyn_into::<Node>().ok());
        if !here.is_some_and(|here| here.contains(from.as_ref().map(AsRef::as_ref))) {
            last_focus.replace(from);
        }
    });
    let region = texts.get("region");
    let close_name = texts.get("close");
    let privacy = visit.config.privacy.clone().map(|address| {
        let name = texts.get("privacy");
        view! { <a class="privacy" href=address target="_blank" rel="noopener noreferrer">{name}</a> }
            .into_any()
    });
    view! {
        <div class="candor" lang=texts.tag.clone() dir=texts.dir() data-step=step
            on:keydown=key on:keyup=quiet_key() on:keypress=quiet_key() on:focusin=entered>
            <section class="card" role="region" aria-label=region>
                <button type="button" class="close" aria-label=close_name on:click=close>{drawing("icon", CROSS)}</button>
                {scale::scale(visit)}
                {follow_up::follow_up(visit)}
                {thanks::thanks(visit)}
                {privacy}
            </section>
        </div>
    }
    .into_any()
}

/// Makes room below the card for the follow-up, so that its top edge stays where it is when the follow-up appears.
pub(super) fn reserve_room(wrapper: &HtmlElement) {
    let _ = wrapper.set_attribute("data-step", "follow-up");
    keep_height(wrapper);
    let _ = wrapper.set_attribute("data-step", "ask");
}

/// Lets the card not become lower than it is now.
pub(super) fn keep_height(wrapper: &Element) {
    let card = wrapper.first_element_child().and_then(|card| card.dyn_into::<HtmlElement>().ok());
    if let (Some(card), Some(wrapper)) = (card, wrapper.dyn_ref::<HtmlElement>()) {
        let height = u32::try_from(card.offset_height()).unwrap_or_default();
        let _ = wrapper.style().set_property("--room", &[height.to_string().as_str(), "px"].concat());
    }
}

/// Keeps the popover clear of the keyboard of a touch screen, and of whatever has the focus in the page.
pub(super) fn keep_clear(
    window: &Window,
    document: &Document,
    host: &HtmlElement,
    root: &ShadowRoot,
) -> Vec<EventListener> {
    let mut listeners = Vec::new();
    if let Some(viewport) = window.visual_viewport() {
        let (visible, window, host) = (viewport.clone(), window.clone(), host.clone());
        listeners.push(EventListener::new(&viewport, "resize", move |_| {
            let inner = window.inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
            let hidden = inner - visible.height() - visible.offset_top();
            // Zooming by pinch shrinks the visual viewport as well; then nothing is in the way.
            let hidden = if visible.scale() > 1.01 { 0 } else { hidden as u32 };
            let _ =
                host.style().set_property("--candor-keyboard", &[hidden.to_string().as_str(), "px"].concat());
        }));
    }
    let (page, host, root) = (document.clone(), host.clone(), root.clone());
    let avoid = move || {
        let focused = page.active_element().filter(|focused| **focused != **AsRef::<Element>::as_ref(&host));
        let Some(focused) = focused else { return };
        if page.body().is_some_and(|body| *focused == **AsRef::<Element>::as_ref(&body)) {
            return;
        }
        let card = root.query_selector(".card").ok().flatten();
        let Some(card) = card else { return };
        let (theirs, ours) = (focused.get_bounding_client_rect(), card.get_bounding_client_rect());
        let covered = theirs.left() < ours.right()
            && ours.left() < theirs.right()
            && theirs.top() < ours.bottom()
            && ours.top() < theirs.bottom();
        if covered {
            let elsewhere = host.has_attribute("data-top");
            let _ = if elsewhere {
                host.remove_attribute("data-top")
            } else {
                host.set_attribute("data-top", "")
            };
        }
    };
    avoid();
    listeners.push(EventListener::new(document, "focusin", move |_| avoid()));
    listeners
}

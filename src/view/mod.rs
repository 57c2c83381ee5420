//! What is seen. One function a part, each an [`AnyView`](leptos::prelude::AnyView): native controls and CSS hold what is
//! selected, hovered and focused, and the step is an attribute that CSS reads.
//!
//! Nothing here is static and nested at once: Leptos would write such markup through `innerHTML`, which pages with
//! `require-trusted-types-for 'script'` refuse.

mod follow_up;
mod frame;
mod scale;
mod thanks;
mod theme;
mod words;

use crate::{clock::window, prompt::Visit};
use gloo::events::EventListener;
use leptos::prelude::*;
use std::{any::Any, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, ShadowRoot};

/// What to give back to the page: dropping it takes the view and its listeners away.
pub(crate) struct Mounted {
    root: ShadowRoot,
    view: Box<dyn Any>,
    listeners: Vec<EventListener>,
    focus: frame::LastFocus,
}

impl Mounted {
    /// The element that had the focus before it entered the survey, if the focus is inside now.
    pub(crate) fn focus_to_return(&self) -> Option<HtmlElement> {
        self.root.active_element()?;
        self.focus.borrow_mut().take()
    }

    /// Takes the listeners at the page away now, and the view after this task: it may be one of the view's own handlers.
    pub(crate) fn drop_later(self) {
        drop(self.listeners);
        let view = self.view;
        wasm_bindgen_futures::spawn_local(async move { drop(view) });
    }
}

/// Draws the survey in the host's root and shows the host.
pub(crate) fn mount(visit: &Rc<Visit>, host: &HtmlElement, root: &ShadowRoot) -> Mounted {
    theme::adopt(visit, root);
    let focus = frame::LastFocus::default();
    let (drawn, last_focus) = (visit.clone(), focus.clone());
    let view =
        leptos::mount::mount_to(root.clone().unchecked_into(), move || frame::frame(&drawn, last_focus));
    if let Some(wrapper) = root.first_element_child().and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        theme::colour(visit, host, &wrapper);
        if !visit.config.inline {
            let _ = host.set_attribute("popover", "manual");
            let _ = host.show_popover();
            frame::reserve_room(&wrapper);
        }
    }
    Mounted { root: root.clone(), view: Box::new(view), listeners: listeners(visit, host, root), focus }
}

/// Puts the focus on an element without scrolling the page.
pub(crate) fn focus(element: &HtmlElement) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = element.focus_with_options(&options);
}

/// Listeners outside the shadow root.
fn listeners(visit: &Rc<Visit>, host: &HtmlElement, root: &ShadowRoot) -> Vec<EventListener> {
    let Some(window) = window() else { return Vec::new() };
    let Some(document) = window.document() else { return Vec::new() };
    let (hiding, hidden) = (visit.clone(), document.clone());
    let leaving = visit.clone();
    let mut listeners = vec![
        EventListener::new(&document, "visibilitychange", move |_| {
            if hidden.hidden() {
                hiding.leaving();
            }
        }),
        EventListener::new(&window, "pagehide", move |_| leaving.leaving()),
    ];
    if !visit.config.inline {
        listeners.extend(frame::keep_clear(&window, &document, host, root));
    }
    listeners
}

type Click = Box<dyn FnMut(leptos::ev::MouseEvent)>;

fn button(class: &'static str, label: String, click: Click) -> AnyView {
    view! { <button type="button" class=class on:click=click>{label}</button> }.into_any()
}

/// Stroked paths in the colour of the text, unseen by assistive technology.
fn drawing(class: &'static str, path: &'static str) -> AnyView {
    view! {
        <svg class=class viewBox="0 0 24 24" aria-hidden="true">
            <path d=path />
        </svg>
    }
    .into_any()
}

/// The next ancestor that matches, from an event's target.
fn closest(event: &web_sys::Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

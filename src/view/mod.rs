//! What is seen. One function a part, each an [`AnyView`]: native controls and CSS hold what is selected, hovered and
//! focused, and the step is an attribute that CSS reads.
//!
//! Every element is made by [`element`], of one type whatever its tag, and every event is heard at the shadow root: Leptos
//! compiles each combination of tag, attributes, children and handlers anew, which was 12 kB. Nor is
//! anything written through `innerHTML`, as the static parts of `view!` are, which pages with
//! `require-trusted-types-for 'script'` refuse.

mod follow_up;
mod frame;
mod hand;
mod page;
mod scale;
mod thanks;
mod theme;

use crate::{clock::spawn, js, prompt::Visit};
use gloo::events::EventListener;
use js_sys::{Function, Promise};
use leptos::{
    html,
    mount::{UnmountHandle, mount_to},
    prelude::{AddAnyAttr, AnyView, ElementChild, IntoAny},
    tachys::{
        html::attribute::{
            any_attribute::{AnyAttribute, IntoAnyAttribute},
            custom::custom_attribute,
        },
        view::any_view::AnyViewState,
    },
};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement, ShadowRoot};

/// What to give back to the page.
pub(crate) struct Mounted {
    root: ShadowRoot,
    view: UnmountHandle<AnyViewState>,
    listeners: Vec<EventListener>,
    last_focus: LastFocus,
}

/// The element of the page that last had the focus before it came in here.
type LastFocus = Rc<RefCell<Option<HtmlElement>>>;

impl Mounted {
    /// The element that had the focus before it entered the survey, if the focus is inside now.
    pub(crate) fn focus_to_return(&self) -> Option<HtmlElement> {
        self.root.active_element()?;
        self.last_focus.borrow_mut().take()
    }

    /// Takes the listeners away now, and the view after this task, whose event may be on its way through it.
    pub(crate) fn drop_later(self) {
        drop(self.listeners);
        let view = self.view;
        spawn(async move { drop(view) });
    }
}

/// Draws the survey in the host's root and shows the host.
pub(crate) fn mount(visit: &Rc<Visit>, host: &HtmlElement, root: &ShadowRoot) -> Mounted {
    theme::adopt(visit, root);
    let drawn = visit.clone();
    let view = mount_to(root.clone().unchecked_into(), move || frame::frame(&drawn));
    let last_focus = LastFocus::default();
    let mut listeners = hand::listen(visit, root, &last_focus);
    listeners.extend(page::listen(visit));
    if let Some(wrapper) = root.first_element_child().and_then(as_html) {
        theme::colour(visit, host, &wrapper);
        if !visit.config.inline {
            let _ = host.set_attribute("popover", "manual");
            let _ = host.show_popover();
            frame::reserve_room(&wrapper);
            listeners.extend(page::keep_clear(host, root));
        }
    }
    Mounted { root: root.clone(), view, listeners, last_focus }
}

/// Settles once any part of the host is in view; `None` where the host cannot tell.
pub(crate) fn seen(host: &HtmlElement) -> Option<Promise> {
    let seen = js::get(host, "seen")?.dyn_into::<Function>().ok()?;
    seen.call0(host).ok()?.dyn_into().ok()
}

/// Puts the focus on an element without scrolling the page.
pub(crate) fn focus(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = element.focus_with_options(&options);
}

fn element(tag: &'static str, attributes: Vec<AnyAttribute>, children: Vec<AnyView>) -> AnyView {
    html::custom(tag).child(children).add_any_attr(attributes).into_any()
}

fn attribute(name: &'static str, value: &str) -> AnyAttribute {
    custom_attribute(name, value.to_owned()).into_any_attr()
}

fn attributes(pairs: &[(&'static str, &str)]) -> Vec<AnyAttribute> {
    pairs.iter().map(|(name, value)| attribute(name, value)).collect()
}

fn text(text: &str) -> AnyView {
    text.to_owned().into_any()
}

/// `class` says which button it is, to CSS and to `hand.rs`.
fn button(class: &str, label: &str) -> AnyView {
    element("button", attributes(&[("type", "button"), ("class", class)]), vec![text(label)])
}

fn as_html(element: Element) -> Option<HtmlElement> {
    element.dyn_into().ok()
}

fn find(within: &Element, selector: &str) -> Option<HtmlElement> {
    within.query_selector(selector).ok().flatten().and_then(as_html)
}

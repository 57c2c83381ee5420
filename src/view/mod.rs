//! What is seen. One component a part, each an [`AnyView`]: native controls and CSS hold what is selected, hovered and
//! focused, and the step is an attribute that CSS reads.
//!
//! There is no graph of signals: what changes is drawn anew as a whole, and Leptos' renderer changes what differs. Signals were
//! 9 kB for three texts.
//!
//! Every element is made by [`element`], of one type whatever its tag, and every event is heard at the shadow root: Leptos
//! compiles each combination of tag, attributes, children and handlers anew, which was 12 kB. Nor is
//! anything written through `innerHTML`, as the static parts of `view!` are, which pages with
//! `require-trusted-types-for 'script'` refuse.

#![allow(unreachable_pub, reason = "the component macro makes a public type of its properties")]

mod follow_up;
mod frame;
mod hand;
mod page;
mod scale;
mod thanks;
mod theme;

use crate::{
    clock::{spawn, window},
    js,
    prompt::{Step, Visit},
};
use frame::{Frame, FrameProps};
use gloo::events::EventListener;
use js_sys::{Function, Promise};
use leptos::{
    html,
    prelude::{AddAnyAttr, AnyView, ElementChild, IntoAny},
    tachys::{
        html::attribute::custom::custom_attribute,
        view::{Mountable, Render, any_view::AnyViewState},
    },
};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, FocusOptions, HtmlElement, ShadowRoot};

/// How much is drawn: a part with each stage of the start.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Upto {
    /// The question.
    Question,
    /// The points to choose from as well.
    Points,
    /// All that comes after a choice as well.
    Whole,
}

/// What to give back to the page.
pub(crate) struct Mounted {
    root: ShadowRoot,
    view: AnyViewState,
    step: Step,
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

    /// Brings what is drawn to what it is by now. Elements stay, and with them focus, selection and what is being composed.
    pub(crate) fn redraw(&mut self, visit: &Rc<Visit>) {
        self.draw(visit, Upto::Whole);
    }

    fn draw(&mut self, visit: &Rc<Visit>, upto: Upto) {
        let step = visit.step.get();
        let before = (step != self.step).then(|| frame::height(&self.root));
        drawn(visit, upto).rebuild(&mut self.view);
        if let Some(before) = before {
            self.step = step;
            frame::grow(&self.root, before);
        }
    }

    /// Draws the points too.
    pub(crate) fn draw_points(&mut self, visit: &Rc<Visit>) {
        self.draw(visit, Upto::Points);
    }

    /// Lets the browser lay out now what is drawn, not together with the next frame.
    pub(crate) fn lay_out(&self) {
        frame::height(&self.root);
    }

    /// Draws what comes after the question, and listens to the page.
    pub(crate) fn complete(&mut self, visit: &Rc<Visit>, host: &HtmlElement) {
        self.redraw(visit);
        self.listeners.extend(page::listen(visit));
        if !visit.config.inline {
            self.listeners.extend(page::keep_clear(host, &self.root));
        }
    }

    /// Takes the listeners away now, and the view after this task, whose event may be on its way through it.
    pub(crate) fn drop_later(self) {
        drop(self.listeners);
        let mut view = self.view;
        spawn(async move { view.unmount() });
    }
}

/// Opens the host while it is empty, because the browser lays out at once what it opens. Gives the colour scheme.
pub(crate) fn open(visit: &Visit, host: &HtmlElement, root: &ShadowRoot) -> Option<String> {
    theme::adopt(visit, root);
    if !visit.config.inline {
        let _ = host.set_attribute("popover", "manual");
        let _ = host.show_popover();
    }
    theme::scheme(visit, host)
}

/// Draws the question in the host's root.
pub(crate) fn draw(visit: &Rc<Visit>, root: &ShadowRoot, scheme: Option<&str>) -> Mounted {
    let mut view = drawn(visit, Upto::Question).build();
    view.mount(root.unchecked_ref(), None);
    let last_focus = LastFocus::default();
    let listeners = hand::listen(visit, root, &last_focus);
    if let Some(wrapper) = root.first_element_child().and_then(as_html) {
        theme::colour(visit, &wrapper, scheme);
    }
    Mounted { root: root.clone(), view, step: visit.step.get(), listeners, last_focus }
}

fn drawn(visit: &Rc<Visit>, upto: Upto) -> AnyView {
    Frame(FrameProps { visit: visit.clone(), upto }).into_any()
}

/// What the host promises; at once if it promises nothing of the kind.
pub(crate) fn promised(host: &HtmlElement, what: &str) -> JsFuture {
    let promise =
        js::get(host, what).and_then(|promise| promise.dyn_into::<Function>().ok()?.call0(host).ok());
    Promise::resolve(&promise.unwrap_or_default()).into()
}

/// Puts the focus on an element without scrolling the page.
pub(crate) fn focus(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = element.focus_with_options(&options);
}

thread_local! {
    /// Whether the page is HTML, which tells tags in upper case, and not XHTML, which tells them as they were written.
    static TELLS_IN_UPPER_CASE: bool = window()
        .and_then(|window| window.document()?.document_element())
        .is_some_and(|root| root.tag_name() == "HTML");
}

/// An element of any tag, with at most six attributes. Leptos compares tags when it draws one anew, so it gets them as the page
/// tells them: else it would replace the element, and with it focus and selection. Attributes are a tuple, because those in
/// a `Vec` are all taken away and set again, which a live region is not to be put through.
fn element(tag: &str, attributes: &[(&'static str, &str)], children: Vec<AnyView>) -> AnyView {
    debug_assert!(attributes.len() <= 6, "{tag}");
    let tag =
        if TELLS_IN_UPPER_CASE.with(|upper| *upper) { tag.to_ascii_uppercase() } else { tag.to_owned() };
    let mut attributes = attributes.iter();
    let mut next = || {
        let (name, value) =
            attributes.next().map_or(("", None), |(name, value)| (*name, Some((*value).to_owned())));
        custom_attribute(name, value)
    };
    html::custom(tag)
        .child(children)
        .add_any_attr((next(), next(), next(), next(), next(), next()))
        .into_any()
}

fn text(text: &str) -> AnyView {
    text.to_owned().into_any()
}

/// `class` says which button it is, to CSS and to `hand.rs`.
fn button(class: &str, label: &str) -> AnyView {
    element("button", &[("type", "button"), ("class", class)], vec![text(label)])
}

fn as_html(element: Element) -> Option<HtmlElement> {
    element.dyn_into().ok()
}

fn find(within: &Element, selector: &str) -> Option<HtmlElement> {
    within.query_selector(selector).ok().flatten().and_then(as_html)
}

//! What is seen. One component, and a function a part, each an [`AnyView`]: native controls and CSS hold what is selected, hovered and
//! focused, and the step is an attribute that CSS reads.
//!
//! There is no graph of signals: what changes is drawn again as a whole, and Leptos' renderer changes what differs. Signals were
//! 9 kB for three texts.
//!
//! Every element is made by [`element`], of one type whatever its tag, and every event is heard at the shadow root: Leptos
//! compiles each combination of tag, attributes, children and handlers again, which was 12 kB. Nor is
//! anything written through `innerHTML`, as the static parts of `view!` are, which pages with
//! `require-trusted-types-for 'script'` refuse.

#![allow(unreachable_pub, reason = "the component macro makes a public type of its properties")]

mod choice;
mod follow_up;
mod frame;
mod input;
mod page;
mod thanks;
mod theme;

use crate::{
    event,
    js::{self, window},
    screen::{Action, Screen, Step},
    task::spawn,
    text::{FSI, PDI},
};
use candor_survey::Display;
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
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement, ShadowRoot};

/// Who hears what the respondent does.
pub(crate) type Act = Rc<dyn Fn(Action)>;

/// How it stands and looks on its page.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) display: Display,
    /// In which corner.
    pub(crate) on_right: bool,
    pub(crate) at_top: bool,
    /// Light or dark, if the page says so.
    pub(crate) theme: Option<String>,
    pub(crate) accent: Option<String>,
    /// The styles of what few surveys have.
    pub(crate) more: String,
}

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
    display: Display,
    act: Act,
    listeners: Vec<EventListener>,
    /// Ends what keeps a popover clear of what is in the page.
    end: Option<Function>,
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

    /// Brings what is drawn to what it is by now. Elements of a page stay, and with them focus, selection and what is being
    /// composed.
    pub(crate) fn redraw(&mut self, screen: Screen) {
        self.draw(screen, Upto::Whole);
    }

    fn draw(&mut self, screen: Screen, upto: Upto) {
        let step = screen.step;
        let before = (step != self.step).then(|| frame::height(&self.root));
        drawn(screen, upto, self.display).rebuild(&mut self.view);
        if let Some(before) = before {
            self.step = step;
            frame::grow(&self.root, before);
        }
    }

    /// Draws the points too.
    pub(crate) fn draw_points(&mut self, screen: Screen) {
        self.draw(screen, Upto::Points);
    }

    /// Lets the browser lay out now what is drawn, not together with the next frame.
    pub(crate) fn lay_out(&self) {
        frame::height(&self.root);
    }

    /// Draws what comes after the question, and listens to the page.
    pub(crate) fn complete(&mut self, screen: Screen) {
        self.redraw(screen);
        self.listeners.extend(page::listen(&self.act));
        match self.display {
            Display::Popover | Display::Bar => {
                if let Some(host) = as_html(self.root.host()) {
                    self.end = Some(page::keep_clear(&host, &self.root));
                }
            }
            Display::Inline | Display::Modal => {}
        }
    }

    /// Brings what the browser keeps of options to what was chosen and written; with `all`, also points and the text field, as on
    /// a page that is come back to.
    pub(crate) fn hold(&self, is_chosen: &dyn Fn(&str) -> bool, written: [String; 2], all: bool) {
        let [other, text] = written;
        let focused = self.root.active_element().map(JsValue::from);
        let Ok(inputs) = self.root.query_selector_all(if all { "input" } else { ".options input" }) else {
            return;
        };
        for i in 0..inputs.length() {
            let Some(input) = inputs.item(i).and_then(|input| input.dyn_into::<HtmlInputElement>().ok())
            else {
                continue;
            };
            let is_focused = focused.as_ref() == Some(input.as_ref());
            if input.class_name() != "own" {
                input.set_checked(is_chosen(&input.value()));
            } else if !is_focused {
                // Else it is being typed, its last space included.
                input.set_value(&other);
            }
        }
        let field = self.field().and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok());
        // One that went and came again with what is chosen is empty.
        if let Some(field) = field.filter(|field| all || field.value().is_empty()) {
            field.set_value(&text);
        }
    }

    /// Back to where a page begins.
    pub(crate) fn scroll_up(&self) {
        if let Some(card) = self.first(".card") {
            card.set_scroll_top(0);
        }
    }

    fn first(&self, selector: &str) -> Option<HtmlElement> {
        self.root.query_selector(selector).ok().flatten().and_then(as_html)
    }

    /// Where a page is entered: at what is chosen, else at the first that can be.
    pub(crate) fn entrance(&self) -> Option<HtmlElement> {
        self.first(":checked")
            .or_else(|| self.first("fieldset input"))
            .or_else(|| self.field())
            .or_else(|| self.first(".send"))
    }

    /// What comes next at the end, if the focus is inside: the button that had it goes away.
    pub(crate) fn heading(&self) -> Option<HtmlElement> {
        self.root.active_element().and_then(|_| self.first("h2"))
    }

    /// The text field.
    pub(crate) fn field(&self) -> Option<HtmlElement> {
        self.first("textarea")
    }

    /// Takes the listeners away now, and the view after this task, whose event may be on its way through it.
    pub(crate) fn drop_later(self) {
        drop(self.listeners);
        if let Some(end) = self.end {
            let _ = end.call0(&JsValue::UNDEFINED);
        }
        let mut view = self.view;
        spawn(async move { view.unmount() });
    }
}

/// Opens the host while it is empty, because the browser lays out at once what it opens. Gives the colour scheme.
pub(crate) fn open(look: &Look, host: &HtmlElement, root: &ShadowRoot) -> Option<String> {
    theme::adopt(look, root);
    if look.at_top {
        let _ = host.set_attribute("data-top", "");
    }
    let _ = host.set_attribute("data-display", look.display.name());
    match look.display {
        Display::Popover | Display::Bar => {
            let _ = host.set_attribute("popover", "manual");
            let _ = host.show_popover();
        }
        Display::Inline | Display::Modal => {}
    }
    theme::scheme(look, host)
}

/// Draws the question in the host's root.
pub(crate) fn draw(
    screen: Screen,
    root: &ShadowRoot,
    look: &Look,
    scheme: Option<&str>,
    act: Act,
) -> Mounted {
    let step = screen.step;
    let mut view = drawn(screen, Upto::Question, look.display).build();
    view.mount(root.unchecked_ref(), None);
    let last_focus = LastFocus::default();
    let listeners = input::listen(&act, root, &last_focus);
    if look.display == Display::Modal {
        page::open_modal(root);
    }
    if let Some(wrapper) = root.first_element_child().and_then(as_html) {
        let wrong = theme::colour(look, &wrapper, scheme);
        if !wrong.is_empty() {
            event::error(as_html(root.host()).as_ref(), "config", &wrong);
        }
    }
    Mounted { root: root.clone(), view, step, display: look.display, act, listeners, end: None, last_focus }
}

fn drawn(screen: Screen, upto: Upto, display: Display) -> AnyView {
    Frame(FrameProps { screen, upto, display }).into_any()
}

/// Takes the focus from what has it inside.
pub(crate) fn leave(root: &ShadowRoot) {
    if let Some(focused) = root.active_element().and_then(as_html) {
        let _ = focused.blur();
    }
}

/// What the host promises; at once if it promises nothing of the kind.
pub(crate) fn promised(host: &HtmlElement, what: &str) -> JsFuture {
    let promise =
        js::get(host, what).and_then(|promise| promise.dyn_into::<Function>().ok()?.call0(host).ok());
    Promise::resolve(&promise.unwrap_or_default()).into()
}

/// Puts the focus on an element, and leaves the page where it is scrolled if that `stays`.
pub(crate) fn focus(element: &HtmlElement, stays: bool) {
    let options = js::object().with("preventScroll", stays).done();
    let _ = element.focus_with_options(options.unchecked_ref());
}

thread_local! {
    /// Whether the page is HTML, which tells tags in upper case, and not XHTML, which tells them as they were written.
    static TELLS_IN_UPPER_CASE: bool = window()
        .and_then(|window| window.document()?.document_element())
        .is_some_and(|root| root.tag_name() == "HTML");
}

/// An element of any tag, with at most six attributes; an empty value leaves its attribute out. Its classes are its parts, which a page may style. Leptos compares tags when it draws one again, so it gets them as the page
/// tells them: else it would replace the element, and with it focus and selection. Attributes are a tuple, because those in
/// a `Vec` are all taken away and set again, which a live region is not to be put through.
fn element(tag: &str, attributes: &[(&'static str, &str)], children: Vec<AnyView>) -> AnyView {
    debug_assert!(attributes.len() <= 6, "{tag}");
    let tag =
        if TELLS_IN_UPPER_CASE.with(|upper| *upper) { tag.to_ascii_uppercase() } else { tag.to_owned() };
    let part = attributes.iter().find(|(name, _)| *name == "class").map(|(_, class)| ("part", *class));
    let mut attributes = attributes.iter().chain(&part);
    let mut next = || {
        let (name, value) = attributes.next().copied().unwrap_or_default();
        custom_attribute(name, (!value.is_empty()).then(|| value.to_owned()))
    };
    html::custom(tag)
        .child(children)
        .add_any_attr((next(), next(), next(), next(), next(), next(), next()))
        .into_any()
}

fn text(text: &str) -> AnyView {
    text.to_owned().into_any()
}

/// The question's text as nodes; what is isolated in it becomes `<bdi>`.
fn words(words: &str) -> Vec<AnyView> {
    let mut nodes = Vec::new();
    let mut rest = words;
    while let Some((before, after)) = rest.split_once([FSI].as_slice()) {
        let (isolated, after) = after.split_once([PDI].as_slice()).unwrap_or((after, ""));
        nodes.push(text(before));
        nodes.push(element("bdi", &[], vec![text(isolated)]));
        rest = after;
    }
    nodes.push(text(rest));
    nodes
}

fn as_html(element: Element) -> Option<HtmlElement> {
    element.dyn_into().ok()
}

fn find(within: &Element, selector: &str) -> Option<HtmlElement> {
    within.query_selector(selector).ok().flatten().and_then(as_html)
}

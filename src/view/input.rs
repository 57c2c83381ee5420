//! What the respondent does: clicks, keys, focus, each made an [`Action`]. Nothing of it reaches the page: it is heard at the
//! window, before whoever listens there later and all who listen below, and at the shadow root, where that ends which would
//! not leave it anyway.

use super::{Act as Hear, LastFocus, as_html, find, focus};
use crate::{
    js::window,
    screen::{Act, Action, Reason},
    text::{concat, decimal, digit_of},
};
use gloo::{
    events::{EventListener, EventListenerOptions, EventListenerPhase},
    timers::callback::Timeout,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{
    Element, Event, FocusEvent, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent, Node,
    ShadowRoot,
};

/// Digits typed within this time make one number.
const TYPING_MS: u32 = 600;

/// What is nobody's business but the survey's: the page's shortcuts must not fire while someone types here, nor its menus close,
/// nor its form hear of a field that is not its own.
const LEAVING: &str = "click dblclick auxclick contextmenu pointerdown pointerup mousedown mouseup touchstart touchend \
    input beforeinput keydown keyup keypress compositionstart compositionupdate compositionend copy cut paste focusin focusout";

/// How the respondent is on the way to an answer.
struct Input {
    act: Hear,
    /// A key moves over the points; the answer is not settled.
    browsing: Cell<bool>,
    /// The number typed so far.
    typed: Cell<Option<u8>>,
    settle_timer: RefCell<Option<Timeout>>,
    last_focus: LastFocus,
}

pub(super) fn listen(act: &Hear, root: &ShadowRoot, last_focus: &LastFocus) -> Vec<EventListener> {
    let input = Rc::new(Input {
        act: act.clone(),
        browsing: Cell::new(false),
        typed: Cell::new(None),
        settle_timer: RefCell::new(None),
        last_focus: last_focus.clone(),
    });
    let mut listeners = Vec::new();
    // What is told within the root alone, and what somebody has made up without `composed`.
    for kind in ["change", "focusin", "focusout", "click", "input", "keydown"] {
        let input = input.clone();
        let options = EventListenerOptions::enable_prevent_default();
        listeners.push(EventListener::new_with_options(root, kind, options, move |event| {
            if let Some(target) = event.target() {
                input.handle(event, target.unchecked_ref());
            }
        }));
    }
    let Some(window) = window() else { return listeners };
    for kind in LEAVING.split([' '].as_slice()) {
        let (input, root) = (input.clone(), root.clone());
        let options = EventListenerOptions { phase: EventListenerPhase::Capture, passive: false };
        listeners.push(EventListener::new_with_options(&window, kind, options, move |event| {
            let target = event.composed_path().get(0);
            if root.contains(target.dyn_ref()) {
                event.stop_immediate_propagation();
                input.handle(event, target.unchecked_ref());
            }
        }));
    }
    listeners
}

impl Input {
    fn handle(self: &Rc<Self>, event: &Event, target: &Element) {
        match event.type_().as_str() {
            "click" => self.click(target),
            "change" => self.change(target),
            "input" => {
                if let Some(field) = target.dyn_ref::<HtmlTextAreaElement>() {
                    (self.act)(Action::Edit(field.value()));
                } else if target.class_name() == "own" {
                    self.write_other(target, true);
                }
            }
            "keydown" => self.key(event.unchecked_ref(), target),
            "keyup" => self.browsing.set(false),
            "focusin" => self.entered(event.unchecked_ref()),
            "focusout" => self.left(event.unchecked_ref(), target),
            // Only kept from the page.
            _ => {}
        }
    }

    fn click(&self, target: &Element) {
        let button = around(target, "[data-act]");
        let name = button.as_ref().and_then(|button| button.get_attribute("data-act")).unwrap_or_default();
        let Some(act) = Act::ALL.iter().find(|act| act.name() == name) else { return };
        let field = around(target, ".page").and_then(|page| find(&page, "textarea"));
        let field = field.and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok());
        let text = field.map(|field| field.value()).unwrap_or_default();
        (self.act)(match act {
            Act::Next | Act::Skip => Action::Next(text),
            Act::Change => Action::Unfold,
            Act::Back => Action::Back(text),
            Act::Later => Action::Close(Reason::NotNow),
            Act::Never => Action::Close(Reason::Never),
            Act::Close => Action::Close(Reason::Close),
        });
    }

    fn change(&self, target: &Element) {
        let Some(input) = target.dyn_ref::<HtmlInputElement>() else { return };
        let (value, on, browsing) = (input.value(), input.checked(), self.browsing.get());
        if input.class_name() == "own" {
            self.write_other(target, false);
        } else if around(target, ".options").is_some() {
            (self.act)(Action::Pick { option: value, on, browsing });
        } else if let Ok(point) = value.parse() {
            (self.act)(Action::Choose { point, browsing });
        }
    }

    fn write_other(&self, target: &Element, browsing: bool) {
        if let Some(input) = target.dyn_ref::<HtmlInputElement>() {
            (self.act)(Action::WriteOther { text: input.value(), browsing });
        }
    }

    /// Escape, and inside a scale what native radios do not know: Home, End and digits.
    fn key(self: &Rc<Self>, event: &KeyboardEvent, target: &Element) {
        let key = event.key();
        // An Escape that ends the composition of an input method is the input method's; Safari tells it after the end.
        if key == "Escape" && !event.is_composing() && event.key_code() != 229 {
            event.prevent_default();
            return (self.act)(Action::Close(Reason::Escape));
        }
        let Some(group) = around(target, "fieldset") else { return };
        if event.ctrl_key() || event.alt_key() || event.meta_key() || target.class_name() == "own" {
            return;
        }
        self.browsing.set(key.starts_with("Arrow"));
        let point = match key.as_str() {
            "Enter" => return (self.act)(Action::Settle),
            "Home" => find(&group, ".point input"),
            "End" => find(&group, ".point:last-of-type input"),
            key => digit_of(key).and_then(|digit| self.typed(&group, digit)),
        };
        if let Some(point) = point.filter(|_| around(&group, ".scale").is_some()) {
            event.prevent_default();
            self.browsing.set(true);
            focus(&point, true);
            point.click();
        }
    }

    /// The point that is typed with this digit: 1 and 0 make 10.
    fn typed(self: &Rc<Self>, group: &Element, digit: u8) -> Option<HtmlElement> {
        let joined = self.typed.get().map_or(digit, |typed| typed.saturating_mul(10).saturating_add(digit));
        let point = |number: u8| find(group, &concat(&["[value=\"", &decimal(number.into()), "\"]"]));
        let (number, point) = match point(joined) {
            Some(point) => (joined, point),
            None => (digit, point(digit)?),
        };
        self.typed.set(Some(number));
        let input = self.clone();
        let settled = Timeout::new(TYPING_MS, move || {
            input.typed.set(None);
            (input.act)(Action::Settle);
        });
        self.settle_timer.replace(Some(settled));
        Some(point)
    }

    fn entered(&self, event: &FocusEvent) {
        // The root sees only what came from outside; what moves within it comes from an element in it.
        let from = event.related_target().and_then(|from| from.dyn_into::<HtmlElement>().ok());
        let within = from.as_ref().is_some_and(|from| around(from, ".candor").is_some());
        // From another window it comes from no element, and the one before still counts.
        if !within && from.is_some() {
            self.last_focus.replace(from);
        }
    }

    fn left(&self, event: &FocusEvent, target: &Element) {
        let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
        let group = around(target, "fieldset");
        if group.is_some_and(|group| !(to.is_some() && group.contains(to.as_ref()))) {
            (self.act)(Action::Settle);
        }
    }
}

/// The closest of these elements around this one, or itself.
fn around(element: &Element, selector: &str) -> Option<HtmlElement> {
    element.closest(selector).ok().flatten().and_then(as_html)
}

//! What the respondent does: clicks, keys, focus. All of it is heard at the shadow root, and nothing of it leaves.

use super::{LastFocus, as_html, find, focus, follow_up};
use crate::{
    config::concat,
    prompt::{Reason, Visit},
    text::{decimal, digit_of},
};
use gloo::{
    events::{EventListener, EventListenerOptions},
    timers::callback::Timeout,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, FocusEvent, HtmlElement, HtmlInputElement, KeyboardEvent, Node, ShadowRoot};

/// Digits typed within this time make one number.
const TYPING_MS: u32 = 600;

/// How the hand is on the way to a rating.
struct Hand {
    visit: Rc<Visit>,
    /// A key moves over the points; the rating is not settled.
    passing: Cell<bool>,
    /// The number typed so far.
    typed: Cell<Option<u8>>,
    settles: RefCell<Option<Timeout>>,
    last_focus: LastFocus,
}

pub(super) fn listen(visit: &Rc<Visit>, root: &ShadowRoot, last_focus: &LastFocus) -> Vec<EventListener> {
    let hand = Rc::new(Hand {
        visit: visit.clone(),
        passing: Cell::new(false),
        typed: Cell::new(None),
        settles: RefCell::new(None),
        last_focus: last_focus.clone(),
    });
    ["click", "change", "input", "keydown", "keyup", "keypress", "focusin", "focusout"]
        .map(|kind| {
            let hand = hand.clone();
            let handle = move |event: &Event| hand.handle(event);
            EventListener::new_with_options(
                root,
                kind,
                EventListenerOptions::enable_prevent_default(),
                handle,
            )
        })
        .into()
}

impl Hand {
    fn handle(self: &Rc<Self>, event: &Event) {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
            return;
        };
        match event.type_().as_str() {
            "click" => self.click(&target),
            "change" => {
                if let Some(point) =
                    target.dyn_ref::<HtmlInputElement>().and_then(|radio| radio.value().parse().ok())
                {
                    self.visit.choose(point, self.passing.get());
                }
            }
            "input" => follow_up::correct(&self.visit, &target),
            "keydown" => {
                event.stop_propagation();
                self.key(event.unchecked_ref(), &target);
            }
            "keyup" | "keypress" => {
                // The page's shortcuts must not fire while someone types here.
                event.stop_propagation();
                self.passing.set(false);
            }
            "focusin" => self.entered(event.unchecked_ref()),
            _ => self.left(event.unchecked_ref(), &target),
        }
    }

    fn click(&self, target: &Element) {
        let Some(button) = target.closest("button").ok().flatten() else { return };
        let visit = &self.visit;
        match button.class_name().as_str() {
            "close" => visit.close(Reason::Close),
            "plain later" => visit.close(Reason::NotNow),
            "plain never" => visit.close(Reason::Never),
            _ => follow_up::send(visit, &button),
        }
    }

    /// Escape, and inside the scale what a native radio group does not know: Home, End and digits.
    fn key(self: &Rc<Self>, event: &KeyboardEvent, target: &Element) {
        let key = event.key();
        // An Escape that ends the composition of an input method is the input method's.
        if key == "Escape" && !event.is_composing() {
            event.prevent_default();
            return self.visit.close(Reason::Escape);
        }
        let Some(group) = target.closest("fieldset").ok().flatten() else { return };
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        self.passing.set(key.starts_with("Arrow"));
        let scale = self.visit.scale();
        let point = match key.as_str() {
            "Home" => scale.min(),
            "End" => scale.max(),
            "Enter" => return self.visit.commit(),
            key => match digit_of(key).and_then(|digit| self.typed(digit)) {
                Some(point) => point,
                None => return,
            },
        };
        event.prevent_default();
        self.passing.set(true);
        if let Some(radio) = find(&group, &concat(&["input[value=\"", &decimal(point.into()), "\"]"])) {
            focus(&radio);
            radio.click();
        }
    }

    /// The point that is typed with this digit: 1 and 0 make 10.
    fn typed(self: &Rc<Self>, digit: u8) -> Option<u8> {
        let points = self.visit.scale().points();
        let joined = self.typed.get().map(|typed| typed.saturating_mul(10).saturating_add(digit));
        let point = joined.into_iter().chain([digit]).find(|point| points.contains(point))?;
        self.typed.set(Some(point));
        let hand = self.clone();
        let settled = Timeout::new(TYPING_MS, move || {
            hand.typed.set(None);
            hand.visit.commit();
        });
        self.settles.replace(Some(settled));
        Some(point)
    }

    fn entered(&self, event: &FocusEvent) {
        // The root sees only what came from outside; what moves within it comes from an element in it.
        let from = event.related_target().and_then(|from| from.dyn_into::<HtmlElement>().ok());
        let within = from.as_ref().is_some_and(|from| from.closest(".candor").ok().flatten().is_some());
        // From another window it comes from no element, and the one before still counts.
        if !within && from.is_some() {
            self.last_focus.replace(from);
        }
    }

    fn left(&self, event: &FocusEvent, target: &Element) {
        let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
        let group = target.closest("fieldset").ok().flatten().and_then(as_html);
        if group.is_some_and(|group| !(to.is_some() && group.contains(to.as_ref()))) {
            self.visit.commit();
        }
    }
}

//! The open question below the scale.

use super::{as_html, attribute, attributes, button, element, find, focus, frame, text};
use crate::prompt::{Step, Visit};
use candor_survey::Kind;
use leptos::prelude::{AnyView, GetUntracked, IntoAny, Set};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement};

pub(super) fn follow_up(visit: &Rc<Visit>) -> AnyView {
    let texts = &visit.texts;
    let mut parts = Vec::new();
    if visit.session.borrow().question(Kind::Text).is_some() {
        let hint = element("span", vec![attribute("class", "hint")], vec![text(&texts.get("comment-hint"))]);
        let label = vec![visit.follow_up.clone().into_any(), text(" "), hint];
        parts.push(element("label", vec![attribute("for", "comment")], label));
        let comment = attributes(&[("id", "comment"), ("rows", "3"), ("aria-describedby", "error")]);
        parts.push(element("textarea", comment, Vec::new()));
        let error = attributes(&[("id", "error"), ("class", "error")]);
        parts.push(element("p", error, vec![visit.error.clone().into_any()]));
    }
    let buttons = vec![
        button("send", &texts.get("send")),
        button("plain later", &texts.get("not-now")),
        button("plain never", &texts.get("never")),
    ];
    parts.push(element("div", vec![attribute("class", "actions")], buttons));
    element("div", vec![attribute("class", "follow-up")], parts)
}

/// Sends the comment, empty or not.
pub(super) fn send(visit: &Rc<Visit>, button: &Element) {
    let Some(wrapper) = button.closest(".candor").ok().flatten().and_then(as_html) else { return };
    let field = find(&wrapper, "textarea");
    let comment = field.as_ref().and_then(|field| field.dyn_ref::<HtmlTextAreaElement>());
    let focused = wrapper.matches(":focus-within").unwrap_or_default();
    frame::keep_height(&wrapper);
    if visit.complete(&comment.map(HtmlTextAreaElement::value).unwrap_or_default()).is_ok() {
        frame::set_step(&wrapper, Step::Thanks);
        // The button that had the focus is gone; the heading is what comes next.
        if let (true, Some(heading)) = (focused, find(&wrapper, "h2")) {
            focus(&heading);
        }
    } else if let Some(field) = field {
        visit.error.set(visit.too_long());
        let _ = field.set_attribute("aria-invalid", "true");
        focus(&field);
    }
}

/// The comment was changed: what was wrong with it may be right now.
pub(super) fn correct(visit: &Visit, field: &Element) {
    if !visit.error.get_untracked().is_empty() {
        visit.error.set(String::new());
        let _ = field.remove_attribute("aria-invalid");
    }
}

//! The open question below the scale.

use super::{as_html, button, element, find, focus, text};
use crate::prompt::Visit;
use candor_survey::Kind;
use leptos::prelude::{AnyView, component};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement};

/// The field for a comment, and the ways out.
#[component]
pub(super) fn FollowUp(visit: Rc<Visit>) -> AnyView {
    let texts = &visit.texts;
    let mut parts = Vec::new();
    if visit.session.borrow().question(Kind::Text).is_some() {
        let hint = element("span", &[("class", "hint")], vec![text(&texts.get("comment-hint"))]);
        let label = vec![text(&visit.follow_up()), text(" "), hint];
        parts.push(element("label", &[("for", "comment")], label));
        let comment = [("id", "comment"), ("rows", "3"), ("aria-describedby", "error")];
        parts.push(element("textarea", &comment, Vec::new()));
        let error = [("id", "error"), ("class", "error")];
        parts.push(element("p", &error, vec![text(&visit.error.borrow())]));
    }
    let buttons = vec![
        button("send", &texts.get("send")),
        button("plain later", &texts.get("not-now")),
        button("plain never", &texts.get("never")),
    ];
    parts.push(element("div", &[("class", "actions")], buttons));
    element("div", &[("class", "follow-up")], parts)
}

/// Sends the comment, empty or not.
pub(super) fn send(visit: &Rc<Visit>, button: &Element) {
    let Some(wrapper) = button.closest(".candor").ok().flatten().and_then(as_html) else { return };
    let field = find(&wrapper, "textarea");
    let comment = field.as_ref().and_then(|field| field.dyn_ref::<HtmlTextAreaElement>());
    let focused = wrapper.matches(":focus-within").unwrap_or_default();
    if visit.complete(&comment.map(HtmlTextAreaElement::value).unwrap_or_default()).is_ok() {
        // The button that had the focus is gone; the heading is what comes next.
        if let (true, Some(heading)) = (focused, find(&wrapper, "h2")) {
            focus(&heading);
        }
    } else if let Some(field) = field {
        visit.object(visit.too_long());
        let _ = field.set_attribute("aria-invalid", "true");
        focus(&field);
    }
}

/// The comment was changed: what was wrong with it may be right now.
pub(super) fn correct(visit: &Rc<Visit>, field: &Element) {
    if !visit.error.borrow().is_empty() {
        visit.object(String::new());
        let _ = field.remove_attribute("aria-invalid");
    }
}

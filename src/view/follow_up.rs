//! The open question of a page, and the ways on.

use super::{element, text};
use crate::screen::{Act, Screen};
use leptos::prelude::{AnyView, component};
use std::rc::Rc;

/// The field for a text, and the buttons.
#[component]
pub(super) fn FollowUp(screen: Rc<Screen>) -> AnyView {
    let mut parts = Vec::new();
    if let Some(field) = &screen.field {
        let hint = element("span", &[("class", "hint")], vec![text(&field.hint)]);
        let label = vec![text(&field.question), text(" "), hint];
        parts.push(element("label", &[("for", "comment")], label));
        let is_wrong = if field.error.is_empty() { "false" } else { "true" };
        let comment =
            [("id", "comment"), ("rows", "3"), ("aria-describedby", "error"), ("aria-invalid", is_wrong)];
        parts.push(element("textarea", &comment, Vec::new()));
        parts.push(element("p", &[("id", "error"), ("class", "error")], vec![text(&field.error)]));
    }
    let buttons = screen.buttons.iter().map(|(act, label)| {
        let class = if *act == Act::Next { "send" } else { "plain" };
        element(
            "button",
            &[("type", "button"), ("class", class), ("data-act", act.name())],
            vec![text(label)],
        )
    });
    parts.push(element("div", &[("class", "actions")], buttons.collect()));
    element("div", &[("class", "follow-up")], parts)
}

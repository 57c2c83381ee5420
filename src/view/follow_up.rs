//! The open question of a page, and the ways on.

use super::{element, text};
use crate::screen::{Act, Screen};
use leptos::prelude::AnyView;

/// The field for a text, and the buttons.
pub(super) fn follow_up(screen: &Screen) -> AnyView {
    let mut parts = Vec::new();
    if let Some(field) = &screen.field {
        let hint = element("span", &[("class", "hint")], vec![text(&field.hint)]);
        let label = vec![text(&field.question), text(" "), hint];
        parts.push(element("label", &[("for", "comment")], label));
        let is_wrong = if field.error.is_empty() { "false" } else { "true" };
        let comment = [
            ("id", "comment"),
            ("class", "field"),
            ("rows", "2"),
            // The respondent's language, not the survey's.
            ("dir", "auto"),
            ("aria-describedby", "error"),
            ("aria-invalid", is_wrong),
        ];
        // Above it, where neither a keyboard nor the buttons lie over it.
        parts.push(element("p", &[("id", "error"), ("class", "error")], vec![text(&field.error)]));
        parts.push(element("textarea", &comment, Vec::new()));
    }
    parts.push(element("div", &[("class", "actions")], buttons(&screen.buttons)));
    element("div", &[("class", "follow-up")], parts)
}

/// Buttons, of which the one that leads on stands out.
pub(super) fn buttons(labels: &[(Act, String)]) -> Vec<AnyView> {
    let mut buttons = Vec::new();
    for (act, label) in labels {
        let class = if *act == Act::Next { "send" } else { "plain" };
        let button = [("type", "button"), ("class", class), ("data-act", act.name())];
        buttons.push(element("button", &button, vec![text(label)]));
    }
    buttons
}

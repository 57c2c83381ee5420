//! The open question of a page, and the ways on.

use super::{element, text, words};
use crate::screen::{Act, Screen};
use leptos::prelude::AnyView;

/// The field for a text, and the buttons.
pub(super) fn follow_up(screen: &Screen) -> AnyView {
    let mut parts = Vec::new();
    if let Some((message, link)) = &screen.message {
        parts.push(element("p", &[("id", "question"), ("class", "question")], words(message)));
        if let Some((href, label)) = link {
            parts.push(self::link("link", href, label, screen));
        }
    }
    if let Some(field) = &screen.field {
        let hint = element("span", &[("class", "hint")], vec![text(&field.hint)]);
        let label = vec![text(&field.question), text(" "), hint];
        parts.push(element("label", &[("for", "comment")], label));
        let is_wrong = if screen.error.is_empty() { "false" } else { "true" };
        let comment = [
            ("id", "comment"),
            ("class", "field"),
            ("rows", "2"),
            // The respondent's language, not the survey's.
            ("dir", "auto"),
            ("aria-describedby", if field.count.is_some() { "error count" } else { "error" }),
            ("aria-invalid", is_wrong),
        ];
        // Above the field, where neither a keyboard nor the buttons lie over it.
        parts.push(element("p", &[("id", "error"), ("class", "error")], vec![text(&screen.error)]));
        if let Some(count) = &field.count {
            parts.push(element("p", &[("id", "count"), ("class", "hint")], vec![text(count)]));
        }
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

/// A link, which leads out of the page into a tab of its own.
pub(super) fn link(class: &str, href: &str, words: &str, screen: &Screen) -> AnyView {
    let link = [("class", class), ("target", "_blank"), ("rel", "noopener noreferrer"), ("href", href)];
    let new_tab = element("span", &[("class", "unseen")], vec![text(" "), text(&screen.new_tab)]);
    element("a", &link, vec![text(words), new_tab])
}

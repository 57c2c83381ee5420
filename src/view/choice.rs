//! A question that is answered by choosing: a native group of radios or checkboxes, so that Tab, arrows, names and right-to-left
//! come from the browser.

use super::{Upto, element, text, words};
use crate::{
    screen::{Act, Asked, Control, Item},
    text::{concat, decimal},
};
use candor_survey::{Look, limits::MAX_OTHER_CHARS};
use leptos::prelude::AnyView;

/// The question, and what there is to choose from.
pub(super) fn choice(choice: &Asked, locale: &str, upto: Upto) -> AnyView {
    let mut legend = words(&choice.question);
    if let Some(hint) = &choice.hint {
        legend.push(text(" "));
        let class = if choice.is_wrong { "error" } else { "hint" };
        legend.push(element("span", &[("class", class)], vec![text(hint)]));
    }
    let is_scale = matches!(choice.control, Control::Points { .. });
    let mut faces = Vec::new();
    if upto > Upto::Question {
        for item in &choice.items {
            faces.push(face(item, matches!(choice.control, Control::Options { is_many: true, .. })));
        }
    }
    let class = match &choice.control {
        Control::Points { look: Look::Stars, .. } => "points numbers stars",
        Control::Points { look: Look::Smileys, .. } => "points labels row drawn smileys",
        Control::Points { look: Look::Thumbs, .. } => "points labels row drawn thumbs",
        Control::Points { ends: Some(_), .. } => "points numbers",
        // More words than these don't stand side by side.
        Control::Points { .. } if choice.items.len() > 7 => "points labels",
        Control::Points { .. } => "points labels row",
        Control::Options { .. } => "points",
    };
    let mut parts = vec![
        element("legend", &[("id", "question"), ("class", "question")], legend),
        element("div", &[("class", class)], faces),
    ];
    match &choice.control {
        Control::Points { ends, description, chosen, .. } => {
            if let Some([low, high]) = ends {
                let ends = [("class", "ends"), ("aria-hidden", "true")];
                parts.push(element("div", &ends, vec![end(low), end(high)]));
            }
            parts.push(element("p", &[("id", "ends"), ("class", "unseen")], vec![text(description)]));
            if let Some([point, change]) = chosen {
                let button = [("type", "button"), ("class", "plain"), ("data-act", Act::Change.name())];
                let point = element("b", &[], vec![text(point)]);
                let change = element("button", &button, vec![text(change)]);
                parts.push(element("div", &[("class", "fold")], vec![point, change]));
            }
        }
        Control::Options { other: Some(label), .. } if upto > Upto::Question => parts.push(other(label)),
        Control::Options { .. } => {}
    }
    let count = decimal(choice.items.len() as u64);
    let (class, role, description) =
        if is_scale { ("scale", "radiogroup", "ends") } else { ("options", "group", "") };
    let group = [
        ("class", class),
        ("role", role),
        ("lang", locale),
        ("data-points", &*count),
        ("aria-labelledby", "question"),
        ("aria-describedby", description),
    ];
    element("fieldset", &group, parts)
}

fn face(item: &Item, is_many: bool) -> AnyView {
    let kind = if is_many { "checkbox" } else { "radio" };
    let input = [("type", kind), ("name", "choice"), ("autocomplete", "off"), ("value", &*item.value)];
    let mut seen = Vec::new();
    for (class, words) in [("number", &item.number), ("label", &item.label)] {
        if let Some(words) = words {
            if !seen.is_empty() {
                seen.push(text(" "));
            }
            seen.push(element("span", &[("class", class)], vec![text(words)]));
        }
    }
    let face = element("span", &[("class", "face")], seen);
    element("label", &[("class", "point")], vec![element("input", &input, Vec::new()), face])
}

fn end((number, meaning): &(String, String)) -> AnyView {
    element("span", &[], vec![element("b", &[], vec![text(number)]), text(" "), text(meaning)])
}

/// The field for an answer of one's own.
fn other(label: &str) -> AnyView {
    let max = decimal(MAX_OTHER_CHARS as u64);
    let input =
        [("type", "text"), ("class", "own"), ("dir", "auto"), ("autocomplete", "off"), ("maxlength", &*max)];
    let label = element("span", &[], vec![text(&concat(&[label, " "]))]);
    element("label", &[("class", "other")], vec![label, element("input", &input, Vec::new())])
}

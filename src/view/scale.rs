//! The rating: a native radio group, so that Tab, arrows, names and right-to-left come from the browser.

use super::{Upto, element, text, words};
use crate::{
    screen::{Control, Item, Screen},
    text::decimal,
};
use leptos::prelude::{AnyView, component};
use std::rc::Rc;

/// The question and its points.
#[component]
pub(super) fn Scale(screen: Rc<Screen>, upto: Upto) -> AnyView {
    let Some(choice) = &screen.choice else { return text("") };
    let Control::Points { points, ends, description } = &choice.control else { return text("") };
    let faces = points.iter().filter(|_| upto > Upto::Question).map(face).collect();
    let class = if ends.is_none() { "points labels" } else { "points numbers" };
    let mut parts = vec![
        element("legend", &[("id", "question")], words(&choice.question)),
        element("div", &[("class", class)], faces),
    ];
    if let Some([low, high]) = ends {
        let ends = [("class", "ends"), ("aria-hidden", "true")];
        parts.push(element("div", &ends, vec![end(low), end(high)]));
    }
    parts.push(element("p", &[("id", "ends"), ("class", "unseen")], vec![text(description)]));
    let count = decimal(points.len() as u64);
    let group = [
        ("class", "scale"),
        ("role", "radiogroup"),
        ("lang", &*screen.locale),
        ("data-points", &*count),
        ("aria-labelledby", "question"),
        ("aria-describedby", "ends"),
    ];
    element("fieldset", &group, parts)
}

fn face(point: &Item) -> AnyView {
    let radio = [("type", "radio"), ("name", "rating"), ("autocomplete", "off"), ("value", &*point.value)];
    let mut seen = vec![element("span", &[("class", "number")], vec![text(&point.text)])];
    if let Some(label) = &point.label {
        seen.push(text(" "));
        seen.push(element("span", &[("class", "label")], vec![text(label)]));
    }
    let face = element("span", &[("class", "face")], seen);
    element("label", &[("class", "point")], vec![element("input", &radio, Vec::new()), face])
}

fn end((number, meaning): &(String, String)) -> AnyView {
    element("span", &[], vec![element("b", &[], vec![text(number)]), text(" "), text(meaning)])
}

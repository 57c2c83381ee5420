//! The rating: a native radio group, so that Tab, arrows, names and right-to-left come from the browser.

use super::{Upto, element, text};
use crate::{
    config::concat,
    prompt::Visit,
    text::{FSI, PDI, decimal, fill},
};
use leptos::prelude::{AnyView, component};
use std::rc::Rc;

/// The question and its points.
#[component]
pub(super) fn Scale(visit: Rc<Visit>, upto: Upto) -> AnyView {
    let texts = &visit.texts;
    let scale = visit.scale();
    let labels = visit.has_labels();
    let [low, high] = visit.ends();
    let (min, max) = (texts.number(scale.min().into()), texts.number(scale.max().into()));

    let mut faces = Vec::new();
    for point in scale.points().filter(|_| upto > Upto::Question) {
        let label = labels.then(|| match point {
            p if p == scale.min() => low.clone(),
            p if p == scale.max() => high.clone(),
            p => texts.get(&concat(&["csat-", &decimal(p.into())])),
        });
        faces.push(face(point, &texts.number(point.into()), label.as_deref()));
    }
    let values = [("min", Some(&*min)), ("low", Some(&*low)), ("max", Some(&*max)), ("high", Some(&*high))];
    let description = fill(&texts.get("ends"), &values).unwrap_or_default();

    let points = if labels { "points labels" } else { "points numbers" };
    let mut parts = vec![
        element("legend", &[("id", "question")], words(&visit.question())),
        element("div", &[("class", points)], faces),
    ];
    if !labels {
        let ends = [("class", "ends"), ("aria-hidden", "true")];
        parts.push(element("div", &ends, vec![end(&min, &low), end(&max, &high)]));
    }
    parts.push(element("p", &[("id", "ends"), ("class", "unseen")], vec![text(&description)]));
    let (locale, count) = (visit.locale(), decimal(scale.len() as u64));
    let group = [
        ("class", "scale"),
        ("role", "radiogroup"),
        ("lang", &*locale),
        ("data-points", &*count),
        ("aria-labelledby", "question"),
        ("aria-describedby", "ends"),
    ];
    element("fieldset", &group, parts)
}

fn face(point: u8, number: &str, label: Option<&str>) -> AnyView {
    let value = decimal(point.into());
    let radio = [("type", "radio"), ("name", "rating"), ("autocomplete", "off"), ("value", &*value)];
    let mut seen = vec![element("span", &[("class", "number")], vec![text(number)])];
    if let Some(label) = label {
        seen.push(text(" "));
        seen.push(element("span", &[("class", "label")], vec![text(label)]));
    }
    let face = element("span", &[("class", "face")], seen);
    element("label", &[("class", "point")], vec![element("input", &radio, Vec::new()), face])
}

fn end(number: &str, meaning: &str) -> AnyView {
    element("span", &[], vec![element("b", &[], vec![text(number)]), text(" "), text(meaning)])
}

/// Text as nodes; what is isolated in it becomes `<bdi>`.
fn words(words: &str) -> Vec<AnyView> {
    let mut nodes = Vec::new();
    let mut rest = words;
    while let Some((before, after)) = rest.split_once(FSI) {
        let (isolated, after) = after.split_once(PDI).unwrap_or((after, ""));
        nodes.push(text(before));
        nodes.push(element("bdi", &[], vec![text(isolated)]));
        rest = after;
    }
    nodes.push(text(rest));
    nodes
}

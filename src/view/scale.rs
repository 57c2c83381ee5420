//! The rating: a native radio group, so that Tab, arrows, names and right-to-left come from the browser.

use super::{attribute, attributes, element, text};
use crate::{
    config::concat,
    prompt::Visit,
    text::{FSI, PDI, fill},
};
use leptos::prelude::AnyView;
use std::rc::Rc;

pub(super) fn scale(visit: &Rc<Visit>) -> AnyView {
    let texts = &visit.texts;
    let scale = visit.scale();
    let labels = visit.has_labels();
    let [low, high] = visit.ends();
    let (min, max) = (texts.number(scale.min().into()), texts.number(scale.max().into()));

    let mut faces = Vec::new();
    for point in scale.points() {
        let label = labels.then(|| match point {
            p if p == scale.min() => low.clone(),
            p if p == scale.max() => high.clone(),
            p => texts.get(&concat(&["csat-", &p.to_string()])),
        });
        faces.push(face(point, &texts.number(point.into()), label.as_deref()));
    }
    let values = [("min", Some(&*min)), ("low", Some(&*low)), ("max", Some(&*max)), ("high", Some(&*high))];
    let description = fill(&texts.get("ends"), &values).unwrap_or_default();

    let points = if labels { "points labels" } else { "points numbers" };
    let mut parts = vec![
        element("legend", vec![attribute("id", "question")], words(&visit.question())),
        element("div", vec![attribute("class", points)], faces),
    ];
    if !labels {
        let ends = attributes(&[("class", "ends"), ("aria-hidden", "true")]);
        parts.push(element("div", ends, vec![end(&min, &low), end(&max, &high)]));
    }
    parts.push(element("p", attributes(&[("id", "ends"), ("class", "unseen")]), vec![text(&description)]));
    let group = attributes(&[
        ("class", "scale"),
        ("role", "radiogroup"),
        ("lang", &visit.locale()),
        ("data-points", &scale.len().to_string()),
        ("aria-labelledby", "question"),
        ("aria-describedby", "ends"),
    ]);
    element("fieldset", group, parts)
}

fn face(point: u8, number: &str, label: Option<&str>) -> AnyView {
    let radio = attributes(&[
        ("type", "radio"),
        ("name", "rating"),
        ("autocomplete", "off"),
        ("value", &point.to_string()),
    ]);
    let mut seen = vec![element("span", vec![attribute("class", "number")], vec![text(number)])];
    if let Some(label) = label {
        seen.push(text(" "));
        seen.push(element("span", vec![attribute("class", "label")], vec![text(label)]));
    }
    let face = element("span", vec![attribute("class", "face")], seen);
    element("label", vec![attribute("class", "point")], vec![element("input", radio, Vec::new()), face])
}

fn end(number: &str, meaning: &str) -> AnyView {
    element("span", Vec::new(), vec![element("b", Vec::new(), vec![text(number)]), text(" "), text(meaning)])
}

/// Text as nodes; what is isolated in it becomes `<bdi>`.
fn words(words: &str) -> Vec<AnyView> {
    let mut nodes = Vec::new();
    let mut rest = words;
    while let Some((before, after)) = rest.split_once(FSI) {
        let (isolated, after) = after.split_once(PDI).unwrap_or((after, ""));
        nodes.push(text(before));
        nodes.push(element("bdi", Vec::new(), vec![text(isolated)]));
        rest = after;
    }
    nodes.push(text(rest));
    nodes
}

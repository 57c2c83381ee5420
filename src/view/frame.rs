//! What surrounds every step: the wrapper that keeps the page's styles out, the region, the close button.

use super::{as_html, attribute, attributes, element, follow_up, scale, text, thanks};
use crate::{
    config::concat,
    prompt::{Step, Visit},
};
use leptos::{
    prelude::AnyView,
    tachys::html::attribute::{any_attribute::IntoAnyAttribute, custom::custom_attribute},
};
use std::rc::Rc;
use web_sys::{Element, HtmlElement};

const STEP: &str = "data-step";

/// Shows another step at once. The view follows its signal a moment later, too late for what is to be focused or measured.
pub(super) fn set_step(wrapper: &Element, step: Step) {
    let _ = wrapper.set_attribute(STEP, step.name());
}

pub(super) fn frame(visit: &Rc<Visit>) -> AnyView {
    let texts = &visit.texts;
    let mut wrapper = attributes(&[("class", "candor"), ("lang", &texts.tag), ("dir", texts.dir())]);
    wrapper.push(custom_attribute(STEP, visit.step_name.clone()).into_any_attr());
    let card = attributes(&[("class", "card"), ("role", "region"), ("aria-label", &texts.get("region"))]);
    let close = attributes(&[("type", "button"), ("class", "close"), ("aria-label", &texts.get("close"))]);
    let mut parts = vec![
        element("button", close, Vec::new()),
        scale::scale(visit),
        follow_up::follow_up(visit),
        thanks::thanks(visit),
    ];
    if let Some(address) = &visit.config.privacy {
        let mut link =
            attributes(&[("class", "privacy"), ("target", "_blank"), ("rel", "noopener noreferrer")]);
        link.push(attribute("href", address));
        parts.push(element("a", link, vec![text(&texts.get("privacy"))]));
    }
    element("div", wrapper, vec![element("section", card, parts)])
}

/// Makes room below the card for the follow-up, so that its top edge stays where it is when the follow-up appears.
pub(super) fn reserve_room(wrapper: &HtmlElement) {
    set_step(wrapper, Step::FollowUp);
    keep_height(wrapper);
    set_step(wrapper, Step::Ask);
}

/// Lets the card not become lower than it is now.
pub(super) fn keep_height(wrapper: &HtmlElement) {
    if let Some(card) = wrapper.first_element_child().and_then(as_html) {
        let height = card.offset_height().unsigned_abs().to_string();
        let _ = wrapper.style().set_property("--room", &concat(&[&height, "px"]));
    }
}

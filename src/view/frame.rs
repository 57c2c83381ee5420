//! What surrounds every step: the wrapper that keeps the page's styles out, the region, the close button.

use super::{
    as_html, element,
    follow_up::{FollowUp, FollowUpProps},
    scale::{Scale, ScaleProps},
    text,
    thanks::{Thanks, ThanksProps},
};
use crate::{
    config::concat,
    prompt::{Step, Visit},
    text::decimal,
};
use leptos::prelude::{AnyView, IntoAny, component};
use std::rc::Rc;
use web_sys::HtmlElement;

const STEP: &str = "data-step";

/// All of it, as it is at this moment.
#[component]
pub(super) fn Frame(visit: Rc<Visit>) -> AnyView {
    let texts = &visit.texts;
    let wrapper =
        [("class", "candor"), ("lang", &texts.tag), ("dir", texts.dir()), (STEP, visit.step.get().name())];
    let (region, close) = (texts.get("region"), texts.get("close"));
    let card = [("class", "card"), ("role", "region"), ("aria-label", &*region)];
    let close = [("type", "button"), ("class", "close"), ("aria-label", &*close)];
    let mut parts = vec![
        element("button", &close, Vec::new()),
        Scale(ScaleProps { visit: visit.clone() }).into_any(),
        FollowUp(FollowUpProps { visit: visit.clone() }).into_any(),
        Thanks(ThanksProps { visit: visit.clone() }).into_any(),
    ];
    if let Some(address) = &visit.config.privacy {
        let link =
            [("class", "privacy"), ("target", "_blank"), ("rel", "noopener noreferrer"), ("href", address)];
        parts.push(element("a", &link, vec![text(&texts.get("privacy"))]));
    }
    element("div", &wrapper, vec![element("section", &card, parts)])
}

/// Makes room below the card for the follow-up, so that its top edge stays where it is when the follow-up appears.
pub(super) fn reserve_room(wrapper: &HtmlElement) {
    let set_step = |step: Step| _ = wrapper.set_attribute(STEP, step.name());
    set_step(Step::FollowUp);
    keep_height(wrapper);
    set_step(Step::Ask);
}

/// Lets the card not become lower than it is now.
pub(super) fn keep_height(wrapper: &HtmlElement) {
    if let Some(card) = wrapper.first_element_child().and_then(as_html) {
        let height = decimal(card.offset_height().unsigned_abs().into());
        let _ = wrapper.style().set_property("--room", &concat(&[&height, "px"]));
    }
}

//! What surrounds every step: the wrapper that keeps the page's styles out, the region, the close button.

use super::{
    Upto, as_html, element,
    follow_up::{FollowUp, FollowUpProps},
    scale::{Scale, ScaleProps},
    text,
    thanks::{Thanks, ThanksProps},
};
use crate::{config::concat, prompt::Visit, text::decimal};
use leptos::prelude::{AnyView, IntoAny, component};
use std::rc::Rc;
use web_sys::{HtmlElement, ShadowRoot};

/// As much of it as is asked for, as it is at this moment.
#[component]
pub(super) fn Frame(visit: Rc<Visit>, upto: Upto) -> AnyView {
    let texts = &visit.texts;
    let wrapper = [
        ("class", "candor"),
        ("lang", &texts.tag),
        ("dir", texts.dir()),
        ("data-step", visit.step.get().name()),
    ];
    let (region, close) = (texts.get("region"), texts.get("close"));
    let card = [("class", "card"), ("role", "region"), ("aria-label", &*region)];
    let close = [("type", "button"), ("class", "close"), ("aria-label", &*close)];
    let mut rest = Vec::new();
    if upto == Upto::Whole {
        rest.push(FollowUp(FollowUpProps { visit: visit.clone() }).into_any());
        rest.push(Thanks(ThanksProps { visit: visit.clone() }).into_any());
    }
    let mut parts = vec![
        element("button", &close, Vec::new()),
        Scale(ScaleProps { visit: visit.clone(), upto }).into_any(),
        rest.into_any(),
    ];
    if let Some(address) = &visit.config.privacy {
        let link =
            [("class", "privacy"), ("target", "_blank"), ("rel", "noopener noreferrer"), ("href", address)];
        parts.push(element("a", &link, vec![text(&texts.get("privacy"))]));
    }
    element("div", &wrapper, vec![element("section", &card, parts)])
}

/// How high the card is, without what moves it at this moment.
pub(super) fn height(root: &ShadowRoot) -> i32 {
    card(root).map_or(0, |card| card.offset_height())
}

/// Lets the upper edge of the card move, not jump, from where it was when it was so high. The lower one stays in its corner.
pub(super) fn grow(root: &ShadowRoot, before: i32) {
    let Some(card) = card(root) else { return };
    let grown = card.offset_height() - before;
    let sign = if grown < 0 { "-" } else { "" };
    let way = concat(&[sign, &decimal(grown.unsigned_abs().into()), "px"]);
    let _ = card.style().set_property("--grown", &way);
}

fn card(root: &ShadowRoot) -> Option<HtmlElement> {
    root.query_selector(".card").ok().flatten().and_then(as_html)
}

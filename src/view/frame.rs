//! What surrounds every page of a survey: the wrapper, the region, the close button.

use super::{
    Upto, as_html,
    choice::choice,
    element,
    follow_up::{buttons, follow_up, link},
    thanks::thanks,
};
use crate::{
    screen::{Act, Screen},
    text::{concat, decimal},
};
use candor_survey::Display;
use leptos::prelude::{AnyView, IntoAny, component};
use web_sys::{HtmlElement, ShadowRoot};

/// As much of it as is asked for, as it is at this moment.
#[component]
pub(super) fn Frame(screen: Screen, upto: Upto, display: Display) -> AnyView {
    let fold = if screen.is_folded { "yes" } else { "" };
    let wrapper = [
        ("class", "candor"),
        ("lang", &*screen.tag),
        ("dir", screen.dir),
        ("data-step", screen.step.name()),
        ("data-fold", fold),
    ];
    // A dialog has its name from the card, which takes the focus.
    let is_modal = display == Display::Modal;
    let (frame, focus) = if is_modal { ("dialog", "-1") } else { ("div", "") };
    let card = [("class", "card"), ("role", "region"), ("aria-label", &*screen.region), ("tabindex", focus)];
    let close = [
        ("type", "button"),
        ("class", "close"),
        ("aria-label", &*screen.close),
        ("data-act", Act::Close.name()),
    ];
    let mut page = Vec::new();
    if let Some(asked) = &screen.choice {
        page.push(choice(asked, &screen.locale, upto));
    }
    let mut end = Vec::new();
    if upto == Upto::Whole {
        page.push(follow_up(&screen));
        end.push(thanks(&screen));
    }
    // Another element than the page before has, so that nothing of that one stays: neither what is chosen nor what is written.
    let tag = if screen.turns.is_multiple_of(2) { "div" } else { "section" };
    let class = if screen.turns == 0 { "page" } else { "page turned" };
    let mut parts =
        vec![element("button", &close, Vec::new()), element(tag, &[("class", class)], page), end.into_any()];
    let mut outs = buttons(&screen.outs);
    if let Some((address, words)) = &screen.privacy {
        outs.push(link("plain", address, words, &screen));
    }
    parts.push(element("div", &[("class", "outs")], outs));
    element(frame, &wrapper, vec![element("section", &card, parts)])
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
    let _ = card.style().set_property("--_candor-grown", &way);
}

fn card(root: &ShadowRoot) -> Option<HtmlElement> {
    root.query_selector(".card").ok().flatten().and_then(as_html)
}

//! The end, and the line by which assistive technology hears of every step.

use super::drawing;
use crate::prompt::Visit;
use leptos::prelude::*;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

const CHECK: &str = "M5 12.5l4.5 4.5L19 7.5";

pub(super) fn thanks(visit: &Rc<Visit>) -> AnyView {
    let status = visit.status.clone();
    let heading = visit.texts.get("thanks");
    view! {
        <div class="thanks">
            {drawing("check", CHECK)}
            <h2 tabindex="-1">{heading}</h2>
            <p role="status" aria-live="polite">{move || status.get()}</p>
        </div>
    }
    .into_any()
}

/// The button that had the focus is gone; the heading is what comes next.
pub(super) fn take_focus(wrapper: &Element) {
    // By hand and now, not when the signal's effect runs: an element that is not displayed takes no focus.
    let _ = wrapper.set_attribute("data-step", "thanks");
    if let Some(heading) =
        wrapper.query_selector("h2").ok().flatten().and_then(|h| h.dyn_into::<HtmlElement>().ok())
    {
        super::focus(&heading);
    }
}

//! The end, and the line by which assistive technology hears of every step.

use super::{attribute, attributes, element, text};
use crate::prompt::Visit;
use leptos::prelude::{AnyView, IntoAny};
use std::rc::Rc;

pub(super) fn thanks(visit: &Rc<Visit>) -> AnyView {
    let status = attributes(&[("role", "status"), ("aria-live", "polite")]);
    let parts = vec![
        element("div", attributes(&[("class", "check"), ("aria-hidden", "true")]), Vec::new()),
        element("h2", vec![attribute("tabindex", "-1")], vec![text(&visit.texts.get("thanks"))]),
        element("p", status, vec![visit.status.clone().into_any()]),
    ];
    element("div", vec![attribute("class", "thanks")], parts)
}

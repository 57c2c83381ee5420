//! The end, and the line by which assistive technology hears of every step.

use super::{element, text};
use crate::screen::Screen;
use leptos::prelude::AnyView;

/// What is said at the end.
pub(super) fn thanks(screen: &Screen) -> AnyView {
    let status = [("role", "status"), ("aria-live", "polite")];
    let parts = vec![
        element("div", &[("class", "check"), ("aria-hidden", "true")], Vec::new()),
        element("h2", &[("tabindex", "-1")], vec![text(&screen.thanks)]),
        element("p", &status, vec![text(&screen.status)]),
    ];
    element("div", &[("class", "thanks")], parts)
}

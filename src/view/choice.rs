//! One or several of some options: native radios or checkboxes, and a field for an answer of one's own.

use super::{Upto, element, text, words};
use crate::{
    config::concat,
    screen::{Control, Screen},
    text::decimal,
};
use candor_survey::limits::MAX_OTHER_CHARS;
use leptos::prelude::{AnyView, component};
use std::rc::Rc;

/// The question and its options.
#[component]
pub(super) fn Options(screen: Rc<Screen>, upto: Upto) -> AnyView {
    let Some(choice) = &screen.choice else { return text("") };
    let Control::Options { options, many, hint, other } = &choice.control else { return text("") };
    let mut legend = words(&choice.question);
    if *many {
        legend.push(text(" "));
        legend.push(element("span", &[("class", "hint")], vec![text(hint)]));
    }
    let kind = if *many { "checkbox" } else { "radio" };
    let mut parts = vec![element("legend", &[("id", "question")], legend)];
    for option in options.iter().filter(|_| upto > Upto::Question) {
        let input = [("type", kind), ("name", "choice"), ("autocomplete", "off"), ("value", &*option.value)];
        let face = element("span", &[("class", "face")], vec![text(&option.text)]);
        parts.push(element("label", &[("class", "point")], vec![element("input", &input, Vec::new()), face]));
    }
    if let Some(label) = other.as_ref().filter(|_| upto > Upto::Question) {
        let max = decimal(MAX_OTHER_CHARS as u64);
        let input = [("type", "text"), ("class", "own"), ("autocomplete", "off"), ("maxlength", &*max)];
        let label = element("span", &[], vec![text(&concat(&[label, " "]))]);
        parts.push(element(
            "label",
            &[("class", "other")],
            vec![label, element("input", &input, Vec::new())],
        ));
    }
    let group = [("class", "options"), ("lang", &*screen.locale), ("aria-labelledby", "question")];
    element("fieldset", &group, parts)
}

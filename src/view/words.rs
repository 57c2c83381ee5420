use crate::text::{FSI, PDI};
use leptos::prelude::*;

/// Text as nodes; what is isolated in it becomes `<bdi>`.
pub(super) fn words(text: &str) -> Vec<AnyView> {
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some((before, (isolated, after))) =
        rest.split_once(FSI).and_then(|(before, after)| Some((before, after.split_once(PDI)?)))
    {
        nodes.push(before.to_owned().into_any());
        let isolated = isolated.to_owned();
        nodes.push(view! { <bdi>{isolated}</bdi> }.into_any());
        rest = after;
    }
    nodes.push(rest.to_owned().into_any());
    nodes
}

//! A shop in Leptos that asks for a recommendation once something was ordered.

use candor::{Candor, SurveyEvent};
use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;

/// The shop.
#[component]
pub fn Shop(
    /// The address of the Candor server.
    #[prop(into)]
    api: String,
) -> impl IntoView {
    let ordered = RwSignal::new(false);
    let rating = RwSignal::new(None::<u8>);
    let answered = move |event: SurveyEvent| rating.set(event.rating.or(rating.get_untracked()));
    view! {
        <h1>"Fernway"</h1>
        <button id="order" on:click=move |_| ordered.set(true)>"Order"</button>
        <p id="rating">{move || rating.get().map(|rating| format!("You gave us {rating} of 10."))}</p>
        <Candor survey="nps" when=ordered api=api product="Fernway" touchpoint="checkout" on_answered=answered />
    }
}

/// Puts the shop into the page; the server's address is the `data-candor` of its `<html>`.
#[wasm_bindgen(start)]
pub fn start() {
    let root = document().document_element();
    let api = root.and_then(|root| root.get_attribute("data-candor"));
    if let Some(api) = api {
        mount_to_body(move || view! { <Shop api=api.clone() /> });
    }
}

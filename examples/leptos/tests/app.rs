//! `wasm-pack test --headless --chrome examples/leptos`, as a developer tests an app with a survey in it.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use candor_example_leptos::Shop;
use js_sys::Promise;
use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement, ShadowRoot};

wasm_bindgen_test_configure!(run_in_browser);

async fn wait(ms: i32) {
    let waited = Promise::new(&mut |resolve, _| {
        window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms).unwrap();
    });
    JsFuture::from(waited).await.unwrap();
}

fn click(element: Option<Element>) {
    element.unwrap().unchecked_into::<HtmlElement>().click();
}

/// The survey's shadow root, once it is there.
fn prompt(page: &HtmlElement) -> Option<ShadowRoot> {
    page.query_selector("[popover]").unwrap()?.shadow_root()
}

#[wasm_bindgen_test]
async fn an_order_asks_an_answer_reaches_the_app_and_leaving_takes_the_survey_along() {
    window().local_storage().unwrap().unwrap().clear().unwrap();
    let page: HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&page).unwrap();
    let app = mount_to(page.clone(), || view! { <Shop api="https://surveys.example" /> });
    wait(50).await;
    assert!(prompt(&page).is_none(), "nothing is asked before an order");

    click(page.query_selector("#order").unwrap());
    wait(300).await;
    let root = prompt(&page).unwrap();
    assert!(root.query_selector("legend").unwrap().unwrap().text_content().unwrap().contains("Fernway"));
    click(root.query_selector("[value='9']").unwrap());
    wait(50).await;
    let rating = page.query_selector("#rating").unwrap().unwrap();
    assert_eq!(rating.text_content().as_deref(), Some("You gave us 9 of 10."));

    drop(app);
    wait(50).await;
    assert!(!root.host().is_connected());
    assert!(root.query_selector("input").unwrap().is_none());
}

//! The example of a Leptos app with a survey in it, built by `cargo xtask test journeys` into `target/candor/leptos`.

use anyhow::{Context, Result};
use candor_journeys::{Browser, Candor, http, root, target};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use std::fs;

candor_journeys::also_in_firefox! {
    a_leptos_app_asks_hears_the_answer_and_asks_no_more,
}

/// What the app's server has at this path.
fn file(route: &str, candor: &str) -> Result<http::Response> {
    let (bytes, content_type) = match route {
        "/" => {
            let page = fs::read_to_string(root().join("examples/leptos/index.html"))?;
            (page.replace("http://127.0.0.1:7878", candor).into_bytes(), "text/html; charset=utf-8")
        }
        _ => {
            let content_type = if route.ends_with(".wasm") { "application/wasm" } else { "text/javascript" };
            let path = target()?.join("candor/leptos").join(route.trim_start_matches('/'));
            (fs::read(&path).with_context(|| format!("{} is missing", path.display()))?, content_type)
        }
    };
    let mut response = http::Response::new(bytes.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok(response)
}

#[tokio::test]
async fn a_leptos_app_asks_hears_the_answer_and_asks_no_more() -> Result<()> {
    let candor = Candor::start()?;
    let origin = candor.origin();
    let app = http::Server::start(move |request: http::Request| {
        let response = file(request.route(), &origin);
        async move { response.unwrap_or_else(|_| http::status(http::StatusCode::NOT_FOUND)) }
    })
    .await?;
    let browser = Browser::open().await?;
    browser.goto(&app.origin()).await?;
    browser.until("the app", "document.querySelector('#order')").await?;
    browser.click_page("#order").await?;
    let radios = "[...document.querySelectorAll('[popover]')].flatMap(host => [...host.shadowRoot.querySelectorAll('input')])";
    browser.until("the prompt", &format!("{radios}.length === 11")).await?;
    let nine = format!("(r => [r.x + r.width / 2, r.y + r.height / 2])({radios}[9].getBoundingClientRect())");
    browser.until("it to be at rest", &format!("!{radios}[9].getRootNode().getAnimations().length")).await?;
    let at = browser.eval(&nine).await?;
    let at = |i: usize| at.get(i).and_then(serde_json::Value::as_f64).unwrap_or_default();
    browser.click_at(at(0), at(1)).await?;
    browser
        .until("the app to hear of it", "document.querySelector('#rating').textContent.includes('9 of 10')")
        .await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;

    browser.reload().await?;
    browser.until("the app", "document.querySelector('#order')").await?;
    browser.click_page("#order").await?;
    browser.pass(500).await?;
    assert_eq!(browser.eval("document.querySelectorAll('[popover]').length").await?, 0);
    Ok(())
}

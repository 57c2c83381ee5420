//! The harness itself, so that a broken browser is not taken for a broken widget.

use anyhow::Result;
use candor_journeys::{Browser, Endpoint, Options, Page, Pages, Reply};
use serde_json::json;

candor_journeys::also_in_firefox! {
    a_page_sees_the_width_and_the_colour_scheme_that_was_asked_for,
    clicks_and_keys_are_trusted_and_the_endpoint_records_what_is_posted,
    what_a_page_logs_and_requests_is_told_once,
}

#[tokio::test]
async fn a_page_sees_the_width_and_the_colour_scheme_that_was_asked_for() -> Result<()> {
    let pages = Pages::start().await?;
    pages.set("/", Page::with_body(""));
    let browser = Browser::open_with(Options { width: 320, dark: true, ..Options::default() }).await?;
    browser.goto(&pages.url("/")).await?;
    assert_eq!(browser.eval("innerWidth").await?, 320);
    assert_eq!(browser.eval("matchMedia('(prefers-color-scheme: dark)').matches").await?, true);
    Ok(())
}

#[tokio::test]
async fn clicks_and_keys_are_trusted_and_the_endpoint_records_what_is_posted() -> Result<()> {
    let (pages, endpoint) = (Pages::start().await?, Endpoint::start(Reply::Status(204)).await?);
    let script = format!(
        "<script>button.onclick = e => fetch('{}', {{method: 'POST', body: JSON.stringify(e.isTrusted)}})</script>",
        endpoint.url()
    );
    pages.set("/", Page::with_body(&script));
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.click_page("#button").await?;
    endpoint.received("a trusted click", |body| *body == json!(true)).await?;
    Ok(())
}

#[tokio::test]
async fn what_a_page_logs_and_requests_is_told_once() -> Result<()> {
    let pages = Pages::start().await?;
    let script =
        "<script>console.warn('a word'); fetch('/elsewhere').then(() => journey.done = true)</script>";
    pages.set("/", Page::with_body(script));
    let browser = Browser::open().await?;
    browser.requested().await?;
    browser.goto(&pages.url("/")).await?;
    browser.until("the request", "journey.done").await?;
    let console = browser.console().await?;
    assert!(console.len() == 1 && json!(console).to_string().contains("a word"), "{console:?}");
    assert_eq!(browser.requested().await?, [pages.url("/"), pages.url("/elsewhere")]);
    assert!(browser.console().await?.is_empty() && browser.requested().await?.is_empty());
    Ok(())
}

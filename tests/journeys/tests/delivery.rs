//! No answer is lost and none counts twice, whatever the page, the network and the endpoint do.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Context, Result, ensure};
use candor_journeys::{Browser, CODE_OF_OUTBOX, Candor, Endpoint, Page, Pages, Reply, word};
use serde_json::{Value, json};
use std::time::Duration;

candor_journeys::also_in_firefox! {
    a_click_on_nine_and_leaving_in_the_same_task_is_stored,
    an_answer_refused_with_503_is_stored_once_from_a_later_page_on_which_nothing_is_due,
    a_page_that_wants_one_post_gets_one,
}

const NINE: [u64; 11] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const NOBODY: [u64; 11] = [0; 11];

/// A page that asks NPS at `/`, and one with the same tag on which nothing is due at `/quiet`.
async fn host(widget: &Candor, endpoint: &Endpoint) -> Result<Pages> {
    let pages = Pages::start().await?;
    let tag = |trigger: &str| {
        let attributes = format!(
            "data-survey=\"nps\" data-product=\"Acme\" data-endpoint=\"{}\" data-trigger=\"{trigger}\"",
            endpoint.url()
        );
        Page::with_body(&widget.tag(&attributes))
    };
    pages.set("/", tag("load"));
    pages.set("/quiet", tag("event=never"));
    Ok(pages)
}

/// Everything unsent, as the page's storage holds it.
async fn outbox(browser: &Browser) -> Result<Vec<Value>> {
    let entries = browser.eval(&format!("{CODE_OF_OUTBOX}.map(k => JSON.parse(localStorage[k]))")).await?;
    Ok(entries.as_array().cloned().unwrap_or_default())
}

async fn empty_outbox(browser: &Browser) -> Result<()> {
    browser.until("an empty outbox", &format!("{CODE_OF_OUTBOX}.length === 0")).await.map(drop)
}

fn rating(body: &Value) -> Option<&Value> {
    body.pointer("/answers/0/rating")
}

/// A click on 9 and leaving in the same task, with the POST answered after `delay`.
async fn nine_and_away(delay: Duration) -> Result<()> {
    let candor = Candor::start()?;
    let endpoint = Endpoint::start(Reply::Forward(candor.origin(), delay)).await?;
    let pages = host(&candor, &endpoint).await?;
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    // The root hears of the change after the widget's own listener and in the same task; the page leaves at once.
    browser
        .widget(&format!(
            "root.addEventListener('change', () => {{
                sessionStorage.kept = JSON.stringify({CODE_OF_OUTBOX}.map(k => JSON.parse(localStorage[k])));
                location.href = '/elsewhere';
            }})"
        ))
        .await?;
    browser.choose(9).await?;
    browser.until("the other page", "location.pathname === '/elsewhere'").await?;

    let kept = browser.eval("JSON.parse(sessionStorage.kept)").await?;
    let kept = kept.as_array().context("no list of kept responses")?;
    ensure!(kept.len() == 1, "kept right after the click, before anything was awaited: {kept:?}");
    assert_eq!(kept[0].pointer("/b/answers"), Some(&json!([{"question": "nps", "rating": 9}])));
    assert_eq!(kept[0].pointer("/b/state"), Some(&json!("partial")));
    assert_eq!(kept[0].get("u"), Some(&json!(endpoint.url())));
    assert!(kept[0].get("t").is_some_and(Value::is_u64), "{kept:?}");
    assert_eq!(kept[0].pointer("/b/age_ms"), None, "the age is told when the request leaves");

    // The page that is gone delivers it, with no Candor on the one that came.
    candor.counted("nps", &NINE).await?;

    // Whoever comes back hands in what was not acknowledged, and it still counts once.
    browser.goto(&pages.url("/quiet")).await?;
    empty_outbox(&browser).await?;
    candor.counted("nps", &NINE).await?;
    Ok(())
}

#[tokio::test]
async fn a_click_on_nine_and_leaving_in_the_same_task_is_stored() -> Result<()> {
    nine_and_away(Duration::ZERO).await
}

#[tokio::test]
async fn a_click_on_nine_and_leaving_is_stored_though_the_post_is_held_for_five_seconds() -> Result<()> {
    nine_and_away(Duration::from_secs(5)).await
}

#[tokio::test]
async fn an_answer_refused_with_503_is_stored_once_from_a_later_page_on_which_nothing_is_due() -> Result<()> {
    let candor = Candor::start()?;
    let endpoint = Endpoint::start(Reply::Status(503)).await?;
    let pages = host(&candor, &endpoint).await?;
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.choose(9).await?;
    endpoint.received("the nine", |body| rating(body) == Some(&json!(9))).await?;
    ensure!(outbox(&browser).await?.len() == 1, "what was refused stays in the outbox");
    browser.close_tab().await?;
    candor.counted("nps", &NOBODY).await?;

    endpoint.set(Reply::Forward(candor.origin(), Duration::ZERO));
    browser.goto(&pages.url("/quiet")).await?;
    empty_outbox(&browser).await?;
    candor.counted("nps", &NINE).await?;
    assert_eq!(browser.widget("!!host").await?, false, "the later page shows nothing");

    let posts = endpoint.posts().len();
    browser.reload().await?;
    browser.until("the loader", "typeof candor === 'function' && !candor.q").await?;
    browser.run("candor('event', 'never')", &[]).await?;
    candor.counted("nps", &NINE).await?;
    let again = endpoint.bodies().into_iter().skip(posts).filter(|body| rating(body).is_some()).count();
    assert_eq!(again, 0, "what was acknowledged is not sent again");
    Ok(())
}

#[tokio::test]
async fn a_page_that_stays_sends_again_and_says_so() -> Result<()> {
    let candor = Candor::start()?;
    let endpoint = Endpoint::start(Reply::Status(503)).await?;
    let pages = host(&candor, &endpoint).await?;
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.choose(9).await?;
    browser.write_comment("quick").await?;
    browser.send().await?;
    let queued = json!(word("en", "queued")?);
    let spoken = "$$('[role=status],[aria-live=polite]').map(e => e.textContent).join()";
    browser.widget_until("word that it is queued", &format!("{spoken}.includes({queued})")).await?;

    endpoint.set(Reply::Forward(candor.origin(), Duration::ZERO));
    candor.counted("nps", &NINE).await?;
    empty_outbox(&browser).await?;
    let responses = candor.responses("nps").await?;
    assert_eq!(responses.to_string().matches("quick").count(), 1, "{responses}");
    let ids: std::collections::HashSet<_> = endpoint.bodies().iter().map(|b| b["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "every request carries the same id");
    Ok(())
}

/// Answers 9 to an endpoint that replies so, and waits until it was posted.
async fn answer_nine(reply: Reply) -> Result<(Browser, Endpoint, Pages, Candor)> {
    let candor = Candor::start()?;
    let endpoint = Endpoint::start(reply).await?;
    let pages = host(&candor, &endpoint).await?;
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.choose(9).await?;
    endpoint.received("the nine", |body| rating(body) == Some(&json!(9))).await?;
    Ok((browser, endpoint, pages, candor))
}

#[tokio::test]
async fn a_foreign_endpoint_acknowledges_by_200_with_a_page() -> Result<()> {
    let (browser, ..) = answer_nine(Reply::Html).await?;
    empty_outbox(&browser).await?;
    browser.until("the event", "journey.events.some(e => e.type === 'sent')").await?;
    assert_eq!(browser.events("error").await?, Vec::<Value>::new());
    Ok(())
}

/// Posted but never acknowledged: kept, and sent again under the same id.
async fn kept_and_sent_again(browser: &Browser, endpoint: &Endpoint) -> Result<()> {
    let first = endpoint.received("the nine", |body| rating(body) == Some(&json!(9))).await?;
    let (posts, id) = (endpoint.posts().len(), first["id"].clone());
    let deadline = tokio::time::Instant::now() + candor_journeys::PATIENCE;
    while endpoint.posts().len() == posts {
        ensure!(tokio::time::Instant::now() < deadline, "it was not sent again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(endpoint.bodies().iter().all(|body| body["id"] == id));
    assert_eq!(outbox(browser).await?.len(), 1);
    assert_eq!(browser.events("sent").await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn a_redirect_is_no_acknowledgement_because_the_body_would_be_lost_on_the_way() -> Result<()> {
    let elsewhere = Endpoint::start(Reply::Status(204)).await?;
    let (browser, endpoint, ..) = answer_nine(Reply::Redirect(elsewhere.url())).await?;
    kept_and_sent_again(&browser, &endpoint).await?;
    assert!(elsewhere.posts().is_empty(), "the answer does not follow the redirect to another origin");
    Ok(())
}

#[tokio::test]
async fn an_answer_without_cors_headers_arrives_but_is_no_acknowledgement() -> Result<()> {
    let (browser, endpoint, ..) = answer_nine(Reply::WithoutCors).await?;
    kept_and_sent_again(&browser, &endpoint).await
}

/// Answers and comments on a page whose storage throws, and reads both at the endpoint.
async fn without_storage(page: impl FnOnce(String) -> Page) -> Result<()> {
    let candor = Candor::start()?;
    let endpoint = Endpoint::start(Reply::Forward(candor.origin(), Duration::ZERO)).await?;
    let pages = Pages::start().await?;
    let tag = format!("data-survey=\"nps\" data-once=\"1042\" data-endpoint=\"{}\"", endpoint.url());
    pages.set("/", page(candor.tag(&tag)));
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.choose(9).await?;
    browser.write_comment("no storage").await?;
    browser.send().await?;
    let full = endpoint.received("the complete answer", |body| body["state"] == "complete").await?;
    assert_eq!(
        full["answers"],
        json!([{"question": "nps", "rating": 9}, {"question": "why", "text": "no storage"}])
    );
    candor.counted("nps", &NINE).await?;

    // Within the page the quiet periods and the key hold all the same.
    browser.run("candor('close')", &[]).await?;
    browser.gone().await?;
    let why = "candor('debug').find(state => state.survey === arguments[0]).because";
    let because = async |survey: &str, options: &str| -> Result<String> {
        let script = format!("candor('show', arguments[0], {options}); return {why}");
        let because = browser.run(&script, &[json!(survey)]).await?;
        Ok(because.as_str().unwrap_or_default().to_owned())
    };
    let said = because("nps", "{}").await?;
    ensure!(said.starts_with("quiet until ") && said.ends_with("; was shown for 1042"), "{said}");
    assert_eq!(because("nps", "{quiet: 0}").await?, "was shown for 1042");
    because("csat", "{quiet: 0}").await?;
    browser.choose(2).await?;
    browser.click_button(&word("en", "never")?).await?;
    browser.gone().await?;
    let said = because("csat", "{quiet: 0}").await?;
    ensure!(said.starts_with("quiet: never to be asked again"), "{said}");
    browser.run("candor('reset'); candor('show', 'nps')", &[]).await?;
    browser.prompt().await?;
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    Ok(())
}

#[tokio::test]
async fn a_sandboxed_page_without_an_origin_still_asks_and_posts() -> Result<()> {
    without_storage(|tag| Page::with_body(&tag).header("content-security-policy", "sandbox allow-scripts"))
        .await
}

#[tokio::test]
async fn a_page_whose_storage_throws_still_asks_and_posts() -> Result<()> {
    let refuse =
        "<script>for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name,
        {get() { throw new DOMException('refused', 'SecurityError') }})</script>";
    without_storage(|tag| Page::with_body(&format!("{refuse}{tag}"))).await
}

#[tokio::test]
async fn a_page_that_wants_one_post_gets_one() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let endpoint = Endpoint::start(Reply::Status(204)).await?;
    let tag = format!(
        "data-survey=\"nps\" data-quiet=\"0\" data-send=\"final\" data-endpoint=\"{}\"",
        endpoint.url()
    );
    pages.set("/", Page::with_body(&candor.tag(&tag)));
    pages.set("/quiet", Page::with_body(&candor.tag("data-survey=\"nps\" data-trigger=\"event=never\"")));
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/?secret=1#part")).await?;
    browser.choose(9).await?;
    browser.write_comment("at the end").await?;
    assert_eq!(endpoint.bodies(), Vec::<Value>::new(), "nothing before the end");
    ensure!(outbox(&browser).await?.len() == 1, "but kept at once");
    browser.send().await?;
    let body = endpoint.received("the answer", |_| true).await?;
    assert_eq!(body["state"], "complete");
    assert_eq!(body["page"], json!(pages.url("/")), "the page's address goes without its query and fragment");
    empty_outbox(&browser).await?;

    // Another tab of the site neither ends it nor sends what is kept.
    browser.goto(&pages.url("/")).await?;
    browser.choose(7).await?;
    let tab = browser.client().window().await?;
    let other = browser.client().new_window(true).await?;
    browser.client().switch_to_window(other.handle).await?;
    browser.goto(&pages.url("/quiet")).await?;
    let module = "performance.getEntriesByType('resource').some(e => e.name.endsWith('/candor.wasm'))";
    browser.until("the module, which looks for what is unsent", module).await?;
    browser.pass(1500).await?;
    assert_eq!(endpoint.posts().len(), 1, "{:?}", endpoint.bodies());
    browser.client().close_window().await?;
    browser.client().switch_to_window(tab).await?;
    browser.send().await?;
    endpoint.received("the answer", |body| rating(body) == Some(&json!(7))).await?;
    empty_outbox(&browser).await?;
    let seven: Vec<_> =
        endpoint.bodies().into_iter().filter(|body| rating(body) == Some(&json!(7))).collect();
    assert_eq!(seven.len(), 1, "{seven:?}");
    assert_eq!(seven[0]["state"], "complete");

    // Leaving is an end as well.
    browser.goto(&pages.url("/")).await?;
    browser.choose(3).await?;
    browser.goto(&pages.url("/elsewhere")).await?;
    endpoint.received("the rating of the one who left", |body| rating(body) == Some(&json!(3))).await?;
    assert_eq!(endpoint.posts().len(), 3);
    for post in endpoint.posts() {
        assert!(!post.headers.contains_key("cookie"));
        // What a browser sends without asking first, so that it can go out while the page goes away.
        let kind = post.headers.get("content-type").and_then(|kind| kind.to_str().ok());
        assert!(kind.is_some_and(|kind| kind.starts_with("text/plain")), "{kind:?}");
    }
    Ok(())
}

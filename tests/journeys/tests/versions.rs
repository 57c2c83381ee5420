//! Browsers, proxies and pages that pin a loader keep files for up to a year: those of an earlier build, in
//! `tests/journeys/fixtures`, work against today's server.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Context, Result, ensure};
use candor_journeys::{
    Browser, CODE_OF_OUTBOX, Candor, Endpoint, Page, Pages, Reply,
    http::{self, HeaderMap, Response, Server, StatusCode},
};
use hyper::header::HeaderValue;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, path::PathBuf, time::Duration};

/// The site's file of that time.
const SHOP: &str = include_str!("../../../crates/server/tests/fixtures/45d38be/shop.toml");

/// Which files a page gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Build {
    /// All of the earlier build, kept by a cache.
    Earlier,
    /// The loader of the earlier build. The folder that it names is gone.
    EarlierLoader,
    /// What the server has.
    Today,
}

/// The files of the earlier build.
fn fixtures() -> PathBuf {
    candor_journeys::root().join("tests/journeys/fixtures/45d38be")
}

/// The folder of the earlier module as its loader names it: `w/0123456789ab`.
fn earlier_folder() -> Result<String> {
    let loader = std::fs::read_to_string(fixtures().join("candor.js"))?;
    let mut folders = std::fs::read_dir(fixtures().join("w"))?;
    let folder = folders.next().context("a folder of the module")??.file_name();
    let folder = format!("w/{}", folder.to_string_lossy());
    ensure!(loader.contains(&folder), "the loader names {folder}");
    Ok(folder)
}

/// A cache before the server: what it has kept it serves, all else it fetches.
struct Cache {
    server: Server,
    build: Build,
}

impl Cache {
    async fn start(candor: &Candor, build: Build) -> Result<Self> {
        let origin = candor.origin();
        let server = Server::start(move |request| {
            let route = request.route();
            let keeps = match build {
                Build::Earlier => true,
                Build::EarlierLoader => route == "/candor.js",
                Build::Today => false,
            };
            let kept = keeps.then(|| std::fs::read(fixtures().join(route.trim_start_matches('/'))).ok());
            let response = kept.flatten().map(|bytes| served(route, bytes));
            let (method, url) = (request.method.clone(), format!("{origin}{}", request.path));
            async move {
                match response {
                    Some(response) => response,
                    None => match http::send(method, &url, &HeaderMap::new(), "").await {
                        Ok(answer) => answer.map(Into::into),
                        Err(_) => http::status(StatusCode::BAD_GATEWAY),
                    },
                }
            }
        })
        .await?;
        Ok(Self { server, build })
    }

    /// A script tag with these attributes.
    fn tag(&self, candor: &Candor, attributes: &str) -> String {
        let (cache, api) = (self.server.origin(), candor.origin());
        format!("<script async src=\"{cache}/candor.js\" data-api=\"{api}\" {attributes}></script>")
    }

    /// Makes sure that the files in use were those of the build.
    fn was_used(&self) -> Result<()> {
        let earlier = earlier_folder()?;
        let requests = self.server.requests();
        for name in ["/element.js", "/candor.wasm"] {
            let folders = requests.iter().filter_map(|request| request.route()[1..].strip_suffix(name));
            let folders: BTreeSet<_> = folders.collect();
            match self.build {
                Build::Earlier => assert_eq!(folders, BTreeSet::from([earlier.as_str()])),
                Build::EarlierLoader => assert_eq!(folders, BTreeSet::from([&earlier, "w/latest"])),
                Build::Today => {
                    assert!(folders.len() == 1 && !folders.contains(earlier.as_str()), "{folders:?}")
                }
            }
        }
        Ok(())
    }
}

/// A file of the earlier build with the headers that its server gave it.
fn served(route: &str, bytes: Vec<u8>) -> Response {
    let media_type = match route.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        _ => "application/json",
    };
    let mut response = Response::new(bytes.into());
    for (name, value) in [
        ("content-type", media_type),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("x-content-type-options", "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Loads this page and waits for the loader.
async fn open(browser: &Browser, pages: &Pages, page: Page) -> Result<()> {
    pages.set("/", page);
    browser.goto(&pages.url("/?order=1042")).await?;
    browser.until("the loader", "window.candor && candor.version").await.map(drop)
}

/// Answers, types the comment and sends both, by mouse and keyboard.
async fn answer(browser: &Browser, rating: u8, comment: &str) -> Result<()> {
    browser.choose(rating).await?;
    browser.write_comment(comment).await?;
    browser.send().await
}

/// Waits until the survey counts as seen and shows these texts.
async fn asked(browser: &Browser, survey: &str, texts: &[&str]) -> Result<()> {
    browser.prompt().await?;
    let shown = format!("journey.events.some(e => e.type === 'shown' && e.survey === '{survey}')");
    browser.until("the impression", &shown).await?;
    for text in texts {
        browser.widget_until(text, &format!("root.textContent.includes({})", json!(text))).await?;
    }
    Ok(())
}

/// Waits until all has arrived, and makes sure that nothing went wrong in the page.
async fn arrived(browser: &Browser) -> Result<()> {
    browser.until("the acknowledgement", &format!("{CODE_OF_OUTBOX}.length === 0")).await?;
    assert_eq!(browser.events("error").await?, [] as [Value; 0]);
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    Ok(())
}

/// The survey's only response, without what is another in each run.
async fn only_response(candor: &Candor, survey: &str) -> Result<Value> {
    let mut list = candor.responses(survey).await?;
    let responses = list["responses"].as_array_mut().context("a list")?;
    ensure!(responses.len() == 1, "{survey} has {} responses: {responses:#?}", responses.len());
    let fields: Map<_, _> = [
        "state",
        "revision",
        "site",
        "survey_version",
        "locale",
        "touchpoint",
        "answers",
        "presentation",
        "page",
        "respondent",
        "context",
    ]
    .into_iter()
    .filter_map(|field| Some((field.to_owned(), responses[0].get_mut(field)?.take())))
    .filter(|(_, value)| !value.is_null() && value != &json!({}))
    .collect();
    Ok(fields.into())
}

/// Impressions, dismissals and answers over everything.
async fn totals(candor: &Candor, survey: &str) -> Result<[Value; 3]> {
    let scores = candor.scores(survey).await?;
    Ok(["shown", "dismissed", "n"].map(|field| scores["total"][field].clone()))
}

/// Every kind of survey is asked, answered and counted with these files.
async fn asks_and_stores(build: Build) -> Result<()> {
    let (pages, candor, browser) =
        (Pages::start().await?, Candor::with_sites(&[("shop.toml", SHOP)])?, Browser::open().await?);
    let cache = Cache::start(&candor, build).await?;
    // Today's module keeps a text letter by letter.
    let written = |text: &str| 3 + if build == Build::Earlier { 0 } else { text.chars().count() };
    let presentation =
        |display, direction| json!({"display": display, "scale": "numbers", "direction": direction});

    // A preset, which is in the module.
    let tag = cache.tag(&candor, "data-survey=\"nps\" data-product=\"Acme\" data-trigger=\"manual\"");
    open(&browser, &pages, Page::with_body(&tag)).await?;
    browser
        .run("candor('identify', 'u-77', {plan: 'pro'}); candor('show', 'nps', {touchpoint: 'account'})", &[])
        .await?;
    asked(&browser, "nps", &["Acme"]).await?;
    answer(&browser, 9, "quick").await?;
    arrived(&browser).await?;
    assert_eq!(
        only_response(&candor, "nps").await?,
        json!({
            "state": "complete", "revision": written("quick"), "site": "default", "survey_version": 1, "locale": "en",
            "touchpoint": "account",
            "answers": [{"question": "nps", "rating": 9}, {"question": "why", "text": "quick"}],
            "presentation": presentation("popover", "ltr"), "page": pages.url("/"),
            "respondent": {"id": "u-77", "signed": false, "attributes": {"plan": "pro"}}, "context": {"product": "Acme"},
        })
    );
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;
    assert_eq!(totals(&candor, "nps").await?, [1, 0, 1]);

    // One that is closed unanswered.
    browser.run("candor('close'); candor('show', 'ces', {quiet: 0})", &[]).await?;
    asked(&browser, "ces", &[]).await?;
    browser.run("candor('close')", &[]).await?;
    browser.gone().await?;
    arrived(&browser).await?;
    assert_eq!(totals(&candor, "ces").await?, [1, 1, 0]);

    // A site's survey in its own words, with the options of its file.
    let tag = cache.tag(&candor, "data-site=\"shop\" data-product=\"Acme\"");
    open(&browser, &pages, Page::in_language("zh-TW", &tag)).await?;
    browser.run("candor('event', 'checkout_completed', {order_id: 1042}, {once: '1042'})", &[]).await?;
    asked(&browser, "checkout-csat", &["在 Acme 訂購順利嗎？", "很糟", "很棒"]).await?;
    browser.choose(2).await?;
    asked(&browser, "checkout-csat", &["哪裡出了問題？"]).await?;
    answer(&browser, 2, "太慢了").await?;
    arrived(&browser).await?;
    assert_eq!(
        only_response(&candor, "checkout-csat").await?,
        json!({
            "state": "complete", "revision": written("太慢了"), "site": "shop", "survey_version": 2, "locale": "zh-Hant",
            "touchpoint": "checkout",
            "answers": [{"question": "csat", "rating": 2}, {"question": "why", "text": "太慢了"}],
            "presentation": presentation("popover", "ltr"), "page": pages.url("/"),
            "context": {"order_id": "1042", "product": "Acme"},
        })
    );
    candor.counted("checkout-csat", &[0, 1, 0, 0, 0]).await?;
    assert_eq!(totals(&candor, "checkout-csat").await?, [1, 0, 1]);

    // One in the widget's words, inline and without a comment.
    browser.run("candor('close'); candor('event', 'signed_in', {}, {quiet: 0})", &[]).await?;
    browser.until("the inline survey", "document.querySelector('main > candor-survey')").await?;
    asked(&browser, "relationship-nps", &[]).await?;
    browser.choose(10).await?;
    arrived(&browser).await?;
    candor.counted("relationship-nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).await?;
    assert_eq!(
        only_response(&candor, "relationship-nps").await?,
        json!({
            "state": "partial", "revision": 2, "site": "shop", "survey_version": 3, "locale": "zh-Hant",
            "answers": [{"question": "nps", "rating": 10}],
            "presentation": presentation("inline", "ltr"), "page": pages.url("/"), "context": {"product": "Acme"},
        })
    );

    // One that a tag names, with a rating alone.
    let tag = "data-site=\"shop\" data-survey=\"returns-ces\" data-quiet=\"0\" data-test=\"false\"";
    open(&browser, &pages, Page::in_language("fa", &cache.tag(&candor, tag))).await?;
    asked(&browser, "returns-ces", &["مرجوع کردن بسته آسان بود؟"]).await?;
    browser.choose(6).await?;
    browser.send().await?;
    arrived(&browser).await?;
    assert_eq!(
        only_response(&candor, "returns-ces").await?,
        json!({
            "state": "complete", "revision": 3, "site": "shop", "survey_version": 1, "locale": "fa",
            "answers": [{"question": "effort", "rating": 6}],
            "presentation": presentation("popover", "rtl"), "page": pages.url("/"),
        })
    );
    candor.counted("returns-ces", &[0, 0, 0, 0, 0, 1, 0]).await?;
    cache.was_used()
}

#[tokio::test]
async fn loader_and_module_of_an_earlier_build_ask_and_store_what_is_answered() -> Result<()> {
    asks_and_stores(Build::Earlier).await
}

#[tokio::test]
async fn a_loader_of_an_earlier_build_asks_by_todays_module_once_its_own_is_gone() -> Result<()> {
    asks_and_stores(Build::EarlierLoader).await
}

#[tokio::test]
async fn loader_and_module_of_today_ask_and_store_the_same() -> Result<()> {
    asks_and_stores(Build::Today).await
}

/// What one build could not send, another sends from a later page: once, and as it was answered.
async fn hands_over(from: Build, to: Build) -> Result<()> {
    let (pages, candor, browser) =
        (Pages::start().await?, Candor::with_sites(&[("shop.toml", SHOP)])?, Browser::open().await?);
    let endpoint = Endpoint::start(Reply::Status(503)).await?;
    let attributes = format!(
        "data-site=\"shop\" data-product=\"Acme\" data-quiet=\"0\" data-endpoint=\"{}\"",
        endpoint.url()
    );
    let cache = Cache::start(&candor, from).await?;
    open(&browser, &pages, Page::with_body(&cache.tag(&candor, &attributes))).await?;
    let mut sent = Vec::new();
    for (survey, start, rating, comment) in [
        ("checkout-csat", "candor('event', 'checkout_completed')", 4, "fine"),
        ("nps", "candor('identify', '', {plan: 'free'}); candor('show', 'nps')", 9, "quick"),
    ] {
        browser.run(start, &[]).await?;
        answer(&browser, rating, comment).await?;
        let is_whole = |body: &Value| body["survey"] == survey && body["state"] == "complete";
        sent.push(endpoint.received("the whole answer", is_whole).await?);
        browser.run("candor('close')", &[]).await?;
        browser.gone().await?;
    }
    cache.was_used()?;
    browser.close_tab().await?;
    let left = endpoint.posts().len();
    // One of them had arrived, and only its acknowledgement was lost.
    let (status, receipt) = candor.post(&sent[1]).await?;
    assert_eq!((status, &receipt["status"]), (StatusCode::OK, &json!("stored")));

    endpoint.set(Reply::Forward(candor.origin(), Duration::ZERO));
    let cache = Cache::start(&candor, to).await?;
    open(&browser, &pages, Page::with_body(&cache.tag(&candor, &attributes))).await?;
    arrived(&browser).await?;
    cache.was_used()?;
    let mut again = endpoint.bodies().split_off(left);
    for body in again.iter_mut().chain(&mut sent) {
        ensure!(body["age_ms"].take().is_u64(), "{body}");
    }
    again.sort_by_key(|body| body["survey"].to_string());
    assert_eq!(again, sent, "each once, as it was");
    for (survey, counts, answers) in [
        (
            "checkout-csat",
            &[0, 0, 0, 1, 0][..],
            json!([{"question": "csat", "rating": 4}, {"question": "why", "text": "fine"}]),
        ),
        (
            "nps",
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
            json!([{"question": "nps", "rating": 9}, {"question": "why", "text": "quick"}]),
        ),
    ] {
        candor.counted(survey, counts).await?;
        assert_eq!(only_response(&candor, survey).await?["answers"], answers);
    }
    Ok(())
}

#[tokio::test]
async fn what_an_earlier_widget_left_unsent_is_stored_once_by_todays() -> Result<()> {
    hands_over(Build::Earlier, Build::Today).await
}

#[tokio::test]
async fn what_an_earlier_widget_left_unsent_is_stored_once_by_todays_module_and_the_earlier_loader()
-> Result<()> {
    hands_over(Build::Earlier, Build::EarlierLoader).await
}

#[tokio::test]
async fn what_todays_widget_left_unsent_is_stored_once_by_an_earlier_one() -> Result<()> {
    hands_over(Build::Today, Build::Earlier).await
}

/// Consent and its withdrawal, and a reset, hold for what the module draws and keeps.
async fn obeys(build: Build) -> Result<()> {
    let (pages, candor, browser) =
        (Pages::start().await?, Candor::with_sites(&[("shop.toml", SHOP)])?, Browser::open().await?);
    let endpoint = Endpoint::start(Reply::Status(503)).await?;
    let cache = Cache::start(&candor, build).await?;
    let attributes =
        format!("data-site=\"shop\" data-consent=\"required\" data-endpoint=\"{}\"", endpoint.url());
    open(&browser, &pages, Page::with_body(&cache.tag(&candor, &attributes))).await?;
    browser.run("localStorage.mine = 1; candor('event', 'checkout_completed')", &[]).await?;
    let mine = json!(["mine"]);
    let kept = "Object.keys(localStorage).filter(key => key !== 'candor:seed')";
    let because = browser.eval("candor('debug').map(state => state.because)").await?;
    assert_eq!(because, json!(["no consent"]));
    assert_eq!(browser.eval("Object.keys(localStorage)").await?, mine);
    assert_eq!(cache.server.requests().len(), 1, "the loader and nothing else");

    browser.run("candor('consent', true); candor('event', 'checkout_completed')", &[]).await?;
    browser.choose(3).await?;
    endpoint.received("the rating", |body| body["answers"][0]["rating"] == 3).await?;
    browser.run("candor('consent', false)", &[]).await?;
    assert_eq!(browser.eval("Object.keys(localStorage)").await?, mine);
    assert_eq!(browser.eval("document.querySelector('candor-survey')").await?, Value::Null);
    assert_eq!(browser.events("closed").await?, [] as [Value; 0]);

    browser.run("candor('consent', true); candor('event', 'checkout_completed')", &[]).await?;
    browser.choose(4).await?;
    endpoint.received("the rating", |body| body["answers"][0]["rating"] == 4).await?;
    browser.run("candor('identify', 'u-77'); candor('reset')", &[]).await?;
    assert_eq!(browser.eval(kept).await?, mine);
    browser.gone().await?;
    assert_eq!(browser.events("closed").await?[0]["reason"], "api");

    // What was forgotten is not sent, and whoever comes next is asked as somebody else.
    let left = endpoint.posts().len();
    endpoint.set(Reply::Forward(candor.origin(), Duration::ZERO));
    browser.run("candor('event', 'checkout_completed')", &[]).await?;
    browser.choose(5).await?;
    arrived_later(&browser).await?;
    let ratings: Vec<_> = endpoint
        .bodies()
        .split_off(left)
        .into_iter()
        .filter_map(|b| b.pointer("/answers/0/rating").cloned())
        .collect();
    assert_eq!(ratings, [5]);
    candor.counted("checkout-csat", &[0, 0, 0, 0, 1]).await?;
    assert_eq!(only_response(&candor, "checkout-csat").await?.get("respondent"), None);
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    cache.was_used()
}

/// Waits until nothing is unsent, whatever failed before.
async fn arrived_later(browser: &Browser) -> Result<()> {
    browser.until("the acknowledgement", "journey.events.some(e => e.type === 'sent')").await?;
    browser.until("an empty outbox", &format!("{CODE_OF_OUTBOX}.length === 0")).await.map(drop)
}

#[tokio::test]
async fn consent_and_reset_of_an_earlier_build_hold() -> Result<()> {
    obeys(Build::Earlier).await
}

#[tokio::test]
async fn consent_and_reset_of_an_earlier_loader_hold_for_todays_module() -> Result<()> {
    obeys(Build::EarlierLoader).await
}

//! The main job: somebody buys something and is asked, in their language, on a site of three origins.

use anyhow::{Context, Result};
use candor_journeys::{Browser, Candor, Pages, root, word};
use candor_survey::LANGUAGES;
use serde_json::{Value, json};

candor_journeys::also_in_firefox! {
    a_shopper_is_asked_once_per_order_and_the_answer_outlives_a_killed_server,
}

/// The shop on one origin, the widget's files and definitions on another, the answers on a third.
struct Shop {
    pages: Pages,
    endpoint: Candor,
    _widget: Candor,
}

impl Shop {
    async fn open() -> Result<Self> {
        let pages = Pages::start().await?;
        let (widget, endpoint) =
            (Candor::with_demo_sites(&pages.url(""))?, Candor::with_demo_sites(&pages.url(""))?);
        let tag = format!("src=\"{}/candor.js\" data-endpoint=\"{}\"", widget.origin(), endpoint.endpoint());
        pages.rewrite("src=\"/candor.js\"", &tag);
        Ok(Self { pages, endpoint, _widget: widget })
    }

    /// Puts something in the cart, checks out, and waits on the thank-you page for the prompt.
    async fn buy(&self, browser: &Browser, language: &str) -> Result<()> {
        browser.goto(&self.pages.url(&format!("/{language}/shop.html"))).await?;
        for (what, element) in [
            ("something to buy", "[data-add]"),
            ("the link to the cart", "a[href='cart.html']"),
            ("the way to the checkout", "#checkout"),
            ("the order's button", "#place-order"),
        ] {
            browser.until(what, &format!("!!document.querySelector(\"{element}\")")).await?;
            browser.click_page(element).await?;
        }
        browser.until("the order's number", "!!document.querySelector('#order-number')").await?;
        browser.prompt().await
    }
}

/// The question in this language, as the shop's owner wrote it: the first text of the file.
fn question(language: &str) -> Result<String> {
    let source = std::fs::read_to_string(root().join("surveys/shop.toml"))?;
    let key = format!("text.{language} = ");
    let line = source
        .lines()
        .find_map(|line| line.strip_prefix(&key))
        .context("the shop does not ask in this language")?;
    Ok(line.trim_matches('"').to_owned())
}

async fn asks_in(browser: &Browser, language: &str) -> Result<()> {
    let shown = browser.widget("$('fieldset').textContent").await?;
    assert!(
        shown.as_str().is_some_and(|text| text.contains(&question(language).unwrap_or_default())),
        "{language}: {shown}"
    );
    assert_eq!(browser.widget("$('[lang]').lang").await?, language);
    Ok(())
}

#[tokio::test]
async fn a_shopper_is_asked_once_per_order_and_the_answer_outlives_a_killed_server() -> Result<()> {
    let mut shop = Shop::open().await?;
    let browser = Browser::open().await?;
    shop.buy(&browser, "zh-Hant").await?;
    asks_in(&browser, "zh-Hant").await?;

    browser.choose(5).await?;
    browser.write_comment("快！").await?;
    browser.send().await?;
    let thanks = json!(word("zh-Hant", "thanks")?);
    browser.widget_until("the thanks", &format!("root.textContent.includes({thanks})")).await?;
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision >= 3)").await?;

    shop.endpoint.counted("checkout-csat", &[0, 0, 0, 0, 1]).await?;
    let before = shop.endpoint.scores("checkout-csat").await?;
    // The period's end is now, which moves on.
    let counted =
        |scores: &Value| ["counts", "n", "score", "ci"].map(|key| scores.get("total")?.get(key).cloned());
    assert_eq!(before.pointer("/total/n"), Some(&json!(1)), "{before}");
    assert!(counted(&before).iter().all(Option::is_some), "{before}");
    let responses = shop.endpoint.responses("checkout-csat").await?;
    assert_eq!(responses.to_string().matches("快！").count(), 1, "{responses}");

    shop.endpoint.kill()?;
    shop.endpoint.start_again()?;
    let after = shop.endpoint.scores("checkout-csat").await?;
    assert_eq!(counted(&after), counted(&before));

    // The next order proves that the page could ask: it is asked for that one, and for nothing else.
    browser.reload().await?;
    let silent = "candor('debug').some(survey => survey.because.includes('1042'))";
    browser.until("the loader to say that this order was asked about", silent).await?;
    browser.run("candor('event', 'checkout_completed', {order_id: '9999'}, {once: '9999'})", &[]).await?;
    browser.prompt().await?;
    // Drawn a moment before it counts as shown: once for the order placed, once for the order that never was.
    let asked = "Object.keys(localStorage).filter(k => k.startsWith('candor:once:')).length === 2";
    browser.until("both orders to be marked", asked).await?;
    assert_eq!(browser.events("shown").await?.len(), 1);
    assert!(browser.console().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_shopper_is_asked_in_each_language() -> Result<()> {
    let shop = Shop::open().await?;
    let browser = Browser::open().await?;
    for language in LANGUAGES {
        browser.run("if (location.protocol === 'http:') localStorage.clear()", &[]).await?;
        shop.buy(&browser, language).await?;
        asks_in(&browser, language).await?;
        browser.screenshot(&format!("shop-{language}")).await?;
    }
    let scores: Value = shop.endpoint.scores("checkout-csat").await?;
    assert_eq!(scores.pointer("/total/n"), Some(&json!(0)), "being asked is no answer: {scores}");
    Ok(())
}

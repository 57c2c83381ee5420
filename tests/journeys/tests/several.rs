//! Several questions in one survey: answered with real clicks and keys, counted apart by the server.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::Result;
use candor_journeys::{
    Browser, Candor, Page, Pages,
    http::{self, HeaderMap, Method},
};
use serde_json::{Value, json};

candor_journeys::also_in_firefox! {
    nps_satisfaction_and_a_choice_in_one_survey_are_answered_and_scored_apart,
}

const SITE: &str = r#"
site = "shop"
origins = ["*"]

[[survey]]
id = "visit"
version = 1
options.quiet = "0"

[[survey.question]]
id = "nps"
kind = "rating"
metric = "nps"
text.en = "Would you recommend us?"

[[survey.question]]
id = "why"
kind = "text"

[[survey.question]]
id = "bought"
kind = "choice"
many = true
other = true
shuffle = true
text.en = "What did you buy?"
option = [{id = "bread", text.en = "Bread"}, {id = "milk", text.en = "Milk"}, {id = "salt", text.en = "Salt"}]

[[survey.question]]
id = "fresh"
kind = "rating"
metric = "csat"
scale = "1-7"
favourable_points = 2
text.en = "How fresh was it?"
when.any = [{question = "bought", chosen = "bread"}, {question = "bought", chosen = "other"}]
"#;

async fn option(browser: &Browser, id: &str) -> Result<()> {
    browser.click(&format!("$('input[value={id}]').labels[0]")).await
}

/// The score of one question of everyone.
async fn total(candor: &Candor, question: &str) -> Result<Value> {
    Ok(candor.read(&format!("/v1/surveys/visit/scores?site=shop&question={question}")).await?["total"]
        .clone())
}

#[tokio::test]
async fn nps_satisfaction_and_a_choice_in_one_survey_are_answered_and_scored_apart() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::with_sites(&[("shop.toml", SITE)])?);
    pages.set("/", Page::with_body(&candor.tag("data-site=\"shop\"")));
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;

    browser.choose(9).await?;
    browser.write_comment("near").await?;
    browser.click_button("Next").await?;
    browser.widget_until("the choice", "$('legend').textContent.startsWith('What did you buy?')").await?;
    option(&browser, "salt").await?;
    option(&browser, "bread").await?;
    browser.click("$('.own')").await?;
    browser.type_text("eggs").await?;
    browser.screenshot("several-choice").await?;
    browser.click_button("Next").await?;
    browser.widget_until("the last question", "$('legend').textContent === 'How fresh was it?'").await?;
    // Four of seven is not four of five.
    assert_eq!(browser.widget("radios.length").await?, 7);
    browser.click_button("Back").await?;
    browser
        .widget_until("what was chosen", "$('.own').value === 'eggs' && $('input[value=salt]').checked")
        .await?;
    option(&browser, "salt").await?;
    browser.click_button("Next").await?;
    browser.choose(4).await?;
    browser.send().await?;
    browser.until("the receipt", "journey.events.at(-1).type === 'sent'").await?;
    let answered = "journey.events.filter(e => e.type === 'answered').map(e => e.question).at(-1)";
    assert_eq!(browser.eval(answered).await?, "fresh");
    assert!(browser.console().await?.is_empty());
    assert_eq!(browser.eval("journey.errors").await?, json!([]));

    let nps = total(&candor, "nps").await?;
    assert_eq!((&nps["n"], &nps["score"], &nps["counts"][9]), (&json!(1), &json!(100.0), &json!(1)), "{nps}");
    let fresh = total(&candor, "fresh").await?;
    assert_eq!((&fresh["score"], &fresh["counts"]), (&json!(0.0), &json!([0, 0, 0, 1, 0, 0, 0])), "{fresh}");
    let bought = total(&candor, "bought").await?;
    let counted: Vec<_> =
        bought["options"].as_array().into_iter().flatten().map(|o| (&o["option"], &o["n"])).collect();
    let expected = [("bread", 1), ("milk", 0), ("salt", 0), ("other", 1)];
    assert_eq!(json!(counted), json!(expected), "{bought}");
    Ok(())
}

#[tokio::test]
async fn a_survey_that_the_widget_could_not_draw_is_not_asked_for() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::with_sites(&[("shop.toml", SITE)])?);
    // As a widget that knows none of it would ask.
    let definition = candor.url("/v1/surveys/visit?locale=en");
    assert_eq!(http::send(Method::GET, &definition, &HeaderMap::new(), "").await?.status(), 406);
    pages.set("/", Page::with_body(&candor.tag("data-site=\"shop\"")));
    let browser = Browser::open().await?;
    browser.before_every_page("const real = fetch; window.fetch = (url, init) => real(String(url).replace(/can=[^&]*/, ''), init)").await?;
    browser.goto(&pages.url("/")).await?;
    browser.until("the list", "candor('debug').length === 0").await?;
    assert_eq!(browser.widget("!!host").await?, false);
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    Ok(())
}

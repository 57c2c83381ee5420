//! What Safari's engine makes of it, in WebKitGTK: it is shown, rated, commented, kept while nothing can be sent, and mirrored.
//!
//! Its driver (2.50) has neither a DevTools protocol nor BiDi, so that nothing is put into a page before its own scripts: the pages of
//! these stories bring the witness themselves. Nor does it change the colour scheme, the network or the media of an open browser,
//! and it never answers who asks for a screenshot while a modal dialog is open.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::Result;
use candor_journeys::{Browser, Candor, Endpoint, Page, Pages, Reply, word};
use serde_json::json;
use std::time::Duration;

/// Tells a story in WebKitGTK.
macro_rules! in_webkit {
    ($($story:ident),+ $(,)?) => {
        $(
            #[test]
            fn $story() -> Result<()> {
                #[tokio::main(flavor = "current_thread")]
                async fn told() -> Result<()> {
                    stories::$story().await
                }
                candor_journeys::in_webkit(told)
            }
        )+
    };
}

in_webkit! {
    it_is_shown_in_its_corner_and_seen_once,
    a_rating_is_stored_with_the_first_click,
    a_comment_is_stored_and_thanked_for,
    what_can_not_be_sent_is_kept_and_sent_from_the_next_page,
    right_to_left_is_mirrored_and_a_modal_holds_the_focus,
}

mod stories {
    use super::*;

    async fn ask(language: &str, attributes: &str) -> Result<(Pages, Candor, Browser)> {
        let (pages, candor) = (Pages::start().await?, Candor::start()?);
        let tag = candor.tag(&format!("data-quiet=\"0\" {attributes}"));
        pages.set("/", Page::in_language(language, &tag));
        let browser = Browser::open().await?;
        browser.goto(&pages.url("/")).await?;
        browser.prompt().await?;
        Ok((pages, candor, browser))
    }

    pub(super) async fn it_is_shown_in_its_corner_and_seen_once() -> Result<()> {
        let (_pages, candor, browser) = ask("en", "data-survey=\"nps\"").await?;
        browser.screenshot("shown").await?;
        let corner = "(r => [innerWidth - r.right, innerHeight - r.bottom].map(Math.round))($('.card').getBoundingClientRect())";
        assert_eq!(browser.widget(corner).await?, json!([24, 24]));
        assert_eq!(browser.widget("radios.length").await?, 11);
        browser.until("word of it", "journey.events.some(e => e.type === 'sent')").await?;
        let kept = candor.read("/v1/surveys/nps/responses?unanswered=true").await?;
        assert_eq!(kept["responses"].as_array().map(Vec::len), Some(1));
        assert_eq!(kept["responses"][0]["state"], "shown");
        assert_eq!(browser.eval("journey.errors").await?, json!([]));
        Ok(())
    }

    pub(super) async fn a_rating_is_stored_with_the_first_click() -> Result<()> {
        let (pages, candor, browser) = ask("en", "data-survey=\"csat\"").await?;
        browser.choose(4).await?;
        browser.goto(&pages.url("/elsewhere")).await?;
        let mut kept = json!(null);
        for _ in 0..100 {
            kept = candor.read("/v1/surveys/csat/responses").await?;
            if kept["responses"][0]["answers"][0]["rating"] == 4 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(kept["responses"][0]["answers"], json!([{"question": "csat", "rating": 4}]));
        Ok(())
    }

    pub(super) async fn a_comment_is_stored_and_thanked_for() -> Result<()> {
        let (_pages, candor, browser) = ask("en", "data-survey=\"thumbs\"").await?;
        browser.screenshot("thumbs").await?;
        browser.click("radios[0].labels[0]").await?;
        browser.write_comment("No picture").await?;
        browser.screenshot("comment").await?;
        browser.send().await?;
        browser.widget_until("the thanks", "root.textContent.includes('Thank you')").await?;
        browser.until("the receipt", "journey.events.at(-1).type === 'sent'").await?;
        let kept = candor.read("/v1/surveys/thumbs/responses").await?;
        let expected = json!([{"question": "thumbs", "rating": 1, "scale": "1-2"}, {"question": "why", "text": "No picture"}]);
        assert_eq!(
            (&kept["responses"][0]["answers"], &kept["responses"][0]["state"]),
            (&expected, &json!("complete"))
        );
        assert_eq!(browser.eval("journey.errors").await?, json!([]));
        Ok(())
    }

    pub(super) async fn what_can_not_be_sent_is_kept_and_sent_from_the_next_page() -> Result<()> {
        let store = Candor::start()?;
        let endpoint = Endpoint::start(Reply::Status(503)).await?;
        let attributes = format!("data-survey=\"nps\" data-endpoint=\"{}\"", endpoint.url());
        let (pages, _widget, browser) = ask("en", &attributes).await?;
        browser.choose(9).await?;
        browser.write_comment("near").await?;
        browser.send().await?;
        let queued = json!(word("en", "queued")?);
        browser
            .widget_until("word that it is kept", &format!("$('[role=status]').textContent === {queued}"))
            .await?;
        endpoint.set(Reply::Forward(store.origin(), Duration::ZERO));
        browser.goto(&pages.url("/")).await?;
        let mut kept = json!(null);
        for _ in 0..200 {
            kept = store.responses("nps").await?;
            if kept["responses"][0]["state"] == "complete" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let complete =
            kept["responses"].as_array().into_iter().flatten().filter(|r| r["state"] == "complete");
        let answers: Vec<_> = complete.map(|response| response["answers"].clone()).collect();
        assert_eq!(answers, [json!([{"question": "nps", "rating": 9}, {"question": "why", "text": "near"}])]);
        Ok(())
    }

    pub(super) async fn right_to_left_is_mirrored_and_a_modal_holds_the_focus() -> Result<()> {
        let (_pages, _candor, browser) = ask("fa", "data-survey=\"nps\" data-display=\"modal\"").await?;
        let places =
            "[radios[0], radios[1], $('.close')].map(e => (e.labels?.[0] ?? e).getBoundingClientRect().left)";
        let places: Vec<f64> = serde_json::from_value(browser.widget(places).await?)?;
        assert!(places[1] < places[0] && places[2] < places[0], "{places:?}");
        assert_eq!(
            browser.widget("document.activeElement === host && $('dialog').matches(':modal')").await?,
            true
        );
        browser.choose(9).await?;
        browser.send().await?;
        let thanks = json!(word("fa", "thanks")?);
        browser.widget_until("the thanks", &format!("root.textContent.includes({thanks})")).await?;
        assert_eq!(browser.eval("journey.errors").await?, json!([]));
        Ok(())
    }
}

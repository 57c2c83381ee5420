//! Every language on narrow and wide screens: every text whole, mirrored where the language is.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Context, Result};
use candor_journeys::{
    Browser, CUT_TEXTS, Candor, Endpoint, OUTSIDE, Options, Page, Pages, Reply, small_targets, whole, word,
};
use candor_survey::LANGUAGES;
use serde_json::{Value, json};

// The pictures of the states are Chromium's alone: they need forced colours and turn dark in an open browser.
candor_journeys::also_in_firefox! {
    every_text_is_whole_at_320_px,
    every_label_of_satisfaction_is_whole_at_1280_px_in_the_dark,
    right_to_left_mirrors_the_place_the_scale_and_the_close_button,
}

const NARROW: Options = Options { width: 320, height: 640, dark: false };
const WIDE: Options = Options { width: 1280, height: 800, dark: false };

async fn stage() -> Result<(Pages, Candor)> {
    Ok((Pages::start().await?, Candor::start()?))
}

/// A page in this language that asks at once, and the browser on it.
async fn ask(browser: &Browser, pages: &Pages, candor: &Candor, language: &str, survey: &str) -> Result<()> {
    let tag = candor.tag(&format!(
        "data-survey=\"{survey}\" data-product=\"Fernway\" data-quiet=\"0\" data-privacy=\"/privacy\""
    ));
    pages.set("/", Page::in_language(language, &tag));
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await
}

/// Walks through every view in every language, at this width, and takes pictures.
async fn every_view(options: Options, survey: &str, rating: u8) -> Result<()> {
    let (pages, candor) = stage().await?;
    let browser = Browser::open_with(options).await?;
    for language in LANGUAGES {
        let name = |view: &str| {
            format!("{survey}-{view}-{language}-{}{}", options.width, if options.dark { "-dark" } else { "" })
        };
        ask(&browser, &pages, &candor, language, survey).await?;
        assert_eq!(browser.widget("$('[lang]').lang").await?, language);
        browser.screenshot(&name("scale")).await?;
        whole(&browser, &name("scale")).await?;

        browser.choose(rating).await?;
        browser.widget_until("the follow-up", "$('textarea') && seen($('textarea'))").await?;
        browser.screenshot(&name("follow-up")).await?;
        whole(&browser, &name("follow-up")).await?;

        browser.send().await?;
        let thanks = json!(word(language, "thanks")?);
        browser.widget_until("the thanks", &format!("root.textContent.includes({thanks})")).await?;
        browser.screenshot(&name("thanks")).await?;
        whole(&browser, &name("thanks")).await?;
    }
    Ok(())
}

/// Walks through the pages of a survey with several questions in every language, at this width, and takes pictures.
async fn every_page(options: Options) -> Result<()> {
    let pages = Pages::start().await?;
    let candor = Candor::with_demo_sites(&pages.url(""))?;
    let browser = Browser::open_with(options).await?;
    for language in LANGUAGES {
        let name = |view: &str| {
            format!("help-{view}-{language}-{}{}", options.width, if options.dark { "-dark" } else { "" })
        };
        let tag = candor
            .tag("data-site=\"help\" data-survey=\"help-visit\" data-trigger=\"load\" data-quiet=\"0\"");
        pages.set("/", Page::in_language(language, &tag));
        browser.goto(&pages.url("/")).await?;
        browser.prompt().await?;
        browser.screenshot(&name("seven")).await?;
        whole(&browser, &name("seven")).await?;
        browser.choose(7).await?;
        browser.click_button(&word(language, "next")?).await?;
        browser.widget_until("the options", "$('.options') && seen($('.options'))").await?;
        browser.click("$('input[value=payment]').labels[0]").await?;
        browser.screenshot(&name("options")).await?;
        whole(&browser, &name("options")).await?;
        browser.click_button(&word(language, "next")?).await?;
        browser.choose(9).await?;
        browser.screenshot(&name("last")).await?;
        whole(&browser, &name("last")).await?;
        browser.send().await?;
        browser.widget_until("the thanks", "$('[data-step=thanks]')").await?;
    }
    Ok(())
}

#[tokio::test]
async fn every_page_of_several_questions_is_whole_at_320_px() -> Result<()> {
    every_page(NARROW).await
}

#[tokio::test]
async fn every_page_of_several_questions_is_whole_at_1280_px_in_the_dark() -> Result<()> {
    every_page(Options { dark: true, ..WIDE }).await
}

#[tokio::test]
async fn every_text_is_whole_at_320_px() -> Result<()> {
    every_view(NARROW, "nps", 9).await
}

#[tokio::test]
async fn every_text_is_whole_at_1280_px() -> Result<()> {
    every_view(WIDE, "nps", 3).await
}

#[tokio::test]
async fn every_label_of_satisfaction_is_whole_at_320_px() -> Result<()> {
    every_view(NARROW, "csat", 2).await
}

#[tokio::test]
async fn every_label_of_satisfaction_is_whole_at_1280_px_in_the_dark() -> Result<()> {
    every_view(Options { dark: true, ..WIDE }, "csat", 5).await
}

#[tokio::test]
async fn every_point_of_ease_is_whole_at_320_px_in_the_dark() -> Result<()> {
    every_view(Options { dark: true, ..NARROW }, "ces", 7).await
}

#[tokio::test]
async fn every_point_of_ease_is_whole_at_1280_px() -> Result<()> {
    every_view(WIDE, "ces", 2).await
}

#[tokio::test]
async fn what_went_wrong_is_told_whole_in_each_language() -> Result<()> {
    let (pages, candor) = stage().await?;
    let endpoint = Endpoint::start(Reply::Status(503)).await?;
    let browser = Browser::open_with(NARROW).await?;
    for language in LANGUAGES {
        let tag = candor.tag(&format!(
            "data-survey=\"nps\" data-quiet=\"0\" data-privacy=\"/privacy\" data-endpoint=\"{}\"",
            endpoint.url()
        ));
        pages.set("/", Page::in_language(language, &tag));
        browser.goto(&pages.url("/")).await?;
        browser.choose(3).await?;
        browser.write_comment("!").await?;
        browser.widget("($('textarea').value = 'a'.repeat(5001), 0)").await?;
        browser.send().await?;
        browser.widget_until("the error", "$('#error').textContent").await?;
        browser.screenshot(&format!("error-{language}-320")).await?;
        whole(&browser, &format!("{language}, error")).await?;

        browser.widget("($('textarea').value = 'a', 0)").await?;
        browser.send().await?;
        let queued = json!(word(language, "queued")?);
        browser
            .widget_until("word that it is queued", &format!("$('[role=status]').textContent === {queued}"))
            .await?;
        browser.screenshot(&format!("queued-{language}-320")).await?;
        whole(&browser, &format!("{language}, queued")).await?;
    }
    Ok(())
}

/// Where things stand: middle of the card, first and second point, close button, middle of the card again.
async fn places(browser: &Browser) -> Result<Vec<f64>> {
    let places = browser
        .widget(
            "(() => { const mid = e => { const r = e.getBoundingClientRect(); return r.left + r.width / 2 },
                close = $$('button').filter(seen).reduce((a, b) => a.getBoundingClientRect().top < b.getBoundingClientRect().top ? a : b);
                return [mid(host), mid(radios[0].labels[0]), mid(radios[1].labels[0]), mid(close)] })()",
        )
        .await?;
    Ok(places.as_array().into_iter().flatten().filter_map(Value::as_f64).collect())
}

#[tokio::test]
async fn right_to_left_mirrors_the_place_the_scale_and_the_close_button() -> Result<()> {
    let (pages, candor) = stage().await?;
    let browser = Browser::open_with(WIDE).await?;
    for language in LANGUAGES {
        ask(&browser, &pages, &candor, language, "nps").await?;
        let places = places(&browser).await?;
        let [card, first, second, close] = places[..] else { anyhow::bail!("{places:?}") };
        let rtl = word(language, "dir")? == "rtl";
        assert_eq!(card < 640.0, rtl, "{language}: the card stands at the inline end: {places:?}");
        assert_eq!(second < first, rtl, "{language}: the scale runs in reading direction: {places:?}");
        assert_eq!(close < card, rtl, "{language}: the close button is at the inline end: {places:?}");
        let direction = browser.widget("getComputedStyle($('fieldset')).direction").await?;
        assert_eq!(direction, if rtl { "rtl" } else { "ltr" });
    }
    Ok(())
}

#[tokio::test]
async fn states_are_pictured_for_the_eye() -> Result<()> {
    let (pages, candor) = stage().await?;
    let browser = Browser::open_with(WIDE).await?;
    for dark in [false, true] {
        browser.look(Options { dark, ..WIDE }).await?;
        for language in ["en", "fa"] {
            let name = |state: &str| format!("state-{state}-{language}{}", if dark { "-dark" } else { "" });
            ask(&browser, &pages, &candor, language, "nps").await?;
            let at = browser.widget("(r => [r.left + r.width / 2, r.top + r.height / 2])(radios[7].labels[0].getBoundingClientRect())").await?;
            browser.hover_at(at[0].as_f64().unwrap_or_default(), at[1].as_f64().unwrap_or_default()).await?;
            browser.screenshot(&name("hover")).await?;
            browser.widget("(radios[0].focus({focusVisible: true}), 0)").await?;
            browser.screenshot(&name("focus")).await?;
            browser.choose(7).await?;
            browser.screenshot(&name("selected")).await?;
            // The button answers the mouse, and stays opaque.
            browser
                .widget_until("Send", "$('.send') && seen($('.send')) && !root.getAnimations().length")
                .await?;
            let colours = "(s => [s.backgroundColor, s.opacity])(getComputedStyle($('.send')))";
            let rested = browser.widget(colours).await?;
            let at = browser
                .widget(
                    "(r => [r.left + r.width / 2, r.top + r.height / 2])($('.send').getBoundingClientRect())",
                )
                .await?;
            browser.hover_at(at[0].as_f64().unwrap_or_default(), at[1].as_f64().unwrap_or_default()).await?;
            let hovered = browser.widget(colours).await?;
            browser.screenshot(&name("hover-send")).await?;
            assert_ne!(hovered[0], rested[0]);
            assert_ne!(hovered[0], "rgba(0, 0, 0, 0)");
            assert_eq!(hovered[1], "1");
        }
    }
    browser.look(WIDE).await?;
    let forced =
        [("forced-colors", "active"), ("prefers-color-scheme", "dark"), ("prefers-reduced-motion", "reduce")];
    browser.media(&forced).await?;
    ask(&browser, &pages, &candor, "en", "nps").await?;
    browser.choose(8).await?;
    browser.screenshot("state-forced-colours").await?;
    // The mouse still stands on the chosen point: hovering takes nothing from its colours.
    let colours = "(s => [s.backgroundColor, s.color, s.borderTopColor])(getComputedStyle(radios[8].nextElementSibling))";
    let hovered = browser.widget(colours).await?;
    browser.hover_at(1.0, 1.0).await?;
    assert_eq!(hovered, browser.widget(colours).await?);
    assert_ne!(hovered[0], hovered[1]);
    Ok(())
}

#[tokio::test]
async fn a_readers_own_text_spacing_cuts_nothing() -> Result<()> {
    let (pages, candor) = stage().await?;
    let browser = Browser::open_with(NARROW).await?;
    // WCAG 1.4.12, as a user style of the page gives it.
    let spacing = "<style>html { letter-spacing: .12em; word-spacing: .16em }</style>";
    for language in ["en", "vi", "th"] {
        let tag = candor.tag("data-survey=\"nps\" data-product=\"Fernway\" data-quiet=\"0\"");
        pages.set("/", Page::in_language(language, &format!("{spacing}{tag}")));
        browser.goto(&pages.url("/")).await?;
        browser.prompt().await?;
        let arrived = browser.widget("parseFloat(getComputedStyle($('fieldset')).letterSpacing)").await?;
        assert!(arrived.as_f64() > Some(0.5), "{language}: the spacing reaches the text: {arrived}");
        whole(&browser, &format!("{language} with text spacing")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn at_400_percent_the_prompt_scrolls_in_itself_and_can_be_answered() -> Result<()> {
    let (pages, candor) = stage().await?;
    // 1280 × 1024 at 400 %.
    let browser = Browser::open_with(Options { width: 320, height: 256, dark: false }).await?;
    ask(&browser, &pages, &candor, "vi", "nps").await?;
    browser.screenshot("zoomed-scale").await?;
    let inside = "(r => r.top >= 0 && r.bottom <= innerHeight && r.left >= 0 && r.right <= innerWidth)(host.getBoundingClientRect())";
    assert_eq!(browser.widget(inside).await?, true);
    browser.choose(10).await?;
    browser.write_comment("ok").await?;
    assert_eq!(browser.widget(inside).await?, true);
    browser.screenshot("zoomed-follow-up").await?;
    browser.send().await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).await
}

#[tokio::test]
async fn every_scale_has_its_points_side_by_side_and_large_enough() -> Result<()> {
    use std::fmt::Write as _;
    let scales = ["0-1", "0-2", "0-3", "0-5", "1-6", "1-7", "0-7", "1-9", "1-10", "0-10"];
    let mut source = "site = \"scales\"\norigins = [\"*\"]\n".to_owned();
    for scale in scales {
        write!(
            source,
            "[[survey]]\nid = \"s{scale}\"\nversion = 1\n[survey.options]\ntrigger = \"manual\"\nquiet = \"0\"\n\
             [[survey.question]]\nid = \"q\"\nkind = \"rating\"\nmetric = \"csat\"\nscale = \"{scale}\"\nfavourable_points = 1\n\
             text.en = \"How was it?\"\n"
        )?;
    }
    let (pages, candor) = (Pages::start().await?, Candor::with_sites(&[("scales.toml", &source)])?);
    pages.set("/", Page::with_body(&candor.tag("data-site=\"scales\"")));
    let browser = Browser::open().await?;
    for width in [320, 1280] {
        browser.look(Options { width, height: 800, dark: false }).await?;
        for scale in scales {
            browser.goto(&pages.url("/")).await?;
            browser.until("the loader", "window.candor && candor.version").await?;
            browser.run(&format!("candor('show', 's{scale}')"), &[]).await?;
            browser.prompt().await.with_context(|| scale.to_owned())?;
            let boxes = "radios.map(radio => radio.closest('label').getBoundingClientRect())
                .map(box => [Math.round(box.top), Math.round(box.width)])";
            let boxes: Vec<[i64; 2]> = serde_json::from_value(browser.widget(boxes).await?)?;
            let rows: std::collections::BTreeSet<_> = boxes.iter().map(|[top, _]| top).collect();
            let most = if boxes.len() > 6 { 2 } else { 1 };
            assert!(rows.len() <= most, "{scale} at {width}: {boxes:?}");
            let least = if width == 320 { 44 } else { 36 };
            assert!(boxes.iter().all(|[_, width]| *width >= least), "{scale} at {width}: {boxes:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn text_of_twice_the_size_is_whole() -> Result<()> {
    let (pages, candor) = stage().await?;
    let browser = Browser::open_with(WIDE).await?;
    // As the browser's own setting gives it; the usual size is 16.
    browser.cdp("Page.setFontSizes", json!({"fontSizes": {"standard": 32, "fixed": 26}})).await?;
    for (survey, language) in [("nps", "en"), ("csat", "vi")] {
        ask(&browser, &pages, &candor, language, survey).await?;
        assert_eq!(browser.widget("getComputedStyle($('.card')).fontSize").await?, "32px");
        browser.screenshot(&format!("twice-{survey}")).await?;
        whole(&browser, &format!("{survey}, {language}, twice the size")).await?;
        browser.choose(4).await?;
        browser.screenshot(&format!("twice-{survey}-follow-up")).await?;
        // It scrolls in itself by now, below its buttons.
        assert_eq!(browser.widget(CUT_TEXTS).await?, json!([]), "{survey}, {language}: cut");
        assert_eq!(browser.widget(OUTSIDE).await?, json!([]), "{survey}, {language}: outside");
    }
    Ok(())
}

#[tokio::test]
async fn a_finger_has_44_px_on_a_wide_screen_too() -> Result<()> {
    let (pages, candor) = stage().await?;
    let browser = Browser::open_with(WIDE).await?;
    browser.cdp("Emulation.setTouchEmulationEnabled", json!({"enabled": true, "maxTouchPoints": 1})).await?;
    for survey in ["nps", "csat"] {
        ask(&browser, &pages, &candor, "en", survey).await?;
        assert_eq!(browser.eval("matchMedia('(pointer: coarse)').matches").await?, true);
        assert_eq!(browser.widget(&small_targets(44)).await?, json!([]), "{survey}");
        browser.choose(4).await?;
        browser.widget_until("the follow-up", "$('textarea') && seen($('textarea'))").await?;
        assert_eq!(browser.widget(&small_targets(44)).await?, json!([]), "{survey}, follow-up");
    }
    Ok(())
}

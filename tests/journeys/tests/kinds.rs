//! Every look of a rating and every preset: whole in every language, answered by hand and by key, and counted.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::Result;
use candor_journeys::{Browser, Candor, Key, Options, Page, Pages, whole, word};
use candor_survey::{LANGUAGES, PRESETS};
use serde_json::{Value, json};

candor_journeys::also_in_firefox! {
    every_look_is_whole_at_320_px,
    stars_smileys_and_thumbs_are_answered_by_hand_and_by_key_and_counted_apart,
}

const NARROW: Options = Options { width: 320, height: 640, dark: false };
const WIDE: Options = Options { width: 1280, height: 800, dark: false };

/// Ratings of every look, in Candor's own words, each on a page of its own.
const LOOKS: &str = r#"
site = "shop"
origins = ["*"]

[[survey]]
id = "looks"
version = 1
metric = "csat"
options.quiet = "0"

[[survey.question]]
id = "stars"
kind = "rating"
look = "stars"

[[survey.question]]
id = "smileys"
kind = "rating"
look = "smileys"

[[survey.question]]
id = "faces"
kind = "rating"
look = "smileys"
scale = "1-3"

[[survey.question]]
id = "thumbs"
kind = "rating"
look = "thumbs"
scale = "1-2"

[[survey.question]]
id = "three"
kind = "rating"
scale = "1-3"

[[survey.question]]
id = "ten"
kind = "rating"
look = "stars"
scale = "1-10"
favourable_points = 2
"#;

/// The questions of these, and a point of each.
const POINTS: [(&str, u8); 6] =
    [("stars", 4), ("smileys", 5), ("faces", 1), ("thumbs", 2), ("three", 2), ("ten", 7)];

async fn every_look(options: Options, languages: &[&str]) -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::with_sites(&[("shop.toml", LOOKS)])?);
    let browser = Browser::open_with(options).await?;
    for language in languages {
        pages.set("/", Page::in_language(language, &candor.tag("data-site=\"shop\"")));
        browser.goto(&pages.url("/")).await?;
        browser.prompt().await?;
        for (question, point) in POINTS {
            let name = |state: &str| {
                let dark = if options.dark { "-dark" } else { "" };
                format!("look-{question}-{state}-{language}-{}{dark}", options.width)
            };
            browser.screenshot(&name("asked")).await?;
            whole(&browser, &name("asked")).await?;
            browser.choose(point).await?;
            browser.widget("(root.activeElement.blur(), 0)").await?;
            browser.screenshot(&name("chosen")).await?;
            whole(&browser, &name("chosen")).await?;
            let number = browser.widget("radios.length").await?;
            browser.send().await?;
            if question != "ten" {
                browser
                    .widget_until(
                        "the next page",
                        &format!(
                            "radios.length && radios.length !== {number} || !radios.some(r => r.checked)"
                        ),
                    )
                    .await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_look_is_whole_at_320_px() -> Result<()> {
    every_look(NARROW, &LANGUAGES).await
}

#[tokio::test]
async fn every_look_is_whole_on_phones_of_any_width() -> Result<()> {
    for width in [360, 390, 428] {
        every_look(Options { width, ..NARROW }, &["en", "vi"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn every_look_is_whole_at_1280_px_in_the_dark() -> Result<()> {
    every_look(Options { dark: true, ..WIDE }, &LANGUAGES).await
}

/// What can be seen of the points' drawings: how many are filled, or cut out otherwise than the first.
const FILLED: &str =
    "$$('.face').filter(face => !getComputedStyle(face, '::before').clipPath.includes('evenodd')).length";

#[tokio::test]
async fn stars_smileys_and_thumbs_are_answered_by_hand_and_by_key_and_counted_apart() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::with_sites(&[("shop.toml", LOOKS)])?);
    pages.set("/", Page::with_body(&candor.tag("data-site=\"shop\"")));
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    assert_eq!(browser.widget("getComputedStyle($('.face'), '::before').width").await?, "28px");
    assert_eq!(browser.widget(FILLED).await?, 0);
    // A star is chosen with all before it.
    browser.choose(4).await?;
    browser.widget_until("four stars", &format!("{FILLED} === 4")).await?;
    browser.press(&[Key::Left]).await?;
    browser.widget_until("three stars", &format!("{FILLED} === 3")).await?;
    browser.press(&[Key::Right]).await?;
    browser.click_button("Next").await?;
    browser.widget_until("the smileys", "$('.smileys') && !radios.some(r => r.checked)").await?;
    let names = browser.widget("radios.map(r => r.labels[0].textContent)").await?;
    assert_eq!(names, json!(["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"]));
    // No two faces are the same.
    let faces = "new Set($$('.face').map(face => getComputedStyle(face, '::before').clipPath)).size";
    assert_eq!(browser.widget(faces).await?, 5);
    browser.choose(5).await?;
    browser.click_button("Next").await?;
    browser.widget_until("three faces", "radios.length === 3").await?;
    assert_eq!(browser.widget(faces).await?, 3);
    browser.choose(1).await?;
    browser.click_button("Next").await?;
    browser.widget_until("the thumbs", "radios.length === 2").await?;
    browser.press(&[Key::Space]).await?;
    browser.press(&[Key::Right]).await?;
    browser.widget_until("a thumb up", "radios[1].checked").await?;
    browser.click_button("Next").await?;
    browser.choose(2).await?;
    browser.click_button("Next").await?;
    browser.choose(7).await?;
    browser.send().await?;
    browser.until("the receipt", "journey.events.at(-1).type === 'sent'").await?;
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    for (question, point) in POINTS {
        let scores = candor.read(&format!("/v1/surveys/looks/scores?site=shop&question={question}")).await?;
        let counts: Vec<u64> =
            scores["total"]["counts"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        let expected: Vec<u64> = (1..=counts.len()).map(|n| u64::from(n == usize::from(point))).collect();
        assert_eq!(counts, expected, "{question}");
    }
    let kept = candor.read("/v1/surveys/looks/responses?site=shop").await?;
    assert_eq!(kept["responses"][0]["presentation"]["scale"], "stars");
    Ok(())
}

#[tokio::test]
async fn every_preset_asks_in_every_language_without_a_server() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let browser = Browser::open_with(NARROW).await?;
    for language in LANGUAGES {
        for preset in &PRESETS[3..] {
            let name = |state: &str| format!("preset-{preset}-{state}-{language}-320");
            let tag = candor.tag(&format!("data-survey=\"{preset}\" data-quiet=\"0\""));
            pages.set("/", Page::in_language(language, &tag));
            browser.goto(&pages.url("/")).await?;
            browser
                .widget_until("a question", "host && ($('legend') || $('label'))?.textContent && $('.send')")
                .await?;
            browser.screenshot(&name("asked")).await?;
            whole(&browser, &name("asked")).await?;
            assert_eq!(browser.widget("($('fieldset') || $('[lang]')).lang").await?, language, "{preset}");
            if *preset == "start-stop-continue" {
                for turn in 0..3 {
                    browser
                        .widget_until("a text", &format!("$$('.turned').length === {}", u8::from(turn > 0)))
                        .await?;
                    browser.write_comment("less").await?;
                    browser.send().await?;
                    browser
                        .widget_until(
                            "what comes then",
                            &format!("$('[data-step=thanks]') || $('textarea').value === '' && {turn} < 2"),
                        )
                        .await?;
                }
            } else {
                browser.click("$('.point')").await?;
                browser.widget_until("the follow-up", "$('textarea') && seen($('textarea'))").await?;
                browser.screenshot(&name("chosen")).await?;
                whole(&browser, &name("chosen")).await?;
                browser.send().await?;
            }
            let thanks = json!(word(language, "thanks")?);
            browser.widget_until("the thanks", &format!("root.textContent.includes({thanks})")).await?;
            browser.until("the receipt", "journey.events.at(-1).type === 'sent'").await?;
            assert_eq!(browser.eval("journey.errors").await?, json!([]), "{preset}");
        }
    }
    for (preset, question, counted) in
        [("effort", "effort", 6), ("enps", "enps", 6), ("thumbs", "thumbs", 6), ("pmf", "pmf", 6)]
    {
        let scores = candor.read(&format!("/v1/surveys/{preset}/scores?question={question}")).await?;
        assert_eq!(scores["total"]["n"], counted, "{preset}");
    }
    let kept = candor.read("/v1/surveys/start-stop-continue/responses").await?;
    let answered = kept["responses"][0]["answers"].as_array().map(Vec::len);
    assert_eq!((answered, kept["responses"].as_array().map(Vec::len)), (Some(3), Some(6)));
    Ok(())
}

/// What must be answered, how much may be written, what is only read, and an ending by what was rated.
const FLOW: &str = r#"
site = "shop"
origins = ["*"]

[[survey]]
id = "flow"
version = 1
metric = "csat"
options.quiet = "0"

[survey.ending]
text.en = "Thanks, that helps."
unfavourable.en = "We are sorry, and will look into it."

[[survey.question]]
id = "hello"
kind = "message"
text.en = "Two questions, a minute at most."

[[survey.question]]
id = "csat"
kind = "rating"
required = true

[[survey.question]]
id = "why"
kind = "text"
required = true
max_chars = 12

[[survey.question]]
id = "help"
kind = "link"
text.en = "There is more to read."
href = "/help"
label.en = "Help pages"
"#;

#[tokio::test]
async fn what_is_required_is_asked_for_characters_are_counted_as_people_do_and_the_ending_fits() -> Result<()>
{
    let (pages, candor) = (Pages::start().await?, Candor::with_sites(&[("shop.toml", FLOW)])?);
    pages.set("/", Page::with_body(&candor.tag("data-site=\"shop\"")));
    let browser = Browser::open_with(Options { height: 900, ..NARROW }).await?;
    browser.goto(&pages.url("/")).await?;
    browser
        .widget_until("the message", "$('.question')?.textContent.startsWith('Two questions') && $('.send')")
        .await?;
    browser.screenshot("flow-message-320").await?;
    whole(&browser, "the message").await?;
    assert_eq!(browser.violations().await?, [""; 0]);
    browser.click_button("Next").await?;

    browser.prompt().await?;
    browser.widget_until("the focus", "root.activeElement === radios[0]").await?;
    browser.click_button("Next").await?;
    browser
        .widget_until("the error", "$('legend .error')?.textContent === 'Please answer this question.'")
        .await?;
    browser.widget_until("the focus", "root.activeElement === radios[0]").await?;
    browser.screenshot("flow-unanswered-320").await?;
    assert_eq!(browser.violations().await?, [""; 0]);
    browser.choose(2).await?;
    browser.widget_until("no error", "!$('legend .error') && !$('#error').textContent").await?;
    assert_eq!(browser.widget("!!button('Skip')").await?, false);
    browser.click_button("Next").await?;
    browser
        .widget_until("the error", "$('#error').textContent && root.activeElement === $('textarea')")
        .await?;
    // A flag and a family are a character each.
    browser.write_comment("🇹🇭👨‍👩‍👧é").await?;
    let count = "$('#count').textContent.replace('\\u00a0/\\u00a0', '/')";
    browser.widget_until("the count", &format!("{count} === '3/12'")).await?;
    browser.write_comment("1234567890").await?;
    browser.widget_until("the count", &format!("{count} === '13/12'")).await?;
    browser.click_button("Next").await?;
    browser.widget_until("the error", "$('#error').textContent.includes('12')").await?;
    browser.screenshot("flow-too-long-320").await?;
    whole(&browser, "too long").await?;
    browser.press(&[Key::Backspace]).await?;
    browser.click_button("Next").await?;

    browser.widget_until("the link", "$('.link')").await?;
    let link = browser.widget("[$('.link').getAttribute('href'), $('.link').target, $('.link').rel]").await?;
    assert_eq!(link, json!(["/help", "_blank", "noopener noreferrer"]));
    browser.screenshot("flow-link-320").await?;
    whole(&browser, "the link").await?;
    assert_eq!(browser.violations().await?, [""; 0]);
    browser.click_button("Back").await?;
    browser.widget_until("what was written", "$('textarea').value.endsWith('123456789')").await?;
    browser.click_button("Next").await?;
    browser.widget_until("the link", "$('.link')").await?;
    browser.send().await?;
    browser
        .widget_until("the ending", "$('h2').textContent === 'We are sorry, and will look into it.'")
        .await?;
    browser.until("the receipt", "journey.events.at(-1).type === 'sent'").await?;
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    let kept = candor.read("/v1/surveys/flow/responses?site=shop").await?;
    let answers = kept["responses"][0]["answers"].as_array().map(Vec::len);
    assert_eq!((answers, &kept["responses"][0]["state"]), (Some(2), &json!("complete")));
    Ok(())
}

#[tokio::test]
async fn who_comes_to_the_end_without_a_word_is_left_in_peace() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    pages.set("/", Page::with_body(&candor.tag("data-survey=\"start-stop-continue\"")));
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.widget_until("the question", "$('textarea') && $('.send')").await?;
    for turn in 1..=3 {
        browser.send().await?;
        browser
            .widget_until(
                "what comes then",
                &format!("$('[data-step=thanks]') || $$('.turned').length && {turn} < 3"),
            )
            .await?;
    }
    browser.goto(&pages.url("/")).await?;
    browser.until("the quiet", "window.candor && candor('debug')[0]?.because.startsWith('quiet')").await?;
    assert_eq!(browser.widget("!!host").await?, false);
    let kept = candor.read("/v1/surveys/start-stop-continue/responses?unanswered=true").await?;
    assert_eq!(kept["responses"][0]["state"], "shown", "it was not closed");
    Ok(())
}

#[tokio::test]
async fn an_error_stands_at_what_is_wrong() -> Result<()> {
    let site = FLOW.replacen("required = true", "", 1);
    let (pages, candor) = (Pages::start().await?, Candor::with_sites(&[("shop.toml", &site)])?);
    pages.set("/", Page::with_body(&candor.tag("data-site=\"shop\"")));
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.click_button("Next").await?;
    browser.prompt().await?;
    browser.click_button("Next").await?;
    let wrong = "$('#error').textContent && $('textarea').getAttribute('aria-invalid') === 'true' && !$('legend .error')";
    browser.widget_until("the error of the text", wrong).await?;
    browser.write_comment("longer than twelve").await?;
    browser.widget_until("none", "!$('#error').textContent").await?;
    browser.click_button("Next").await?;
    browser.widget_until("the error of the text", wrong).await?;
    Ok(())
}

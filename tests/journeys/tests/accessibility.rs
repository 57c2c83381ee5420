//! Everyone can answer: what two engines find, and what a keyboard does.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Context, Result};
use candor_journeys::{Browser, Candor, Key, Options, Page, Pages, without_isolates, word};
use candor_survey::{Display, LANGUAGES};
use serde_json::{Value, json};
use std::collections::BTreeSet;

// Only Chromium tells what a screen reader is told, plays an input method, and turns dark while it is open, as axe's stories do.
candor_journeys::also_in_firefox! {
    arrows_flip_in_right_to_left,
    digits_choose_inside_the_scale_and_nowhere_else,
    escape_closes_only_from_inside_and_the_page_does_not_hear_it,
}

async fn no_violation(browser: &Browser, step: &str) -> Result<()> {
    assert_eq!(browser.violations().await?, [] as [String; 0], "{step}");
    Ok(())
}

/// A page that is readable in both themes itself.
const THEMES: &str = "<style>:root { color-scheme: light dark; background: light-dark(#fff, #111); color: light-dark(#111, #eee) }
    a { color: light-dark(#00c, #9cf) }</style>";

async fn stage(attributes: &str, language: &str) -> Result<(Pages, Candor)> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let tag = candor.tag(&format!("data-product=\"Acme\" data-quiet=\"0\" {attributes}"));
    pages.set("/", Page::in_language(language, &format!("{THEMES}{tag}")));
    Ok((pages, candor))
}

const METRICS: [(&str, u8); 3] = [("nps", 9), ("csat", 2), ("ces", 4)];
const DISPLAYS: [&str; 4] = ["popover", "inline", "bar", "modal"];

/// A look of the survey: the places of its language and metric, whether it is dark, the place of its display.
type Variant = (usize, usize, bool, usize);

/// So few that each two values stand together in one; with `CANDOR_ACCESS=all` all of them.
fn variants(metric: usize, all: bool) -> Vec<Variant> {
    let mut variants = Vec::new();
    for language in 0..LANGUAGES.len() {
        for display in 0..DISPLAYS.len() {
            for dark in [false, true] {
                let is_one =
                    metric == (language + display) % 3 && dark == ((language / 2 + display) % 2 == 1);
                if all || is_one {
                    variants.push((language, metric, dark, display));
                }
            }
        }
    }
    variants
}

#[test]
fn each_two_values_stand_together_in_a_variant() {
    assert_eq!(DISPLAYS, Display::ALL.map(Display::name));
    let few: Vec<_> = (0..METRICS.len()).flat_map(|metric| variants(metric, false)).collect();
    let all = (0..METRICS.len()).flat_map(|metric| variants(metric, true));
    let pairs = |(language, metric, dark, display): Variant| {
        let values = [language, metric, dark.into(), display];
        let pairs = (0..4).flat_map(|a| (0..a).map(move |b| (a, b)));
        pairs.map(move |(a, b)| (a, values[a], b, values[b])).collect::<Vec<_>>()
    };
    let covered: BTreeSet<_> = few.iter().copied().flat_map(pairs).collect();
    assert_eq!(covered, all.flat_map(pairs).collect());
    assert_eq!(few.len(), 24);
}

/// Neither engine finds a violation on any step, nor with an error.
async fn no_violation_on_any_step(metric: usize) -> Result<()> {
    let (pages, candor, browser) = (Pages::start().await?, Candor::start()?, Browser::open().await?);
    let all = std::env::var("CANDOR_ACCESS").is_ok_and(|which| which == "all");
    for (language, metric, dark, display) in variants(metric, all) {
        let (language, (metric, rating), display) = (LANGUAGES[language], METRICS[metric], DISPLAYS[display]);
        let step = |name: &str| format!("{language}, {metric}, {display}, {name}, dark: {dark}");
        let tag = candor.tag(&format!(
            "data-survey=\"{metric}\" data-display=\"{display}\" data-product=\"Acme\" data-quiet=\"0\" data-privacy=\"/privacy\""
        ));
        pages.set("/", Page::in_language(language, &format!("{THEMES}{tag}")));
        browser.look(Options { dark, ..Options::default() }).await?;
        browser.goto(&pages.url("/")).await?;
        browser.prompt().await?;
        no_violation(&browser, &step("scale")).await?;
        browser.choose(rating).await?;
        browser.write_comment("…").await?;
        no_violation(&browser, &step("follow-up")).await?;
        browser.widget("($('textarea').value = 'a'.repeat(5001), 0)").await?;
        browser.send().await?;
        browser.widget_until("the error", "$('#error').textContent").await?;
        no_violation(&browser, &step("error")).await?;
        browser.widget("($('textarea').value = '', 0)").await?;
        browser.send().await?;
        let thanks = json!(word(language, "thanks")?);
        browser.widget_until("the thanks", &format!("root.textContent.includes({thanks})")).await?;
        no_violation(&browser, &step("thanks")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn two_engines_find_no_violation_on_any_step_of_a_recommendation() -> Result<()> {
    no_violation_on_any_step(0).await
}

#[tokio::test]
async fn two_engines_find_no_violation_on_any_step_of_a_satisfaction() -> Result<()> {
    no_violation_on_any_step(1).await
}

#[tokio::test]
async fn two_engines_find_no_violation_on_any_step_of_an_effort() -> Result<()> {
    no_violation_on_any_step(2).await
}

#[tokio::test]
async fn both_engines_find_what_is_wrong_within_a_survey() -> Result<()> {
    let (_pages, _candor, browser) = keyboard("en").await?;
    browser.choose(4).await?;
    browser.widget_until("the field", "!!$('textarea')").await?;
    no_violation(&browser, "as it is").await?;
    browser.widget("($('label[for=comment]').remove(), 0)").await?;
    let found = browser.violations().await?;
    for engine in ["axe, label: ", "IBM, input_label_exists: "] {
        assert!(found.iter().any(|one| one.starts_with(engine)), "{engine}{found:?}");
    }
    Ok(())
}

/// An NPS prompt in this language, with the focus on the page's button before it.
async fn keyboard(language: &str) -> Result<(Pages, Candor, Browser)> {
    let (pages, candor) = stage("data-survey=\"nps\"", language).await?;
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    Ok((pages, candor, browser))
}

#[tokio::test]
async fn the_scale_is_a_group_named_by_its_question_and_nothing_is_chosen() -> Result<()> {
    let (_pages, _candor, browser) = keyboard("en").await?;
    let tree = browser.cdp("Accessibility.getFullAXTree", json!({})).await?;
    let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
    let of = |role: &str| -> Vec<&Value> {
        nodes.iter().filter(|n| n["ignored"] == false && n["role"]["value"] == role).collect()
    };
    let radios = of("radio");
    assert_eq!(radios.len(), 11);
    let question = word("en", "nps-question")?;
    let named = |node: &&Value| {
        node["name"]["value"].as_str().map(without_isolates) == Some(question.replace("{product}", "Acme"))
    };
    let groups: Vec<_> = of("group").into_iter().chain(of("radiogroup")).collect();
    let group = groups
        .iter()
        .find(|node| named(node))
        .with_context(|| format!("no group is named by its question: {groups:#?}"))?;
    let ends = [word("en", "nps-low")?, word("en", "nps-high")?];
    let description = group["description"]["value"].as_str().unwrap_or_default();
    assert!(
        ends.iter().all(|end| description.contains(end)),
        "the meaning of the ends describes it: {group:#?}"
    );
    let region = word("en", "region")?;
    assert!(
        of("region").iter().chain(&of("complementary")).any(|n| n["name"]["value"] == json!(region)),
        "a region of that name"
    );
    for (i, radio) in radios.iter().enumerate() {
        let name = radio["name"]["value"].as_str().unwrap_or_default();
        assert!(name.contains(&i.to_string()), "the visible text is part of the name: {name}");
        let checked = radio["properties"].as_array().into_iter().flatten().find(|p| p["name"] == "checked");
        assert_eq!(checked.map(|p| p["value"]["value"].clone()), Some(json!("false")));
    }
    assert_eq!(browser.chosen().await?, Value::Null);
    Ok(())
}

#[tokio::test]
async fn arrows_move_and_choose_and_send_nothing_off() -> Result<()> {
    let (_pages, _candor, browser) = keyboard("en").await?;
    browser.into_the_scale().await?;
    assert_eq!(browser.widget("root.activeElement.value").await?, "0", "Tab enters at the first");
    for (key, value) in [
        (Key::Right, "1"),
        (Key::Right, "2"),
        (Key::Down, "3"),
        (Key::Left, "2"),
        (Key::End, "10"),
        (Key::Home, "0"),
    ] {
        browser.press(&[key]).await?;
        browser
            .widget_until(
                value,
                &format!("radios.some(r => r.checked && r.value === '{value}' && root.activeElement === r)"),
            )
            .await?;
    }
    assert!(browser.widget("radios.every(seen)").await? == true, "an arrow does not leave the scale");
    Ok(())
}

#[tokio::test]
async fn arrows_flip_in_right_to_left() -> Result<()> {
    let (_pages, _candor, browser) = keyboard("fa").await?;
    browser.into_the_scale().await?;
    for (key, value) in [(Key::Left, "1"), (Key::Left, "2"), (Key::Right, "1")] {
        browser.press(&[key]).await?;
        browser.widget_until(value, &format!("radios.some(r => r.checked && r.value === '{value}')")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn digits_choose_inside_the_scale_and_nowhere_else() -> Result<()> {
    let (_pages, _candor, browser) = keyboard("en").await?;
    browser.run("document.querySelector('#button').focus()", &[]).await?;
    browser.type_text("7").await?;
    assert_eq!(browser.chosen().await?, Value::Null, "the page's keys are the page's");
    browser.into_the_scale().await?;
    // Each in a pause of its own, but for 10: its two digits in one go.
    for (typed, value) in [("7", "7"), ("٣", "3"), ("۵", "5"), ("๙", "9"), ("10", "10")] {
        browser.type_text(typed).await?;
        browser.widget_until(value, &format!("radios.some(r => r.checked && r.value === '{value}')")).await?;
        browser.pass(700).await?;
        assert_eq!(browser.chosen().await?, value);
    }
    Ok(())
}

#[tokio::test]
async fn tab_passes_through_and_leaves_both_ways() -> Result<()> {
    let (_pages, _candor, browser) = keyboard("en").await?;
    browser.into_the_scale().await?;
    for (key, shift) in [("forwards", false), ("backwards", true)] {
        browser.into_the_scale().await?;
        let mut left = false;
        for _ in 0..8 {
            if shift {
                browser.press_with_shift(Key::Tab).await?
            } else {
                browser.press(&[Key::Tab]).await?
            }
            if browser.widget("root.activeElement === null").await? == true {
                left = true;
                break;
            }
            let on_a_radio = browser.widget("radios.includes(root.activeElement)").await?;
            assert_eq!(on_a_radio, false, "{key}: one Tab stop for the whole scale");
        }
        assert!(left, "{key}: the prompt traps the focus");
    }
    Ok(())
}

#[tokio::test]
async fn escape_closes_only_from_inside_and_the_page_does_not_hear_it() -> Result<()> {
    let (_pages, _candor, browser) = keyboard("en").await?;
    browser
        .run(
            "journey.escapes = 0; addEventListener('keydown', e => journey.escapes += e.key === 'Escape')",
            &[],
        )
        .await?;
    browser.run("document.querySelector('#button').focus()", &[]).await?;
    browser.press(&[Key::Escape]).await?;
    assert_eq!(browser.eval("journey.escapes").await?, 1);
    browser.prompt().await?;

    browser.into_the_scale().await?;
    browser.press(&[Key::Escape]).await?;
    browser.gone().await?;
    assert_eq!(browser.eval("journey.escapes").await?, 1, "the one inside stays inside");
    assert_eq!(
        browser.eval("document.activeElement.id").await?,
        "link",
        "the focus returns to where it came from"
    );
    let closed = browser.events("closed").await?;
    assert_eq!(closed.len(), 1, "{closed:?}");
    Ok(())
}

#[tokio::test]
async fn a_comment_that_is_too_long_is_told_in_words_and_the_focus_goes_back_to_it() -> Result<()> {
    let (_pages, candor, browser) = keyboard("en").await?;
    browser.choose(4).await?;
    browser.write_comment("!").await?;
    browser.widget("($('textarea').value = 'a'.repeat(5001), 0)").await?;
    browser.send().await?;
    let told = "(id => id && id.split(' ').map(i => root.getElementById(i).textContent).join(' ').trim())($('textarea').getAttribute('aria-describedby'))";
    let told = browser.widget_until("the error", told).await?;
    let told = told.as_str().map(without_isolates);
    let too_long = word("en", "too-long")?.replace("{max}", "5,000");
    assert_eq!(told, Some(format!("{too_long} (5,001\u{a0}/\u{a0}5,000)")));
    assert_eq!(browser.widget("$('textarea').getAttribute('aria-invalid')").await?, "true");
    assert_eq!(browser.widget("root.activeElement === $('textarea')").await?, true);
    no_violation(&browser, "error").await?;
    browser.screenshot("state-error").await?;

    browser.press(&[Key::End, Key::Backspace]).await?;
    browser.widget_until("the error to be gone", "!$('[aria-invalid=true]')").await?;
    browser.send().await?;
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision >= 3)").await?;
    candor.counted("nps", &[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

#[tokio::test]
async fn the_live_region_is_there_before_its_text_and_says_each_thing_once() -> Result<()> {
    let (_pages, _candor, browser) = keyboard("en").await?;
    let said = "journey.said = []; const root = document.querySelector('candor-survey').shadowRoot, region = root.querySelector('[role=status]');
        const hear = () => { const text = region.textContent.trim(); if (text && text !== journey.said.at(-1)) journey.said.push(text) };
        hear();
        new MutationObserver(hear).observe(region, {childList: true, characterData: true, subtree: true})";
    browser.run(said, &[]).await?;
    // A moment after it was shown, the survey announces itself; that the region was there first is the widget's own test.
    let announced = format!("(journey.said[0] || '').startsWith({})", json!(word("en", "region")?));
    browser.until("the announcement", &announced).await?;
    browser.choose(9).await?;
    browser.widget_until("the follow-up", "$('textarea') && seen($('textarea'))").await?;
    browser.send().await?;
    let sent = word("en", "sent")?;
    browser.until("word that it is sent", &format!("journey.said.includes({})", json!(sent))).await?;
    let said = browser.eval("journey.said.slice(1)").await?;
    assert_eq!(said, json!([word("en", "followup-favourable")?, word("en", "sending")?, sent]));
    assert_eq!(browser.widget("$$('[aria-live],[role=status],[role=alert]').length").await?, 1, "one region");
    Ok(())
}

#[tokio::test]
async fn a_redraw_leaves_the_composition_of_an_input_method_alone() -> Result<()> {
    let (_pages, _candor, browser) = keyboard("en").await?;
    browser.choose(3).await?;
    browser.click("$('textarea')").await?;
    let compose =
        |text: &str| json!({"text": text, "selectionStart": text.len(), "selectionEnd": text.len()});
    browser.cdp("Input.imeSetComposition", compose("kuai")).await?;
    // Another band has another question; the click of a script leaves the focus where it is.
    let asked = browser.widget("$('label[for=comment]').textContent").await?;
    browser.widget("radios.find(radio => radio.value === '10').click()").await?;
    assert_ne!(browser.widget("$('label[for=comment]').textContent").await?, asked);
    // One that had been broken off would leave its letters there.
    browser.cdp("Input.imeSetComposition", compose("kuaile")).await?;
    assert_eq!(browser.widget("$('textarea').value").await?, "kuaile");
    browser.cdp("Input.insertText", json!({"text": "快樂"})).await?;
    assert_eq!(browser.widget("$('textarea').value").await?, "快樂");
    Ok(())
}

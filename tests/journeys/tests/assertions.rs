//! Everyone can answer: of what `tests/assertions.toml` lists that which no other journey holds, many checks to a page.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Result, ensure};
use candor_journeys::{Browser, Candor, Endpoint, Key, Page, Pages, Reply, without_isolates, word};
use candor_survey::LANGUAGES;
use serde_json::{Value, json};
use std::time::Duration;

/// A page in this language that asks at once, and the browser on it; this script runs before the page's own.
async fn asked(script: &str, language: &str, attributes: &str) -> Result<(Pages, Candor, Browser)> {
    let (pages, candor, browser) = (Pages::start().await?, Candor::start()?, Browser::open().await?);
    browser.before_every_page(script).await?;
    ask(&browser, &pages, &candor, language, attributes).await?;
    Ok((pages, candor, browser))
}

async fn ask(
    browser: &Browser,
    pages: &Pages,
    candor: &Candor,
    language: &str,
    attributes: &str,
) -> Result<()> {
    let tag =
        candor.tag(&format!("data-product=\"Acme\" data-quiet=\"0\" data-privacy=\"/privacy\" {attributes}"));
    pages.set("/", Page::in_language(language, &tag));
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    // Whole, as it is once the survey has introduced itself.
    browser.widget_until("its whole card", "!!$('[role=status]') && seen($('.outs a'))").await.map(drop)
}

/// What a screen reader is told of: the names of everything in this role.
async fn named(browser: &Browser, role: &str) -> Result<Vec<String>> {
    let tree = browser.cdp("Accessibility.getFullAXTree", json!({})).await?;
    let nodes = tree["nodes"].as_array().into_iter().flatten();
    let of_role = nodes.filter(|node| node["ignored"] == false && node["role"]["value"] == role);
    Ok(of_role.map(|node| plain(node["name"]["value"].as_str().unwrap_or_default())).collect())
}

/// Without isolates, and with one space between words.
fn plain(text: &str) -> String {
    without_isolates(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

const IN_SCALE: &str = "radios.includes(root.activeElement)";

#[tokio::test]
async fn the_survey_introduces_itself_once_in_the_one_region_that_was_there_empty() -> Result<()> {
    let listen = "journey.said = []; const to = {childList: true, characterData: true, subtree: true};
        new MutationObserver(() => {
            const root = (document.querySelector('candor-survey') || {}).shadowRoot;
            if (!root || journey.root) return;
            journey.root = root;
            new MutationObserver(() => {
                const region = root.querySelector('[role=status][aria-live=polite]');
                if (region && region.textContent !== journey.said.at(-1)) journey.said.push(region.textContent);
            }).observe(root, to);
        }).observe(document, to)";
    let (_pages, _candor, browser) = asked(listen, "en", "data-survey=\"nps\"").await?;
    browser.until("what it says", "journey.said.length > 1").await?;
    browser.pass(1_000).await?;
    let said: Vec<String> = serde_json::from_value(browser.eval("journey.said").await?)?;
    let question = word("en", "nps-question")?.replace("{product}", "Acme");
    let introduction = word("en", "introduction")?.replace("{question}", &question);
    assert_eq!(said.iter().map(|said| plain(said)).collect::<Vec<_>>(), [String::new(), introduction]);
    let regions = "$$('[aria-live], [role=status], [role=alert], [role=log]').length";
    assert_eq!(browser.widget(regions).await?, 1);
    Ok(())
}

#[tokio::test]
async fn each_language_is_told_and_names_region_close_button_and_what_is_optional() -> Result<()> {
    let (pages, candor, browser) = (Pages::start().await?, Candor::start()?, Browser::open().await?);
    for language in LANGUAGES {
        ask(&browser, &pages, &candor, language, "data-survey=\"nps\"").await?;
        let root = browser.widget("[$('.candor').lang, $('.candor').dir]").await?;
        assert_eq!(root, json!([language, word(language, "dir")?]), "of the root");
        assert_eq!(browser.widget("$$('legend bdi').map(e => e.textContent)").await?, json!(["Acme"]));
        assert_eq!(named(&browser, "region").await?, [word(language, "region")?]);
        let close = word(language, "close")?;
        assert!(named(&browser, "button").await?.contains(&close), "{language}: {close}");
        let first = "$$('button, input, textarea, a').find(seen).getAttribute('aria-label')";
        assert_eq!(browser.widget(first).await?, json!(close), "closing comes first");
        browser.choose(9).await?;
        browser.widget_until("the follow-up", "$('textarea') && seen($('textarea'))").await?;
        let (field, optional) = (named(&browser, "textbox").await?, word(language, "comment-hint")?);
        assert!(field.iter().any(|name| name.ends_with(&optional)), "{field:?}: {optional}");
    }
    Ok(())
}

#[tokio::test]
async fn a_scale_is_one_group_of_a_radio_for_each_point_and_names_say_what_is_seen() -> Result<()> {
    let (pages, candor, browser) = (Pages::start().await?, Candor::start()?, Browser::open().await?);
    for (survey, points) in [("nps", 0..=10), ("csat", 1..=5), ("ces", 1..=7)] {
        ask(&browser, &pages, &candor, "en", &format!("data-survey=\"{survey}\"")).await?;
        let values: Vec<String> = points.map(|point| point.to_string()).collect();
        assert_eq!(browser.widget("radios.map(radio => radio.value)").await?, json!(values));
        // Place and number of each are the browser's to tell, of radios of one name.
        assert_eq!(browser.widget("new Set(radios.map(radio => radio.name)).size").await?, 1);
        assert_eq!(named(&browser, "radio").await?.len(), values.len());
        for answered in [false, true] {
            if answered {
                browser.choose(4).await?;
            }
            for (role, elements) in [("radio", "label.point"), ("button", "button"), ("link", "a")] {
                let seen = format!("$$('{elements}').filter(seen).map(e => e.innerText)");
                let seen: Vec<String> = serde_json::from_value(browser.widget(&seen).await?)?;
                let names = named(&browser, role).await?;
                for text in seen.iter().map(|text| plain(text)) {
                    assert!(names.iter().any(|name| name.contains(&text)), "{text} is in none of {names:?}");
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn tab_enters_the_scale_at_what_is_chosen_from_both_sides() -> Result<()> {
    let (_pages, _candor, browser) = asked("", "en", "data-survey=\"nps\"").await?;
    browser.into_the_scale().await?;
    assert_eq!(browser.widget("root.activeElement.value").await?, "0", "nothing is chosen");
    browser.type_text("7").await?;
    for is_back in [false, true] {
        browser.tab_until(12, is_back, "!radios.includes(root.activeElement)").await?;
        browser.tab_until(12, !is_back, IN_SCALE).await?;
        assert_eq!(browser.widget("root.activeElement.value").await?, "7", "back: {is_back}");
    }
    Ok(())
}

#[tokio::test]
async fn space_and_enter_press_what_has_the_focus_and_digits_choose_only_in_the_scale() -> Result<()> {
    let (_pages, _candor, browser) = asked("", "en", "data-survey=\"nps\"").await?;
    browser.into_the_scale().await?;
    browser.type_text(" ").await?;
    assert_eq!(browser.chosen().await?, "0", "Space chooses");
    browser.type_text("1").await?;
    browser.pass(700).await?;
    browser.type_text("0").await?;
    assert_eq!(browser.chosen().await?, "0", "a while later a digit is a number of its own");
    browser.type_text("7").await?;
    browser.press(&[Key::Enter]).await?;
    assert_eq!(browser.chosen().await?, "7");
    assert_eq!(browser.widget("$('.candor').dataset.step").await?, "follow-up", "Enter sends nothing off");

    browser.tab_until(12, false, "root.activeElement === $('textarea')").await?;
    browser.type_text("4 5").await?;
    browser.press(&[Key::Enter]).await?;
    assert_eq!(browser.widget("$('textarea').value").await?, "4 5\n");
    browser.tab_until(12, true, "root.activeElement === $('.close')").await?;
    browser.type_text("8").await?;
    assert_eq!(browser.chosen().await?, "7");
    browser.tab_until(12, false, "root.activeElement === $('.send')").await?;
    browser.type_text(" ").await?;
    browser.widget_until("the end", "$('[data-step=thanks]')").await.map(drop)
}

#[tokio::test]
async fn neither_focus_nor_arrows_submit_and_leaving_the_scale_does() -> Result<()> {
    let endpoint = Endpoint::start(Reply::Status(204)).await?;
    let attributes = format!("data-survey=\"nps\" data-endpoint=\"{}\"", endpoint.url());
    let (_pages, _candor, browser) = asked("", "en", &attributes).await?;
    browser.into_the_scale().await?;
    browser.press(&[Key::Right, Key::Right, Key::Right]).await?;
    assert_eq!(browser.chosen().await?, "3");
    browser.pass(900).await?;
    let states: Vec<_> = endpoint.bodies().iter().map(|body| body["state"].clone()).collect();
    assert_eq!(states, ["shown"]);
    assert_eq!(browser.events("answered").await?, Vec::<Value>::new());
    browser.tab_until(12, false, "!radios.includes(root.activeElement)").await?;
    endpoint.received("three", |body| body["answers"][0]["rating"] == 3).await.map(drop)
}

#[tokio::test]
async fn the_end_takes_the_focus_to_its_heading_only_from_within() -> Result<()> {
    let (pages, candor, browser) = (Pages::start().await?, Candor::start()?, Browser::open().await?);
    for (from, lands) in
        [("root.querySelector('.send')", "H2"), ("document.querySelector('#button')", "button")]
    {
        ask(&browser, &pages, &candor, "en", "data-survey=\"nps\"").await?;
        browser.choose(9).await?;
        browser.widget(&format!("({from}.focus(), $('.send').click(), 0)")).await?;
        browser.widget_until("the end", "$('[data-step=thanks]')").await?;
        let focused = "root.activeElement ? root.activeElement.tagName : document.activeElement.id";
        assert_eq!(browser.widget(focused).await?, lands);
    }
    Ok(())
}

/// In the page: how strongly two colours contrast by WCAG 2.2, what lies behind an element, and the style of one.
const COLOURS: &str = "const context = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
        .getContext('2d', {willReadFrequently: true}),
    // Of layers of paint, as system colours of which one sees through are.
    channels = (...layers) => (context.clearRect(0, 0, 1, 1), layers.forEach(colour => (context.fillStyle = colour, context.fillRect(0, 0, 1, 1))),
        [...context.getImageData(0, 0, 1, 1).data]),
    light = (...layers) => channels(...layers).slice(0, 3).map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0),
    ratio = (a, b) => (([a, b]) => (a + 0.05) / (b + 0.05))([light(b, a), light(b)].sort((a, b) => b - a)),
    root = document.querySelector('candor-survey').shadowRoot, $ = s => root.querySelector(s), of = (e, p) => getComputedStyle(e, p),
    behind = e => !e || channels(of(e).backgroundColor)[3] == 255 ? of(e || document.body).backgroundColor : behind(e.parentElement),
    surface = of($('.card')).backgroundColor, chosen = $(':checked + .face'), other = $(':not(:checked) + .face');";

/// What is less than so much apart: texts from what is behind them; borders of controls and the focus from the surface.
async fn too_close(browser: &Browser, text: f64) -> Result<Value> {
    let script = format!(
        "{COLOURS} const found = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        const tell = (what, a, b, least) => ratio(a, b) < least && found.push(`${{what}}: ${{a}} on ${{b}}`);
        for (let node; node = walker.nextNode();) {{
            const e = node.parentElement, box = e.getBoundingClientRect();
            if (node.data.trim() && box.width > 1 && e.localName != 'style') tell(node.data, of(e).color, behind(e), {text});
        }}
        for (const radio of root.querySelectorAll('input')) {{
            tell('point', of(radio.nextElementSibling).borderTopColor, surface, 3);
            radio.focus({{focusVisible: true}});
            const {{outlineStyle, outlineWidth, outlineColor}} = of(radio.nextElementSibling);
            if (outlineStyle != 'solid' || outlineWidth != '2px') found.push('no focus');
            tell('focus', outlineColor, surface, 3);
        }}
        for (const selector of ['textarea', '.send']) tell(selector, of($(selector)).borderTopColor, surface, 3);
        for (const e of root.querySelectorAll('button, a')) {{
            e.focus({{focusVisible: true}});
            if (e.getBoundingClientRect().width) tell('focus of ' + e.className, of(e).outlineColor, surface, 3);
        }}
        $('textarea').focus({{focusVisible: true}});
        tell('focus of textarea', of($('textarea')).borderTopColor, surface, 3);
        return found"
    );
    browser.run(&script, &[]).await
}

#[tokio::test]
async fn what_is_seen_contrasts_in_both_themes_and_more_where_that_is_asked_for() -> Result<()> {
    let (pages, candor, browser) = (Pages::start().await?, Candor::start()?, Browser::open().await?);
    for accent in ["", "data-accent=\"#f2c14e\""] {
        ask(&browser, &pages, &candor, "en", &format!("data-survey=\"nps\" {accent}")).await?;
        browser.choose(9).await?;
        browser.write_comment("!").await?;
        browser.widget("($('textarea').value = 'a'.repeat(5001), 0)").await?;
        browser.send().await?;
        browser.widget_until("the error", "$('#error').textContent").await?;
        for scheme in ["light", "dark"] {
            for (contrast, text) in [("no-preference", 4.5), ("more", 7.0)] {
                let media = [("prefers-color-scheme", scheme), ("prefers-contrast", contrast)];
                browser.media(&[&media[..], &[("prefers-reduced-motion", "reduce")]].concat()).await?;
                assert_eq!(
                    too_close(&browser, text).await?,
                    json!([]),
                    "{scheme}, {contrast}, accent: {accent}"
                );
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_is_chosen_is_told_by_more_than_its_colour() -> Result<()> {
    let (pages, candor, browser) = (Pages::start().await?, Candor::start()?, Browser::open().await?);
    for survey in ["nps", "csat"] {
        ask(&browser, &pages, &candor, "en", &format!("data-survey=\"{survey}\"")).await?;
        browser.choose(4).await?;
        let script = format!(
            "{COLOURS} const told = e => [of(e).fontWeight, of(e).boxShadow != 'none', of(e, '::after').visibility];
            return [told(chosen), told(other)]"
        );
        let seen = browser.run(&script, &[]).await?;
        assert_eq!([&seen[0][0], &seen[1][0]], ["700", "500"], "{survey}: bold");
        assert_eq!([&seen[0][1], &seen[1][1]], [true, false], "{survey}: with a ring");
        assert_eq!([&seen[0][2], &seen[1][2]], ["visible", "hidden"], "{survey}: ticked");
    }
    Ok(())
}

#[tokio::test]
async fn forced_colours_leave_borders_the_choice_and_the_focus() -> Result<()> {
    let (_pages, _candor, browser) = asked("", "en", "data-survey=\"nps\"").await?;
    browser.choose(8).await?;
    browser.media(&[("forced-colors", "active"), ("prefers-reduced-motion", "reduce")]).await?;
    let script = format!(
        "{COLOURS} const found = [], radio = root.querySelector('input'), face = radio.nextElementSibling;
        const tell = (what, is) => is || found.push(what);
        const line = (e, kind) => of(e)[kind + 'Style'] == 'solid' && parseFloat(of(e)[kind + 'Width']) >= 1 &&
            ratio(of(e)[kind + 'Color'], surface) >= 3;
        for (const [what, e] of [['point', other], ['textarea', $('textarea')], ['send', $('.send')]])
            tell('border of ' + what, line(e, 'borderTop'));
        tell('choice', ratio(of(chosen).backgroundColor, behind(other)) >= 3);
        tell('text of the choice', ratio(of(chosen).color, of(chosen).backgroundColor) >= 4.5);
        for (const [what, e, seen] of [['point', radio, face], ['textarea', $('textarea')], ['send', $('.send')], ['close', $('.close')]]) {{
            e.focus({{focusVisible: true}});
            tell('focus of ' + what, line(seen || e, 'outline'));
        }}
        return found"
    );
    assert_eq!(browser.eval("matchMedia('(forced-colors: active)').matches").await?, true);
    assert_eq!(browser.run(&script, &[]).await?, json!([]), "can't be told");
    Ok(())
}

#[tokio::test]
async fn nothing_moves_for_those_who_want_no_motion() -> Result<()> {
    let (pages, candor, browser) = (Pages::start().await?, Candor::start()?, Browser::open().await?);
    // What only holds back clicks for a moment moves nothing.
    let moving = "$$('*').filter(e => (s => s.animationName.split(', ').some(name => !['none', 'hold'].includes(name)) ||
        parseFloat(s.transitionDuration) > 0)(getComputedStyle(e))).map(e => e.className)";
    for (motion, moves) in [("reduce", false), ("no-preference", true)] {
        browser.media(&[("prefers-reduced-motion", motion)]).await?;
        ask(&browser, &pages, &candor, "en", "data-survey=\"nps\"").await?;
        for step in ["ask", "follow-up", "thanks"] {
            let found = browser.widget(moving).await?;
            assert_eq!(found != json!([]), moves, "{motion}, {step}: {found}");
            match step {
                "ask" => browser.choose(9).await?,
                "follow-up" => browser.send().await?,
                _ => {}
            }
            ensure!(step == "thanks" || browser.widget("$('.candor').dataset.step").await? != step);
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_hour_of_hesitation_costs_nothing() -> Result<()> {
    // Every timer runs a thousand times as fast.
    let hurry = "for (const name of ['setTimeout', 'setInterval']) {
        const real = window[name]; window[name] = (act, ms, ...rest) => real(act, ms / 1000, ...rest) }";
    let (_pages, _candor, browser) = asked(hurry, "en", "data-survey=\"nps\"").await?;
    let hour = || tokio::time::sleep(Duration::from_millis(3_600));
    hour().await;
    browser.choose(3).await?;
    browser.write_comment("half").await?;
    hour().await;
    let there = browser.widget("[seen(host), $('textarea').value, root.activeElement.localName]").await?;
    assert_eq!(there, json!([true, "half", "textarea"]));
    assert_eq!(browser.chosen().await?, "3");
    assert_eq!(browser.events("closed").await?, Vec::<Value>::new());
    Ok(())
}

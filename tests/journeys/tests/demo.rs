//! The demo as a visitor finds it: page, widget and endpoint on one origin, as `cargo xtask demo` serves them.

use anyhow::Result;
use candor_journeys::{Browser, Candor, Options, TOKEN, root};
use candor_survey::LANGUAGES;
use serde_json::{Value, json};
use std::collections::BTreeSet;

candor_journeys::also_in_firefox! {
    a_week_without_answers_is_a_gap_in_the_chart,
    without_the_right_token_the_index_says_how_the_chart_opens,
}

/// Nothing was thrown, refused or logged since the last look.
async fn all_quiet(browser: &Browser, page: &str) -> Result<()> {
    assert_eq!(browser.eval("journey.errors").await?, json!([]), "{page}");
    assert_eq!(browser.eval("journey.violations").await?, json!([]), "{page}");
    assert_eq!(browser.events("error").await?, Vec::<Value>::new(), "{page}");
    assert_eq!(browser.console().await?, Vec::<Value>::new(), "{page}");
    Ok(())
}

#[tokio::test]
async fn an_article_asks_within_its_text_in_each_language() -> Result<()> {
    let (demo, browser) = (Candor::demo()?, Browser::open().await?);
    for language in LANGUAGES {
        browser.goto(&demo.url(&format!("/demo/{language}/article.html"))).await?;
        browser.prompt().await?;
        assert_eq!(browser.widget("$('[lang]').lang").await?, language);
        assert_eq!(browser.widget("host.matches(':popover-open')").await?, false);
        browser.widget("(host.scrollIntoView({block: 'center'}), 0)").await?;
        browser.screenshot(&format!("article-{language}")).await?;
        all_quiet(&browser, language).await?;
    }
    browser.choose(8).await?;
    demo.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]).await
}

#[tokio::test]
async fn a_help_page_asks_how_easy_it_was_in_each_language() -> Result<()> {
    let (demo, browser) = (Candor::demo()?, Browser::open().await?);
    for language in LANGUAGES {
        browser.goto(&demo.url(&format!("/demo/{language}/help.html"))).await?;
        browser.until("the loader", "typeof candor === 'function' && !candor.q").await?;
        browser.click_page("#solved").await?;
        browser.prompt().await?;
        assert_eq!(browser.widget("$('[lang]').lang").await?, language);
        assert_eq!(browser.widget("radios.length").await?, 7);
        browser.screenshot(&format!("help-{language}")).await?;
        all_quiet(&browser, language).await?;
    }
    browser.choose(7).await?;
    demo.counted("ces", &[0, 0, 0, 0, 0, 0, 1]).await
}

#[tokio::test]
async fn the_page_under_a_strict_policy_asks_and_lists_no_violation() -> Result<()> {
    let (demo, browser) = (Candor::demo()?, Browser::open().await?);
    browser.goto(&demo.url("/demo/csp.html")).await?;
    browser.choose(3).await?;
    browser.send().await?;
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision >= 3)").await?;
    all_quiet(&browser, "csp.html").await
}

#[tokio::test]
async fn a_comment_appears_on_the_page_of_scores() -> Result<()> {
    let (demo, browser) = (Candor::demo()?, Browser::open().await?);
    browser.goto(&demo.url("/demo/vi/article.html")).await?;
    browser.choose(9).await?;
    browser.write_comment("Đáng đọc").await?;
    browser.send().await?;
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision >= 3)").await?;
    browser.goto(&demo.url("/demo/scores.html")).await?;
    browser.until("the token's field", "document.querySelector('#token')").await?;
    assert_eq!(browser.eval("document.querySelector('#made-up').hidden").await?, true);
    browser.click_page("#token").await?;
    browser.type_text(TOKEN).await?;
    browser.click_page("#token-form button").await?;
    browser
        .until("the comment", "document.querySelector('#comments').innerText.includes('Đáng đọc')")
        .await?;
    browser.until("the score", "document.querySelector('#scores').innerText.includes('+100')").await?;
    assert_eq!(browser.eval("document.querySelector('#made-up').hidden").await?, true);
    browser.screenshot("scores").await?;
    all_quiet(&browser, "scores.html").await
}

/// The index, the playground, and every page that is in no language's folder.
fn pages() -> Result<Vec<String>> {
    let mut pages = vec!["/".to_owned(), "/playground".to_owned()];
    for entry in std::fs::read_dir(root().join("www/demo"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".html") && name != "index.html" {
            pages.push(format!("/demo/{name}"));
        }
    }
    Ok(pages)
}

#[tokio::test]
async fn every_page_opens_without_a_fault() -> Result<()> {
    let (demo, browser) = (Candor::demo()?, Browser::open().await?);
    for path in pages()? {
        browser.goto(&demo.url(&path)).await?;
        browser
            .until("the page", "document.readyState === 'complete' && !!document.querySelector('h1')")
            .await?;
        match path.as_str() {
            "/playground" => {
                let frame = "document.querySelector('iframe').contentDocument";
                let radios =
                    format!("{frame}.querySelector('candor-survey').shadowRoot.querySelectorAll('input')");
                browser
                    .until("the prompt in the frame", &format!("{frame} && {frame}.querySelector('candor-survey') && [...{radios}].some(r => r.getBoundingClientRect().width > 0)"))
                    .await?;
                assert_eq!(browser.eval(&format!("{frame}.defaultView.journey.errors")).await?, json!([]));
            }
            "/demo/no-wasm.html" => {
                browser.until("the event", "journey.events.length > 0").await?;
                assert_eq!(
                    browser.eval("journey.events.map(e => [e.type, e.code])").await?,
                    json!([["error", "wasm"]])
                );
                let log = browser.eval("document.querySelector('#log').innerText").await?;
                assert!(
                    log.as_str().is_some_and(|log| log.contains("candor:error: wasm: ")),
                    "the page tells it: {log}"
                );
            }
            _ => {}
        }
        browser.screenshot(&format!("page{}", path.replace('/', "-"))).await?;
        assert_eq!(browser.eval("journey.errors").await?, json!([]), "{path}");
    }
    Ok(())
}

/// Chooses a language as a visitor does, and waits until page and widget speak it.
async fn choose_language(browser: &Browser, language: &str) -> Result<()> {
    let choose = "const choice = document.querySelector('#language'); choice.value = arguments[0]; choice.dispatchEvent(new Event('change'))";
    browser.run(choose, &[json!(language)]).await?;
    let spoken =
        format!("document.documentElement.lang === '{language}' && document.querySelector('h1').textContent");
    browser.until("the language", &spoken).await?;
    Ok(())
}

/// Every text is there, nothing is wider than the window, and two engines find nothing that keeps people out.
async fn well_made(browser: &Browser, step: &str) -> Result<()> {
    let empty = "[...document.querySelectorAll('[data-text]')].filter(e => !e.textContent || e.textContent.includes('undefined')).map(e => e.dataset.text)";
    assert_eq!(browser.eval(empty).await?, json!([]), "{step}");
    assert_eq!(
        browser.eval("document.documentElement.scrollWidth - innerWidth").await?.as_i64().map(|w| w.max(0)),
        Some(0),
        "{step}"
    );
    assert_eq!(browser.violations().await?, [] as [String; 0], "{step}");
    Ok(())
}

/// As the console of `cargo xtask demo` prints it.
fn link(demo: &Candor) -> String {
    demo.url(&format!("/#token={TOKEN}"))
}

const DOTS: &str = "document.querySelectorAll('.trend .dot').length";

#[tokio::test]
async fn the_index_shows_widget_snippet_and_chart_in_each_language() -> Result<()> {
    let (demo, browser) = (Candor::demo_with_answers().await?, Browser::open().await?);
    let mut titles = BTreeSet::new();
    for (width, dark) in [(1280, false), (320, true)] {
        browser.look(Options { width, height: 800, dark }).await?;
        browser.goto(&link(&demo)).await?;
        for language in LANGUAGES {
            let step = format!("index, {language}, {width} px");
            choose_language(&browser, language).await?;
            browser.until("the survey", &format!("document.querySelector('candor-survey')?.shadowRoot.querySelector('.candor')?.lang === '{language}'")).await?;
            browser.prompt().await?;
            assert_eq!(browser.widget("host.parentNode.id").await?, "stage");
            let direction = if matches!(language, "ar" | "fa") { "rtl" } else { "ltr" };
            assert_eq!(browser.eval("document.documentElement.dir").await?, direction, "{step}");

            let snippet = browser.eval("document.querySelector('#snippet').textContent").await?;
            assert!(snippet.as_str().is_some_and(|text| text.contains(&demo.url("/candor.js"))), "{snippet}");

            browser.until("thirteen weeks", &format!("{DOTS} >= 13")).await?;
            let label = browser
                .eval("document.querySelector('.trend svg[role=img]').getAttribute('aria-label')")
                .await?;
            assert!(label.as_str().is_some_and(|label| !label.contains("undefined")), "{step}: {label}");
            let pages = browser
                .eval("[...document.querySelectorAll('[data-page]')].map(a => a.getAttribute('href'))")
                .await?;
            let expected = ["shop", "article", "help"].map(|page| format!("{language}/{page}.html"));
            assert_eq!(pages, json!(expected), "{step}");
            well_made(&browser, &step).await?;
            browser.screenshot(&format!("index-{language}-{width}")).await?;
            titles.insert(browser.eval("document.title").await?.to_string());
        }
    }
    assert_eq!(titles.len(), LANGUAGES.len(), "{titles:?}");
    let address = browser.eval("location.href").await?;
    assert_eq!(address, json!(demo.url("/demo/")), "the token is taken out of it");

    // What is tried out is not counted, and those who come back find their language again.
    let before = demo.counts("nps").await?;
    browser.goto(&demo.url("/demo/scores.html")).await?;
    let last = LANGUAGES.last().copied().unwrap_or_default();
    browser.until("the language", &format!("document.documentElement.lang === '{last}'")).await?;
    browser.goto(&demo.url("/demo/")).await?;
    browser.choose(9).await?;
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision === 2)").await?;
    demo.counted("nps", &before).await?;
    all_quiet(&browser, "index.html").await
}

#[tokio::test]
async fn the_index_begins_in_the_first_of_the_browsers_languages_that_there_is() -> Result<()> {
    let demo = Candor::demo()?;
    for (wanted, language) in [
        (json!(["zh-TW", "en"]), "zh-Hant"),
        (json!(["zh-CN", "vi"]), "vi"),
        (json!(["de", "fa-AF", "th"]), "fa"),
        (json!(["de"]), "en"),
    ] {
        let browser = Browser::open().await?;
        let languages = format!("Object.defineProperty(navigator, 'languages', {{get: () => {wanted}}})");
        browser.before_every_page(&languages).await?;
        browser.goto(&demo.url("/demo/")).await?;
        browser.prompt().await?;
        assert_eq!(browser.eval("document.documentElement.lang").await?, language, "{wanted}");
        assert_eq!(browser.eval("document.querySelector('#language').value").await?, language, "{wanted}");
    }
    Ok(())
}

#[tokio::test]
async fn without_the_right_token_the_index_says_how_the_chart_opens() -> Result<()> {
    let (demo, browser) = (Candor::demo_with_answers().await?, Browser::open().await?);
    for path in ["/demo/", "/demo/#token=another-token"] {
        browser.goto(&demo.url(path)).await?;
        browser.prompt().await?;
        browser.until("the sentence", "!document.querySelector('#locked').hidden").await?;
        assert_eq!(browser.eval(DOTS).await?, 0, "{path}");
        browser.goto("about:blank").await?;
    }
    browser.goto(&link(&demo)).await?;
    browser.until("the chart", &format!("{DOTS} > 0")).await?;
    browser.screenshot("index-chart").await?;
    assert_eq!(browser.eval("document.querySelector('#locked').hidden").await?, true);

    // The printed link, followed in a tab that is open here already.
    browser.run("sessionStorage.clear()", &[]).await?;
    browser.goto(&demo.url("/demo/")).await?;
    browser.until("the sentence", "!document.querySelector('#locked').hidden").await?;
    browser.run("location.hash = arguments[0]", &[json!(format!("token={TOKEN}"))]).await?;
    browser.until("the chart", &format!("{DOTS} > 0 && !location.hash")).await?;
    Ok(())
}

#[tokio::test]
async fn the_scores_are_drawn_week_by_week_and_say_what_is_made_up() -> Result<()> {
    let (demo, browser) = (Candor::demo_with_answers().await?, Browser::open().await?);
    browser.goto(&demo.url(&format!("/scores#token={TOKEN}"))).await?;
    browser.until("three charts", &format!("{DOTS} >= 39")).await?;
    for (width, dark) in [(1280, true), (320, false)] {
        browser.look(Options { width, height: 800, dark }).await?;
        for language in LANGUAGES {
            let step = format!("scores, {language}, {width} px");
            choose_language(&browser, language).await?;
            browser
                .until("the texts", &format!("document.querySelector('#title-nps') && {DOTS} >= 39"))
                .await?;
            browser
                .run("document.querySelectorAll('details').forEach(details => (details.open = true))", &[])
                .await?;
            well_made(&browser, &step).await?;
            browser.screenshot(&format!("scores-{language}-{width}")).await?;
        }
    }
    choose_language(&browser, "en").await?;
    let rows = "[...document.querySelectorAll('#score-nps .facts dd')].slice(0, 2).map(dd => Number(dd.textContent.replace(',', '')))";
    let before =
        browser.until("the counts", &format!("document.documentElement.lang === 'en' && {rows}")).await?;
    let answers = before.get(0).and_then(Value::as_u64).unwrap_or_default();
    assert_eq!(before, json!([answers, answers]), "all is made up");
    assert_eq!(browser.eval("document.querySelector('#made-up').hidden").await?, false);
    browser
        .until(
            "all comments",
            "[...document.querySelectorAll('#comments li')].every(li => li.innerText.includes('made up'))",
        )
        .await?;

    // A visitor's own answer is one more, and is not called made up; the tables stay open.
    browser.goto(&demo.url("/demo/en/article.html")).await?;
    browser.choose(9).await?;
    browser.write_comment("My own words").await?;
    browser.send().await?;
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision >= 3)").await?;
    browser.goto(&demo.url("/demo/scores.html")).await?;
    browser
        .until("the comment", "document.querySelector('#comments').innerText.includes('My own words')")
        .await?;
    assert_eq!(browser.eval(rows).await?, json!([answers + 1, answers]));
    let own = browser.eval("document.querySelector('#comments li').innerText").await?;
    assert!(
        own.as_str().is_some_and(|own| own.contains("My own words") && !own.contains("made up")),
        "{own}"
    );
    all_quiet(&browser, "scores.html").await
}

#[tokio::test]
async fn a_week_without_answers_is_a_gap_in_the_chart() -> Result<()> {
    let (demo, browser) = (Candor::demo()?, Browser::open().await?);
    browser.goto(&demo.url("/demo/")).await?;
    // Weeks with 80, 60, none, 70, none and 90 %.
    let drawn = browser
        .run_async(
            "const done = arguments[0];
            Promise.all([import('/demo/chart.js'), import('/demo/en/texts.js')]).then(([{trend, formats}, {default: text}]) => {
                const week = (score, n) => ({from: `2026-10-0${n + 1}T00:00:00Z`, n: 5, score, ci: score && [score - 10, score + 10]});
                const draw = scores => trend({metric: 'csat', periods: scores.map(week)}, text, formats(text));
                const chart = draw([80, 60, null, 70, null, 90]);
                const count = (what) => chart.querySelectorAll(what).length;
                done({
                    lines: count('.line'), dots: count('.dot'), alone: count('.alone'),
                    table: [...chart.querySelectorAll('tbody td:nth-child(2)')].map(td => td.textContent),
                    label: chart.querySelector('svg').getAttribute('aria-label'),
                    ticks: [...chart.querySelectorAll('.ticks span')].map(tick => tick.textContent),
                    none: draw([null, null]),
                });
            }, error => done(String(error)))",
        )
        .await?;
    let expected = json!({
        "lines": 3, "dots": 4, "alone": 2, "table": ["80%", "60%", "–", "70%", "–", "90%"],
        "label": "Score week by week, 1 Oct to 6 Oct: 60% to 90%, 90% in the last week",
        "ticks": ["100%", "90%", "80%", "70%", "60%", "50%"], "none": null,
    });
    assert_eq!(drawn, expected);
    Ok(())
}

//! The demo as a visitor finds it: page, widget and endpoint on one origin, as `cargo xtask demo` serves them.

use anyhow::Result;
use candor_journeys::{Browser, Candor, TOKEN, root};
use candor_survey::LANGUAGES;
use serde_json::{Value, json};

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
    browser.click_page("#token").await?;
    browser.type_text(TOKEN).await?;
    browser.click_page("#token-form button").await?;
    browser
        .until("the comment", "document.querySelector('#comments').innerText.includes('Đáng đọc')")
        .await?;
    browser.until("the score", "document.querySelector('#scores').innerText.includes('+100')").await?;
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

#[tokio::test]
async fn the_index_shows_the_widget_and_what_a_page_needs_for_it_in_each_language() -> Result<()> {
    let (demo, browser) = (Candor::demo()?, Browser::open().await?);
    browser.goto(&demo.url("/demo/")).await?;
    browser.prompt().await?;
    for language in LANGUAGES {
        let choose = "const choice = document.querySelector('#language'); choice.value = arguments[0]; choice.dispatchEvent(new Event('change'))";
        browser.run(choose, &[json!(language)]).await?;
        browser.until("the survey", &format!("document.querySelector('candor-survey')?.shadowRoot.querySelector('.candor')?.lang === '{language}'")).await?;
        browser.prompt().await?;
        assert_eq!(browser.widget("host.parentNode.id").await?, "stage");
    }
    let snippet = browser.eval("document.querySelector('#snippet').textContent").await?;
    assert!(snippet.as_str().is_some_and(|snippet| snippet.contains(&demo.url("/candor.js"))), "{snippet}");
    browser.choose(9).await?;
    // What is tried out is not counted.
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision === 2)").await?;
    demo.counted("nps", &[0; 11]).await?;
    all_quiet(&browser, "index.html").await
}

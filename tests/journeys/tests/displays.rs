//! Every way to stand in a page: where it stands, that it is whole, how the focus comes and goes, and when it does not come up.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::Result;
use candor_journeys::{Browser, Candor, Key, Options, Page, Pages, whole, word};
use candor_survey::Display;
use serde_json::{Value, json};

candor_journeys::also_in_firefox! {
    a_modal_takes_the_focus_holds_it_and_gives_it_back,
    every_display_is_whole_and_answered_on_a_phone,
}

/// A page that asks when it is told to, in this language.
async fn stage(language: &str, attributes: &str, body: &str) -> Result<(Pages, Candor)> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let tag = candor.tag(&format!("data-survey=\"nps\" data-quiet=\"0\" {attributes}"));
    pages.set("/", Page::in_language(language, &format!("{body}{tag}")));
    Ok((pages, candor))
}

/// How far the card is from the edges of the window: left, top, right, bottom.
const EDGES: &str = "(r => [r.left, r.top, innerWidth - r.right, innerHeight - r.bottom].map(Math.round))($('.card').getBoundingClientRect())";

async fn edges(browser: &Browser) -> Result<[i64; 4]> {
    browser.widget_until("it to stand still", "!root.getAnimations().length").await?;
    Ok(serde_json::from_value(browser.widget(EDGES).await?)?)
}

#[tokio::test]
async fn a_popover_stands_in_any_corner_and_a_bar_along_either_edge() -> Result<()> {
    let browser = Browser::open().await?;
    for (language, rtl) in [("en", false), ("fa", true)] {
        for (display, position) in [
            ("popover", "end"),
            ("popover", "start"),
            ("popover", "top-end"),
            ("popover", "top-start"),
            ("bar", "end"),
            ("bar", "top-start"),
        ] {
            let name = format!("{display} {position} {language}");
            let (pages, _candor) = stage(
                language,
                &format!("data-display=\"{display}\" data-position=\"{position}\" data-offset=\"40\""),
                "",
            )
            .await?;
            for width in [1280, 320] {
                browser.look(Options { width, height: 640, dark: false }).await?;
                browser.goto(&pages.url("/")).await?;
                browser.prompt().await?;
                let [left, top, right, bottom] = edges(&browser).await?;
                let at_top = position.starts_with("top");
                let on_right = position.ends_with("end") != rtl;
                let is_sheet = display == "bar" || width == 320;
                if is_sheet {
                    assert_eq!((left, right), (0, 0), "{name}, {width}");
                    assert_eq!(if at_top { top } else { bottom }, 0, "{name}, {width}");
                } else {
                    assert_eq!(if on_right { right } else { left }, 24, "{name}, {width}");
                    assert_eq!(if at_top { top } else { bottom }, 40, "{name}, {width}");
                    assert!(if on_right { left } else { right } > 500, "{name}, {width}");
                }
                assert!(if at_top { bottom } else { top } > 100, "{name}, {width}");
                let at = position.replace("end", "e").replace("start", "s");
                browser.screenshot(&format!("display-{display}-{at}-{language}-{width}")).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_modal_takes_the_focus_holds_it_and_gives_it_back() -> Result<()> {
    let (pages, candor) = stage(
        "en",
        "data-display=\"modal\" data-trigger=\"manual\"",
        "<button id=\"mine\" onclick=\"window.clicked = 1\">Mine</button>",
    )
    .await?;
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    let ask = "(document.querySelector('#mine').focus(), candor('show', 'nps'), 0)";
    for (key, reason) in [(Some(Key::Escape), "escape"), (None, "close"), (None, "unmount")] {
        browser.until("the loader", "window.candor && candor.version").await?;
        browser.eval(ask).await?;
        browser.prompt().await?;
        browser
            .widget_until("the focus", "document.activeElement === host && root.activeElement === $('.card')")
            .await?;
        assert_eq!(browser.widget("$('dialog').matches(':modal')").await?, true);
        // Round and round, and never to the page.
        for _ in 0..12 {
            browser.press(&[Key::Tab]).await?;
            let page = "document.activeElement.id === 'mine' || document.activeElement.localName === 'a'";
            assert_eq!(browser.eval(page).await?, false);
        }
        let at = browser
            .eval("(r => [r.left + 5, r.top + 5])(document.querySelector('#mine').getBoundingClientRect())")
            .await?;
        browser.click_at(at[0].as_f64().unwrap_or_default(), at[1].as_f64().unwrap_or_default()).await?;
        assert_eq!(browser.eval("window.clicked || null").await?, Value::Null, "the page is behind it");
        assert_eq!(browser.widget("!!host && $('dialog').open").await?, true);
        match key {
            Some(key) => {
                browser.widget("(radios[3].focus(), 0)").await?;
                browser.press(&[key]).await?;
            }
            None if reason == "close" => browser.click("$('.close')").await?,
            None => drop(browser.eval("candor('unmount')").await?),
        }
        browser.gone().await?;
        browser.until("the focus", "document.activeElement.id === 'mine'").await?;
        if reason != "unmount" {
            let closed = "journey.events.filter(e => e.type === 'closed').at(-1).reason";
            assert_eq!(browser.eval(closed).await?, reason);
        }
        let again = "(Object.keys(localStorage).forEach(k => localStorage.removeItem(k)), 0)";
        browser.eval(again).await?;
        browser.reload().await?;
    }
    let kept = candor.read("/v1/surveys/nps/responses?unanswered=true").await?;
    let states: Vec<_> = kept["responses"].as_array().into_iter().flatten().map(|r| &r["state"]).collect();
    assert_eq!(states.len(), 3);
    assert_eq!(states.iter().filter(|state| **state == "dismissed").count(), 2);
    Ok(())
}

#[tokio::test]
async fn in_a_low_window_a_modal_keeps_what_closes_it_and_what_sends_in_view() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let tag = candor.tag("data-survey=\"csat\" data-quiet=\"0\" data-display=\"modal\"");
    pages.set("/", Page::with_body(&tag));
    let browser = Browser::open().await?;
    for (width, height) in [(320, 568), (320, 480), (1000, 420)] {
        browser.look(Options { width, height, dark: false }).await?;
        browser.goto(&pages.url("/")).await?;
        browser.choose(2).await?;
        browser.write_comment("late").await?;
        edges(&browser).await?;
        browser.screenshot(&format!("display-modal-low-{width}-{height}")).await?;
        let outside = "[$('.close'), $('.send'), $('.card')].map(e => [e.className, e.getBoundingClientRect()])
            .filter(([, r]) => r.top < 0 || r.bottom > innerHeight || r.left < 0 || r.right > innerWidth).map(([name]) => name)";
        assert_eq!(browser.widget(outside).await?, json!([]), "{width} × {height}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_that_floats_comes_up_over_a_dialog_or_a_field_that_has_the_focus() -> Result<()> {
    for display in ["popover", "bar", "modal"] {
        let (pages, _candor) = stage(
            "en",
            &format!("data-display=\"{display}\""),
            "<dialog id=\"theirs\"><button>OK</button></dialog><input id=\"field\"><script>theirs.showModal()</script>",
        )
        .await?;
        let browser = Browser::open().await?;
        browser.goto(&pages.url("/")).await?;
        browser
            .until("the reason", "window.candor && candor('debug')[0]?.because === 'a dialog is open'")
            .await?;
        assert_eq!(browser.widget("!!host").await?, false, "{display}");
        browser.eval("(theirs.close(), field.focus(), 0)").await?;
        browser.until("the reason", "candor('debug')[0].because === 'somebody is typing'").await?;
        assert_eq!(browser.widget("!!host").await?, false, "{display}");
        browser.eval("(field.blur(), 0)").await?;
        browser.prompt().await?;
        assert_eq!(browser.eval("journey.errors").await?, json!([]));
    }
    Ok(())
}

#[tokio::test]
async fn a_modal_that_the_page_moves_is_still_before_it() -> Result<()> {
    let (pages, _candor) = stage("en", "data-display=\"modal\"", "").await?;
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.choose(9).await?;
    browser.eval("(b => (b.append(...document.body.childNodes), document.body = b, 0))(document.createElement('body'))").await?;
    browser.widget_until("the modal", "$('dialog').matches(':modal') && radios[9].checked").await?;
    browser.send().await?;
    browser.until("the receipt", "journey.events.at(-1).type === 'sent'").await?;
    Ok(())
}

/// Every display on every screen, light or dark, in both directions: asked, answered, sent.
async fn every_display(widths: &[u32], dark: bool) -> Result<()> {
    let browser = Browser::open().await?;
    for display in Display::ALL.map(Display::name) {
        for language in ["en", "fa"] {
            let (pages, candor) =
                stage(language, &format!("data-display=\"{display}\" data-privacy=\"/p\""), "").await?;
            for &width in widths {
                let name = |step: &str| {
                    format!("display-{display}-{step}-{language}-{width}{}", if dark { "-dark" } else { "" })
                };
                browser.look(Options { width, height: 720, dark }).await?;
                browser.goto(&pages.url("/")).await?;
                browser.prompt().await?;
                edges(&browser).await?;
                browser.screenshot(&name("asked")).await?;
                whole(&browser, &name("asked")).await?;
                browser.choose(4).await?;
                browser.write_comment("late").await?;
                edges(&browser).await?;
                browser.screenshot(&name("followed")).await?;
                whole(&browser, &name("followed")).await?;
                browser.send().await?;
                let thanks = json!(word(language, "thanks")?);
                browser.widget_until("the thanks", &format!("root.textContent.includes({thanks})")).await?;
                browser.until("the receipt", "journey.events.at(-1).type === 'sent'").await?;
                edges(&browser).await?;
                browser.screenshot(&name("thanks")).await?;
                assert_eq!(browser.eval("journey.errors").await?, json!([]), "{}", name("thanks"));
            }
            let kept = candor.read("/v1/surveys/nps/responses").await?;
            let of_display = |response: &&Value| {
                response["presentation"]["display"] == display && response["state"] == "complete"
            };
            let kept: Vec<_> = kept["responses"].as_array().into_iter().flatten().collect();
            assert!(kept.len() == widths.len() && kept.iter().all(of_display), "{display}: {kept:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_display_is_whole_and_answered_on_a_phone() -> Result<()> {
    every_display(&[320], false).await
}

#[tokio::test]
async fn every_display_is_whole_and_answered_on_larger_screens() -> Result<()> {
    every_display(&[768, 1280], false).await
}

#[tokio::test]
async fn every_display_is_whole_and_answered_in_the_dark() -> Result<()> {
    every_display(&[320, 768, 1280], true).await
}

/// Every display on three screens, light and dark, in both directions, side by side: `cargo xtask pictures` puts them where the documents
/// show them.
#[tokio::test]
#[ignore = "writes into the repository"]
async fn the_pictures_of_the_documents() -> Result<()> {
    let folder = std::path::PathBuf::from(std::env::var("CANDOR_PICTURES")?);
    std::fs::create_dir_all(&folder)?;
    let browser = Browser::open().await?;
    for display in Display::ALL.map(Display::name) {
        let mut pictures = Vec::new();
        for dark in [false, true] {
            for language in ["en", "fa"] {
                let (pages, _candor) =
                    stage(language, &format!("data-display=\"{display}\" data-product=\"Fernway\""), "")
                        .await?;
                for width in [320, 768, 1280] {
                    browser.look(Options { width, height: 720, dark }).await?;
                    browser.goto(&pages.url("/")).await?;
                    browser.choose(8).await?;
                    browser.widget_until("the follow-up", "$('textarea') && seen($('textarea'))").await?;
                    edges(&browser).await?;
                    pictures.push(json!(browser.client().screenshot().await?));
                }
            }
        }
        let (pages, _candor) = stage("en", "data-trigger=\"manual\"", "").await?;
        browser.look(Options { width: 822, height: 994, dark: false }).await?;
        browser.goto(&pages.url("/")).await?;
        let script = "const [...pictures] = arguments, done = pictures.pop();
            document.body.innerHTML = '';
            document.body.style = 'margin: 6px; display: grid; gap: 6px; grid-template-columns: auto auto auto; background: #767c86';
            Promise.all(pictures.map(async bytes => {
                const picture = new Image();
                picture.src = URL.createObjectURL(new Blob([Uint8Array.from(bytes)]));
                picture.height = 240;
                document.body.append(picture);
                await picture.decode();
            })).then(done, error => done(String(error)))";
        browser.client().execute_async(script, pictures).await?;
        std::fs::write(folder.join(format!("{display}.png")), browser.client().screenshot().await?)?;
    }
    Ok(())
}

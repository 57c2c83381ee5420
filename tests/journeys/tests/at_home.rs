//! At home on any page: what people report of widgets like this one, each kind by its smallest page.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Context, Result, ensure};
use candor_journeys::{Browser, Candor, Endpoint, Key, Page, Pages, Reply};
use serde_json::{Value, json};

candor_journeys::also_in_firefox! {
    a_header_that_a_tracing_tool_adds_keeps_nothing_back,
    what_a_page_has_changed_of_the_browser_loses_no_answer,
    a_body_that_is_replaced_takes_neither_the_survey_nor_what_was_typed,
    what_is_typed_is_kept_and_sent_without_send,
    another_tab_that_has_the_answer_closes_this_one,
    a_page_hears_nothing_of_what_is_typed_or_clicked_in_the_survey,
}

/// A host, a server that knows only the presets, and a browser.
async fn stage() -> Result<(Pages, Candor, Browser)> {
    Ok((Pages::start().await?, Candor::start()?, Browser::open().await?))
}

/// Puts this page at `/` and loads it with an empty storage.
async fn load(browser: &Browser, pages: &Pages, html: String) -> Result<()> {
    pages.set("/", Page::new(html));
    browser.goto(&pages.url("/elsewhere")).await?;
    browser.run("localStorage.clear()", &[]).await?;
    browser.goto(&pages.url("/")).await
}

/// A page with this in its head and this in its body.
fn page(head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Host</title>\
         <meta name=\"viewport\" content=\"width=device-width\">{head}</head><body>{body}</body></html>"
    )
}

/// Why the survey is not shown, or "it is shown".
async fn because(browser: &Browser) -> Result<String> {
    Ok(browser.eval("candor('debug')[0].because").await?.as_str().unwrap_or_default().to_owned())
}

/// The latest response that the server has.
async fn latest(candor: &Candor) -> Result<Value> {
    let list = candor.responses("nps").await?;
    Ok(list["responses"].as_array().and_then(|all| all.first()).cloned().unwrap_or_default())
}

#[tokio::test]
async fn a_header_that_a_tracing_tool_adds_keeps_nothing_back() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let traced = "<script>{const plain = fetch; window.fetch = (url, init) => plain(url, {...init, credentials: 'include',
        headers: {...(init || {}).headers, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'}})}</script>";
    load(&browser, &pages, page(traced, &candor.tag("data-survey=\"nps\""))).await?;
    browser.choose(9).await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;
    assert_eq!(browser.events("error").await?, [] as [Value; 0]);
    Ok(())
}

#[tokio::test]
async fn what_a_page_has_changed_of_the_browser_loses_no_answer() -> Result<()> {
    for changed in [
        // Prototype 1.6.
        "Array.prototype.toJSON = function () { return '[' + this.map(x => JSON.stringify(x)).join(', ') + ']' }",
        // MooTools 1.4.5.
        "window.Window = function () {}; window.Document = function () {}",
        "var Map = {}, Set = 0, WeakMap = 1",
        "var URL = '/api'",
        "for (const key of ['id', 'text']) Object.defineProperty(Object.prototype, key, {get() { return 'x' }, set() {}, configurable: true})",
        "Storage.prototype.setItem = () => {}",
        "Storage.prototype.getItem = () => null",
    ] {
        let (pages, candor, browser) = stage().await?;
        load(
            &browser,
            &pages,
            page(&format!("<script>{changed}</script>"), &candor.tag("data-survey=\"nps\"")),
        )
        .await?;
        browser.choose(9).await.with_context(|| changed.to_owned())?;
        let counted = candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await;
        counted.with_context(|| changed.to_owned())?;
        // Numbers, because what a page has taught its lists holds for the driver too.
        assert_eq!(browser.eval("journey.errors.length").await?, 0, "{changed}");
        let told = "journey.events.filter(e => e.type === 'error' && e.code !== 'storage').length";
        assert_eq!(browser.eval(told).await?, 0, "{changed}");
    }
    Ok(())
}

#[tokio::test]
async fn a_module_that_breaks_says_so_once_and_leaves_the_page() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let broken = "<script>Element.prototype.getBoundingClientRect = Element.prototype.closest = () => { throw 'broken' }</script>";
    load(&browser, &pages, page(broken, &format!("<input autofocus>{}", candor.tag("data-survey=\"nps\""))))
        .await?;
    browser.until("the event", "journey.events.some(e => e.type === 'error')").await?;
    browser.run("candor('show', 'nps')", &[]).await?;
    browser.pass(800).await?;
    let errors = browser.events("error").await?;
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["code"], "wasm");
    ensure!(because(&browser).await?.contains("broken"), "{}", because(&browser).await?);
    assert_eq!(browser.eval("document.querySelectorAll('candor-survey').length").await?, 0);
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    Ok(())
}

#[tokio::test]
async fn a_survey_waits_for_a_dialog_and_hides_under_one_that_opens_later() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let dialog = "<dialog id=\"d\">Cookies? <input id=\"own\"></dialog><script>d.showModal()</script>";
    load(&browser, &pages, page("", &format!("{dialog}{}", candor.tag("data-survey=\"nps\"")))).await?;
    browser.until("the reason", "window.candor && candor('debug')[0].because === 'a dialog is open'").await?;
    assert_eq!(browser.eval("document.querySelectorAll('candor-survey').length").await?, 0);
    browser.run("d.close()", &[]).await?;
    browser.choose(2).await?;
    browser.write_comment("half a sen").await?;

    browser.run("d.showModal()", &[]).await?;
    browser.widget_until("it to hide", "!seen(host)").await?;
    browser.run("own.focus()", &[]).await?;
    browser.type_text("mine").await?;
    assert_eq!(browser.eval("own.value").await?, "mine");
    browser.run("d.close()", &[]).await?;
    browser.widget_until("it to be back", "seen(host) && $('textarea').value === 'half a sen'").await?;
    Ok(())
}

#[tokio::test]
async fn a_focus_trap_of_bootstrap_gets_its_way() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    for (head, body, open, close) in [
        (
            format!(
                "<script>{}</script><script>{}</script>",
                lib("jquery/dist/jquery.min.js")?,
                lib("bootstrap4/dist/js/bootstrap.bundle.min.js")?
            ),
            "<div class=\"modal\" id=\"m\" tabindex=\"-1\"><div class=\"modal-dialog\"><input id=\"own\"></div></div>",
            "$('#m').modal('show')",
            "$('#m').modal('hide')",
        ),
        (
            format!(
                "<style>{}</style><script>{}</script>",
                lib("bootstrap/dist/css/bootstrap.min.css")?,
                lib("bootstrap/dist/js/bootstrap.bundle.min.js")?
            ),
            "<div class=\"modal\" id=\"m\" tabindex=\"-1\"><div class=\"modal-dialog\"><input id=\"own\"></div></div>",
            "bootstrap.Modal.getOrCreateInstance(m).show()",
            "bootstrap.Modal.getInstance(m).hide()",
        ),
    ] {
        load(
            &browser,
            &pages,
            page(&head, &format!("{body}{}", candor.tag("data-survey=\"nps\" data-quiet=\"0\""))),
        )
        .await?;
        browser.prompt().await?;
        browser.run(open, &[]).await?;
        browser.widget_until("it to hide", "!seen(host)").await?;
        assert_eq!(because(&browser).await?, "it is shown");
        browser.run(close, &[]).await?;
        browser.choose(2).await?;
        browser.write_comment("all mine").await?;
        assert_eq!(browser.widget("$('textarea').value").await?, "all mine");
    }
    Ok(())
}

/// A file of a library that pages bring along.
fn lib(path: &str) -> Result<String> {
    let file = candor_journeys::target()?.join("candor/hosts/node_modules").join(path);
    let text = std::fs::read_to_string(&file).with_context(|| {
        format!("There is no {}: `cargo xtask test journeys` installs it with npm.", file.display())
    })?;
    Ok(text.replace("</script", "<\\/script"))
}

#[tokio::test]
async fn a_card_moves_out_of_the_way_only_to_where_it_is_not_in_the_way() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let body = format!(
        "<main id=\"m\" tabindex=\"-1\" style=\"min-height:100vh\"><p id=\"p\">text</p><button id=\"b\">b</button>\
         <input id=\"low\" style=\"position:fixed;right:40px;bottom:40px\"></main>{}",
        candor.tag("data-survey=\"nps\" data-trigger=\"event=go\"")
    );
    load(&browser, &pages, page("", &body)).await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    browser.run("candor('event', 'go')", &[]).await?;
    browser.prompt().await?;
    browser.pass(400).await?;
    let top = "Math.round($('.card').getBoundingClientRect().top)";
    let before = browser.widget(top).await?;
    for selector in ["#p", "#b", "#p", "#b"] {
        browser.click_page(selector).await?;
        browser.pass(100).await?;
        assert_eq!(browser.widget(top).await?, before, "{selector}");
    }
    browser.run("low.focus()", &[]).await?;
    browser.widget_until("it to move", &format!("{top} < {before}")).await?;
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_replaced_takes_neither_the_survey_nor_what_was_typed() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(&browser, &pages, page(&candor.tag("data-survey=\"nps\""), "<p>first</p>")).await?;
    browser.choose(2).await?;
    browser.write_comment("half a sen").await?;
    for next in ["second", "third", "fourth"] {
        browser.run(&format!("document.body.outerHTML = '<body>{next}</body>'"), &[]).await?;
        browser.widget_until("it to be back", "seen(host) && $('textarea').value === 'half a sen'").await?;
    }
    browser.send().await?;
    candor.counted("nps", &[0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]).await?;
    assert_eq!(browser.events("shown").await?.len(), 1, "one impression");
    assert_eq!(browser.events("closed").await?, [] as [Value; 0]);

    // Twice on purpose is the end of it, and no dismissal.
    load(&browser, &pages, page(&candor.tag("data-survey=\"nps\""), "<p>first</p>")).await?;
    browser.prompt().await?;
    for _ in 0..2 {
        browser.widget_until("it", "host && (host.remove(), true)").await?;
    }
    browser.until("the event", "journey.events.some(e => e.type === 'closed')").await?;
    assert_eq!(browser.events("closed").await?[0]["reason"], "removed");
    assert_eq!(because(&browser).await?, "was removed from the page");
    browser.pass(400).await?;
    assert_eq!(browser.eval("Object.keys(localStorage).filter(k => /quiet/.test(k))").await?, json!([]));
    Ok(())
}

#[tokio::test]
async fn turbo_and_react_take_nothing_away_that_comes_back() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    // Turbo puts the next page's body, with the tag in it, in the place of this one's.
    let turbo = format!("<script>{}</script>", lib("@hotwired/turbo/dist/turbo.es2017-umd.js")?);
    let tag = candor.tag("data-survey=\"nps\" data-quiet=\"0\"");
    pages.set("/next", Page::new(page(&turbo, &format!("<h1>next</h1>{tag}"))));
    load(&browser, &pages, page(&turbo, &format!("<a id=\"next\" href=\"/next\">next</a>{tag}"))).await?;
    browser.choose(2).await?;
    browser.write_comment("half a sen").await?;
    browser.run("document.querySelector('#next').click()", &[]).await?;
    browser
        .until("the next page", "document.querySelector('h1') && !document.querySelector('#next')")
        .await?;
    browser.widget_until("it to be back", "seen(host) && $('textarea').value === 'half a sen'").await?;
    assert_eq!(browser.events("shown").await?.len(), 1);
    assert_eq!(browser.eval("document.querySelectorAll('candor-survey').length").await?, 1);

    // React's StrictMode appends, removes and appends what an effect brings.
    let (react, dom) =
        (lib("react/umd/react.development.js")?, lib("react-dom/umd/react-dom.development.js")?);
    let strict = format!(
        "<div id=\"root\"></div><script>{react}</script><script>{dom}</script><script>
        function Survey() {{ React.useEffect(() => {{
            const tag = Object.assign(document.createElement('script'), {{src: '{}', async: true}});
            Object.assign(tag.dataset, {{survey: 'nps', quiet: '0'}});
            document.body.append(tag); return () => tag.remove() }}, []); return null }}
        const root = ReactDOM.createRoot(document.querySelector('#root'));
        root.render(React.createElement(React.StrictMode, null, React.createElement(Survey)))</script>",
        candor.url("/candor.js")
    );
    load(&browser, &pages, page("", &strict)).await?;
    browser.prompt().await?;
    browser.until("the impression", "journey.events.some(e => e.type === 'shown')").await?;
    browser.run("candor('close')", &[]).await?;
    browser.gone().await?;
    browser.pass(2_000).await?;
    assert_eq!(browser.events("shown").await?.len(), 1, "asked once");
    Ok(())
}

#[tokio::test]
async fn a_tag_that_is_there_twice_asks_once_and_takes_its_survey_along_when_it_goes() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let tag = candor.tag("data-survey=\"nps\" data-quiet=\"0\"");
    load(&browser, &pages, page("", &format!("{tag}{tag}"))).await?;
    browser.prompt().await?;
    browser.until("the impression", "journey.events.some(e => e.type === 'shown')").await?;
    browser.run("candor('close')", &[]).await?;
    browser.gone().await?;
    browser.pass(1_800).await?;
    assert_eq!(browser.events("shown").await?.len(), 1);

    let inline =
        candor.tag("data-survey=\"nps\" data-quiet=\"0\" data-display=\"inline\" data-target=\"#place\"");
    load(&browser, &pages, page("", &format!("<div id=\"place\"></div><div id=\"view\">{inline}</div>")))
        .await?;
    browser.choose(2).await?;
    browser.write_comment("half a sen").await?;
    browser.run("journey.tag = document.querySelector('#view script'); journey.tag.remove()", &[]).await?;
    browser.until("it to go with its tag", "!document.querySelector('candor-survey')").await?;
    browser.run("document.querySelector('#view').append(journey.tag)", &[]).await?;
    browser.widget_until("it to be back", "seen(host) && $('textarea').value === 'half a sen'").await?;
    assert_eq!(browser.events("shown").await?.len(), 1, "one impression");

    browser.run("candor('unmount')", &[]).await?;
    browser.gone().await?;
    browser.pass(500).await?;
    assert_eq!(browser.events("closed").await?, [] as [Value; 0]);
    assert_eq!(browser.eval("document.querySelectorAll('candor-survey').length").await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_is_typed_is_kept_and_sent_without_send() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let html = || page("", &candor.tag("data-survey=\"nps\" data-quiet=\"0\""));
    let text = async |state: &str, text: Value| -> Result<()> {
        for _ in 0..50 {
            let latest = latest(&candor).await?;
            let answers = latest["answers"].as_array().cloned().unwrap_or_default();
            let comment =
                answers.iter().find(|answer| answer["question"] == "comment" || answer["text"].is_string());
            if latest["state"] == state
                && comment.map_or(Value::Null, |answer| answer["text"].clone()) == text
            {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        anyhow::bail!("{}", latest(&candor).await?)
    };
    // Escape with a text in the field.
    load(&browser, &pages, html()).await?;
    browser.choose(2).await?;
    browser.write_comment("too slow").await?;
    browser.press(&[Key::Escape]).await?;
    text("partial", json!("too slow")).await?;
    assert_eq!(
        browser
            .eval("journey.events.filter(e => e.question === 'comment' || e.type === 'answered').length")
            .await?,
        2
    );

    // Left, or still there: after a moment it is sent; emptied it is taken back.
    load(&browser, &pages, html()).await?;
    browser.choose(3).await?;
    browser.write_comment("too loud").await?;
    text("partial", json!("too loud")).await?;
    browser.widget("($('textarea').value = '', $('textarea').dispatchEvent(new InputEvent('input', {bubbles: true, composed: true})), 0)").await?;
    text("partial", Value::Null).await?;
    browser.write_comment("on leaving").await?;
    browser.goto(&pages.url("/elsewhere")).await?;
    text("partial", json!("on leaving")).await?;
    Ok(())
}

#[tokio::test]
async fn another_tab_that_has_the_answer_closes_this_one() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(&browser, &pages, page("", &candor.tag("data-survey=\"nps\""))).await?;
    browser.prompt().await?;
    let first = browser.client().window().await?;
    let other = browser.client().new_window(true).await?;
    browser.client().switch_to_window(other.handle).await?;
    browser.goto(&pages.url("/")).await?;
    browser.choose(9).await?;
    browser.client().switch_to_window(first).await?;
    browser.gone().await?;
    assert_eq!(browser.events("closed").await?, [] as [Value; 0], "silently");
    ensure!(because(&browser).await?.contains("quiet until"), "{}", because(&browser).await?);
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await
}

#[tokio::test]
async fn a_url_matches_as_it_is_read_by_people() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    for (path, glob) in [
        ("/ขอบคุณ", "/ขอบคุณ*"),
        ("/%E0%B8%82", "/ข"),
        ("/thanks/", "/thanks"),
        ("/thanks", "/thanks/"),
        ("/app#/thanks/42", "#/thanks/*"),
        ("/app#/thanks", "/app#/thanks"),
    ] {
        let html = page("", &candor.tag(&format!("data-survey=\"nps\" data-trigger=\"url={glob}\"")));
        for at in [
            "/ขอบคุณ",
            "/%E0%B8%82%E0%B8%AD%E0%B8%9A%E0%B8%84%E0%B8%B8%E0%B8%93",
            "/%E0%B8%82",
            "/thanks/",
            "/thanks",
            "/app",
        ] {
            pages.set(at, Page::new(html.clone()));
        }
        browser.goto(&pages.url(path)).await?;
        browser.prompt().await.with_context(|| format!("{glob} at {path}"))?;
        browser.run("localStorage.clear()", &[]).await?;
    }
    // A route that is gone to later.
    load(&browser, &pages, page("", &candor.tag("data-survey=\"nps\" data-trigger=\"url=#/thanks\"")))
        .await?;
    browser
        .until("the reason", "window.candor && candor('debug')[0].because === 'needs url=#/thanks'")
        .await?;
    browser.run("location.hash = '/thanks'", &[]).await?;
    browser.prompt().await
}

#[tokio::test]
async fn words_that_nobody_knows_are_told_with_what_may_be_meant() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    for (attributes, expected) in [
        (
            "data-survey=\"nps\" data-trigger=\"evnt=x\"",
            "trigger: evnt is not known: did you mean trigger: event?",
        ),
        ("data-survey=\"nps\" data-acent=\"red\"", "data-acent is not known: did you mean data-accent?"),
        ("data-survey=\"nps\" data-accent=\"reddish\"", "accent: expected an opaque CSS colour, not reddish"),
        (
            "data-survey=\"nps\" data-trigger=\"url=thanks\"",
            "url=thanks: expected a path that begins with /, # or *, without a query",
        ),
    ] {
        load(&browser, &pages, page("", &candor.tag(attributes))).await?;
        browser.until("the error", "journey.events.some(e => e.type === 'error')").await?;
        let errors = browser.events("error").await?;
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!((&errors[0]["code"], &errors[0]["message"]), (&json!("config"), &json!(expected)));
    }
    // Other tools have attributes of their own on the tag.
    load(&browser, &pages, page("", &candor.tag("data-survey=\"nps \" data-nscript=\"afterInteractive\"")))
        .await?;
    browser.prompt().await?;
    assert_eq!(browser.events("error").await?, [] as [Value; 0]);
    Ok(())
}

#[tokio::test]
async fn a_delay_counts_only_while_the_page_is_seen() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let html = page("", &candor.tag("data-survey=\"nps\" data-trigger=\"delay=3\""));
    // Looked at again only after four seconds in the back.
    pages.set("/", Page::new(html));
    browser.goto(&pages.url("/elsewhere")).await?;
    let first = browser.client().window().await?;
    browser.run(&format!("journey.opened = window.open('{}')", pages.url("/")), &[]).await?;
    let windows = browser.client().windows().await?;
    let opened = windows.into_iter().find(|window| *window != first).context("no window was opened")?;
    browser.client().switch_to_window(opened.clone()).await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    browser.client().switch_to_window(first).await?;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    browser.client().switch_to_window(opened).await?;
    browser.pass(300).await?;
    assert_eq!(browser.eval("document.querySelectorAll('candor-survey').length").await?, 0);
    browser.prompt().await
}

#[tokio::test]
async fn a_page_hears_nothing_of_what_is_typed_or_clicked_in_the_survey() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let greedy = "<script>document.addEventListener('keydown', e => { if (e.target.tagName != 'TEXTAREA' && /^[sf]$/.test(e.key)) e.preventDefault() }, true);
        journey.heard = [];
        for (const type of ['click', 'input', 'beforeinput', 'keydown', 'keyup', 'keypress', 'change', 'focusin', 'focusout', 'pointerdown', 'mouseup'])
            document.addEventListener(type, e => { if (e.target.closest && e.target.closest('candor-survey')) journey.heard.push(type) }, true)</script>";
    let form = format!("<form id=\"f\">{}</form>", candor.tag("data-survey=\"nps\" data-display=\"inline\""));
    load(&browser, &pages, page(greedy, &form)).await?;
    browser.choose(2).await?;
    browser.click("$('textarea')").await?;
    browser.type_text("staff").await?;
    assert_eq!(browser.widget("$('textarea').value").await?, "staff");
    assert_eq!(browser.eval("journey.heard").await?, json!([]));
    browser.send().await?;
    candor.counted("nps", &[0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]).await
}

#[tokio::test]
async fn triggers_see_into_open_shadow_roots_and_scroll_whatever_scrolls() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let shop =
        "<shop-cart></shop-cart><script>document.querySelector('shop-cart').attachShadow({mode: 'open'})
        .innerHTML = '<button id=\"pay\">Pay</button>'</script>";
    let pay = "document.querySelector('shop-cart').shadowRoot.querySelector('#pay')";
    load(
        &browser,
        &pages,
        page("", &format!("{shop}{}", candor.tag("data-survey=\"nps\" data-trigger=\"click=#pay\""))),
    )
    .await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    browser.run(&format!("{pay}.click()"), &[]).await?;
    browser.prompt().await?;
    load(
        &browser,
        &pages,
        page("", &format!("{shop}{}", candor.tag("data-survey=\"nps\" data-trigger=\"selector=#pay\""))),
    )
    .await?;
    browser.prompt().await?;

    let framed = "<style>html{height:100%;overflow:hidden}body{height:100%;overflow:auto;margin:0}</style>";
    let long = "<p style=\"height:3000px\">long</p>";
    let tag = candor.tag("data-survey=\"nps\" data-trigger=\"scroll=50\"");
    load(&browser, &pages, page(framed, &format!("{long}{tag}"))).await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    browser.pass(600).await?;
    assert_eq!(because(&browser).await?, "waits for scroll=50");
    browser.run("document.body.scrollTop = 2000", &[]).await?;
    browser.prompt().await?;
    // Already there when the survey comes.
    load(&browser, &pages, page("", &format!("{long}<script>scrollTo(0, 9000)</script>{tag}"))).await?;
    browser.prompt().await
}

#[tokio::test]
async fn a_survey_starts_without_a_current_script() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let url = candor.url("/candor.js");
    let imported = format!(
        "<script type=\"module\">await import('{url}'); candor('show', 'nps', {{api: '{}'}})</script>",
        candor.origin()
    );
    let shadowed = format!(
        "<div id=\"app\"></div><script>const tag = Object.assign(document.createElement('script'), {{src: '{url}'}});
         tag.dataset.survey = 'nps'; document.querySelector('#app').attachShadow({{mode: 'open'}}).append(tag)</script>"
    );
    let modules = format!(
        "<script type=\"module\" src=\"{url}\" data-survey=\"csat\" data-trigger=\"manual\"></script>\
         <script type=\"module\" src=\"{url}\" data-survey=\"nps\"></script>"
    );
    for body in [imported, shadowed, modules] {
        load(&browser, &pages, page("", &body)).await?;
        browser.choose(9).await.with_context(|| body.clone())?;
        browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision > 1)").await?;
        assert_eq!(browser.events("error").await?, [] as [Value; 0], "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn any_css_colour_is_an_accent_and_a_text_has_its_own_direction() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    for (accent, expected) in [
        ("oklch(0.45 0.1 260)", [51, 84, 140]),
        ("rebeccapurple", [102, 51, 153]),
        ("color(srgb 0 0.4 0.2)", [0, 102, 51]),
    ] {
        load(
            &browser,
            &pages,
            page(
                "",
                &candor.tag(&format!("data-survey=\"nps\" data-theme=\"light\" data-accent=\"{accent}\"")),
            ),
        )
        .await?;
        browser.choose(9).await?;
        let got =
            browser.widget("getComputedStyle($('.send')).backgroundColor.match(/\\d+/g).map(Number)").await?;
        for (got, expected) in got.as_array().into_iter().flatten().zip(expected) {
            ensure!(
                got.as_i64().is_some_and(|got| (got - expected).abs() <= 4),
                "{accent}: {got} is not {expected}"
            );
        }
    }
    browser.write_comment("مرحبا").await?;
    assert_eq!(browser.widget("getComputedStyle($('textarea')).direction").await?, "rtl");
    Ok(())
}

#[tokio::test]
async fn what_is_half_typed_when_another_tab_answers_goes_with_that_answer() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(&browser, &pages, page("", &candor.tag("data-survey=\"nps\" data-quiet=\"0\""))).await?;
    browser.choose(2).await?;
    browser.write_comment("half a sen").await?;
    let first = browser.client().window().await?;
    let other = browser.client().new_window(true).await?;
    browser.client().switch_to_window(other.handle.clone()).await?;
    browser.goto(&pages.url("/")).await?;
    browser.choose(9).await?;
    browser.client().switch_to_window(first).await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;
    assert_eq!(browser.widget("$('textarea').value").await?, "half a sen", "it stays");
    browser.send().await?;
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision > 4)").await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;
    let list = candor.responses("nps").await?;
    let complete =
        list["responses"].as_array().into_iter().flatten().find(|response| response["state"] == "complete");
    let answers = complete.context("none is complete")?["answers"].clone();
    assert_eq!((&answers[0]["rating"], &answers[1]["text"]), (&json!(9), &json!("half a sen")), "{list}");
    // The other tab has nothing left to ask.
    browser.client().switch_to_window(other.handle).await?;
    browser.gone().await
}

#[tokio::test]
async fn what_is_cut_or_left_out_is_told() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let long = "x".repeat(300);
    let tag = candor.tag(&format!("data-survey=\"nps\" data-product=\"{long}\" data-touchpoint=\"{long}\" data-privacy=\"javascript:alert(1)\""));
    let said = format!("<script>window.candor=typeof candor=='function'?candor:function(){{(candor.q=candor.q||[]).push(arguments)}}
        candor('identify', '{long}', {{plan: '{long}'}})</script>");
    load(&browser, &pages, page("", &format!("{said}{tag}"))).await?;
    browser.prompt().await?;
    browser.until("the events", "journey.events.filter(e => e.type === 'error').length >= 5").await?;
    let mut told: Vec<_> =
        browser.events("error").await?.iter().map(|error| error["message"].clone()).collect();
    told.sort_by_key(ToString::to_string);
    assert_eq!(
        told,
        [
            "attributes: cut to 32 entries, keys of 64 and values of 256 characters",
            "context: cut to 32 entries, keys of 64 and values of 256 characters",
            "identify: cut to 128 characters",
            "privacy: expected an address that begins with https://, http:// or /",
            "touchpoint: cut to 64 characters",
        ]
    );
    Ok(())
}

#[tokio::test]
async fn what_fills_the_screen_an_inert_place_and_who_types_are_left_in_peace() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let tag = candor.tag("data-survey=\"nps\" data-quiet=\"0\"");
    let waits = async |why: &str| {
        browser.until(why, &format!("window.candor && candor('debug')[0].because === '{why}'")).await
    };
    load(&browser, &pages, page("", &format!("<input id=\"i\"><script>i.focus()</script>{tag}"))).await?;
    waits("somebody is typing").await?;
    browser.run("i.blur()", &[]).await?;
    browser.prompt().await?;

    load(&browser, &pages, page("", &format!("<script>document.body.inert = true</script>{tag}"))).await?;
    waits("its place is inert").await?;
    browser.run("document.body.inert = false", &[]).await?;
    browser.prompt().await?;

    let video =
        "<div id=\"v\">video</div><button id=\"full\" onclick=\"v.requestFullscreen()\">full</button>";
    let later = tag.replace("data-survey", "data-trigger=\"event=go\" data-survey");
    load(&browser, &pages, page("", &format!("{video}{later}"))).await?;
    browser.click_page("#full").await?;
    browser.until("the video to fill the screen", "document.fullscreenElement").await?;
    browser.run("candor('event', 'go')", &[]).await?;
    waits("something fills the screen").await?;
    browser.run("document.exitFullscreen()", &[]).await?;
    browser.prompt().await
}

#[tokio::test]
async fn a_prerendered_page_asks_once_it_is_seen() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let rules = "<script type=\"speculationrules\">{\"prerender\": [{\"urls\": [\"/next\"], \"eagerness\": \"immediate\"}]}</script>";
    pages.set(
        "/next",
        Page::new(page(
            "",
            &format!("<h1>next</h1>{}", candor.tag("data-survey=\"nps\" data-trigger=\"delay=2\"")),
        )),
    );
    load(&browser, &pages, page(rules, "<a id=\"next\" href=\"/next\">next</a>")).await?;
    let made = "performance.getEntriesByType('resource').length >= 0";
    browser.until("the page", made).await?;
    for _ in 0..100 {
        if pages.requests().iter().any(|request| request.route() == "/next") {
            break;
        }
        browser.pass(100).await?;
    }
    browser.pass(3_000).await?;
    browser.click_page("#next").await?;
    browser.until("the next page", "document.querySelector('h1')").await?;
    ensure!(
        browser.eval("performance.getEntriesByType('navigation')[0].activationStart > 0").await? == true,
        "it was prerendered"
    );
    browser.pass(500).await?;
    assert_eq!(browser.eval("document.querySelectorAll('candor-survey').length").await?, 0);
    browser.prompt().await
}

/// A script of these modules and all that they import of `tests/hosts`.
fn bundled(module: &str) -> Result<String> {
    let made = candor_journeys::target()?.join("candor");
    let entry = made.join("hosts/entry.js");
    std::fs::write(&entry, module)?;
    let bundler = made.join("node/node_modules/esbuild/bin/esbuild");
    let flags =
        ["--bundle", "--format=iife", "--define:process.env.NODE_ENV=\"production\"", "--log-level=error"];
    let output = std::process::Command::new("node").arg(bundler).arg(&entry).args(flags).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.replace("</script", "<\\/script"))
}

#[tokio::test]
async fn a_dialog_of_radix_that_traps_the_focus_and_hides_all_else_gets_its_way() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let app = bundled(
        "import * as Dialog from '@radix-ui/react-dialog'; import {createElement as h, useState} from 'react';
         import {createRoot} from 'react-dom/client';
         function App() { const [open, setOpen] = useState(false); window.setOpen = setOpen;
           return h(Dialog.Root, {open, onOpenChange: setOpen}, h(Dialog.Portal, null, h(Dialog.Content, {'aria-describedby': undefined},
             h(Dialog.Title, null, 'Cart'), h('input', {id: 'own'})))) }
         createRoot(document.querySelector('#root')).render(h(App))",
    )?;
    let html = page(
        "",
        &format!("<div id=\"root\"></div><script>{app}</script>{}", candor.tag("data-survey=\"nps\"")),
    );
    load(&browser, &pages, html).await?;
    browser.choose(2).await?;
    browser.write_comment("half").await?;
    browser.run("setOpen(true)", &[]).await?;
    browser.until("the dialog", "document.querySelector('#own')").await?;
    browser.widget_until("it to hide", "!seen(host)").await?;
    browser.run("document.querySelector('#own').focus()", &[]).await?;
    browser.type_text("mine").await?;
    assert_eq!(browser.eval("document.querySelector('#own').value").await?, "mine");
    browser.run("setOpen(false)", &[]).await?;
    browser.widget_until("it to be back", "seen(host)").await?;
    browser.write_comment(" a sen").await?;
    assert_eq!(browser.widget("$('textarea').value").await?, "half a sen");
    Ok(())
}

#[tokio::test]
async fn a_service_worker_that_sends_everything_again_with_credentials_keeps_nothing_back() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let worker = "addEventListener('install', () => skipWaiting()); addEventListener('activate', e => e.waitUntil(clients.claim()));
        addEventListener('fetch', e => e.request.mode !== 'navigate' && e.respondWith(fetch(new Request(e.request, {credentials: 'include', mode: 'cors'}))))";
    pages.set("/worker.js", Page::new(worker).header("content-type", "text/javascript"));
    let register = "<script>navigator.serviceWorker.register('/worker.js')</script>";
    load(&browser, &pages, page(register, "<p>first</p>")).await?;
    browser.until("the worker", "navigator.serviceWorker.controller").await?;
    load(&browser, &pages, page(register, &candor.tag("data-survey=\"nps\""))).await?;
    browser.choose(9).await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;
    assert_eq!(browser.events("error").await?, [] as [Value; 0]);
    Ok(())
}

#[tokio::test]
async fn what_is_unsent_and_what_failed_is_said_and_written_where_it_is_asked_for() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let endpoint = Endpoint::start(Reply::Status(503)).await?;
    let attributes = format!("data-survey=\"nps\" data-debug data-endpoint=\"{}\"", endpoint.url());
    load(&browser, &pages, page("", &candor.tag(&attributes))).await?;
    browser.choose(9).await?;
    browser.until("the failure", "journey.events.some(e => e.code === 'undelivered')").await?;
    let said = browser.eval("candor('debug').map(state => state.because).join('; ')").await?;
    let said = said.as_str().unwrap_or_default();
    ensure!(said.contains("it is shown; ") && said.contains("not delivered: status 503"), "{said}");
    ensure!(said.contains("unsent since ") && said.ends_with(&format!(", to {}", endpoint.url())), "{said}");
    let written = browser.console().await?;
    ensure!(written.iter().any(|entry| entry.to_string().contains("candor:shown")), "{written:?}");

    // What somebody else has put there hides nothing, and an event without a detail breaks nothing.
    browser
        .run("localStorage['candor:out:!'] = '!'; document.dispatchEvent(new Event('candor:error'))", &[])
        .await?;
    let said = browser.eval("candor('debug').map(state => state.because).join('; ')").await?;
    ensure!(said.as_str().is_some_and(|said| said.contains("unsent since ")), "{said}");
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    endpoint.set(Reply::Status(204));
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision === 2)").await?;
    let said = browser.eval("candor('debug').map(state => state.because).join('; ')").await?;
    assert_eq!(said, "it is shown");
    Ok(())
}

#[tokio::test]
async fn nothing_but_true_is_consent() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(&browser, &pages, page("", &candor.tag("data-survey=\"nps\" data-consent=\"required\""))).await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    for said in ["'false'", "'denied'", "'no'", "'yes'", "1", "{}", "0", "null", "undefined"] {
        browser.run(&format!("candor('consent', {said})"), &[]).await?;
        assert_eq!(because(&browser).await?, "no consent", "{said}");
    }
    let errors = browser.events("error").await?;
    assert_eq!(errors.len(), 8, "0 is as false: {errors:?}");
    ensure!(errors.iter().all(|error| error["message"] == "consent: expected true"), "{errors:?}");
    browser.run("candor('consent', true)", &[]).await?;
    browser.prompt().await
}

#[tokio::test]
async fn who_is_not_drawn_stays_so_where_storage_is_refused() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let refused = "<script>Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } });
        window.draws = 0; const random = Math.random; Math.random = () => (draws++, 0.99)</script>";
    load(
        &browser,
        &pages,
        page(refused, &candor.tag("data-survey=\"nps\" data-trigger=\"load sample=0.5\"")),
    )
    .await
    .ok();
    pages.set(
        "/",
        Page::new(page(refused, &candor.tag("data-survey=\"nps\" data-trigger=\"load sample=0.5\""))),
    );
    browser.goto(&pages.url("/")).await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    for _ in 0..5 {
        browser.run("candor('set', {}); dispatchEvent(new Event('popstate'))", &[]).await?;
    }
    assert_eq!(because(&browser).await?, "needs sample=0.5");
    assert_eq!(browser.eval("draws").await?, 1);
    Ok(())
}

/// A storage of a page's own: what is kept are no properties of it.
const STAND_IN: &str = "<script>{ const kept = new Map(JSON.parse(window.name || '[]'));
    const keep = () => window.name = JSON.stringify([...kept]);
    const storage = { getItem: key => kept.get(key) ?? null, setItem(key, text) { kept.set(key, text + ''); keep() },
        removeItem(key) { kept.delete(key); keep() }, key: at => [...kept.keys()][at] ?? null, get length() { return kept.size },
        clear() { kept.clear(); keep() } };
    Object.defineProperty(window, 'localStorage', { value: storage }) }</script>";

#[tokio::test]
async fn a_withdrawal_takes_all_from_a_storage_of_the_pages_own() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let endpoint = Endpoint::start(Reply::Status(503)).await?;
    let tag = candor.tag(&format!("data-survey=\"nps\" data-endpoint=\"{}\"", endpoint.url()));
    load(&browser, &pages, page(STAND_IN, &tag)).await?;
    browser.choose(9).await?;
    browser.until("the failure", "journey.events.some(e => e.code === 'undelivered')").await?;
    assert_ne!(browser.eval("localStorage.length").await?, 0);
    browser.run("candor('consent', false)", &[]).await?;
    assert_eq!(browser.eval("localStorage.length").await?, 0, "{}", browser.eval("name").await?);
    // Also on a page that has loaded nothing yet.
    browser
        .run("localStorage.setItem('candor:out:x', '{}'); localStorage.setItem('candor:quiet', '9e15')", &[])
        .await?;
    pages.set("/", Page::new(page(STAND_IN, &candor.tag("data-survey=\"nps\" data-consent=\"required\""))));
    browser.reload().await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    assert_eq!(browser.eval("localStorage.length").await?, 2);
    browser.run("candor('consent', false)", &[]).await?;
    assert_eq!(browser.eval("localStorage.length").await?, 0, "{}", browser.eval("name").await?);
    browser.run("candor('consent', true); candor('show', 'nps')", &[]).await?;
    // Closed by the page before it was seen it would leave no mark.
    browser.until("the impression", "journey.events.some(e => e.type === 'shown')").await?;
    browser.run("candor('close')", &[]).await?;
    browser.gone().await?;
    // Its marks count there as anywhere.
    browser.reload().await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    browser.run("candor('consent', true)", &[]).await?;
    ensure!(because(&browser).await?.contains("quiet until "), "{}", because(&browser).await?);
    Ok(())
}

#[tokio::test]
async fn what_a_killed_browser_forgot_is_sent_from_a_page_that_refuses_storage_too() -> Result<()> {
    for refused in [
        "Object.defineProperty(window, 'localStorage', { value: null })",
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })",
        "{ const set = Storage.prototype.setItem; Storage.prototype.setItem = function (key, text) {
            if (/out/.test(key)) throw new DOMException('full', 'QuotaExceededError'); set.call(this, key, text) } }",
    ] {
        let (pages, candor, browser) = stage().await?;
        let endpoint = Endpoint::start(Reply::Status(503)).await?;
        let tag = candor.tag(&format!("data-survey=\"nps\" data-endpoint=\"{}\"", endpoint.url()));
        load(&browser, &pages, page("", &tag)).await?;
        browser.choose(9).await?;
        browser.until("the failure", "journey.events.some(e => e.code === 'undelivered')").await?;
        // The rating's copy is made after the click, and a page that is left at once may not make it.
        let copied = "return (async () => { for (;;) {
            while (!(await indexedDB.databases()).some(({ name }) => name == 'candor')) await new Promise(r => setTimeout(r, 20));
            const database = await new Promise(done => {
                const opening = indexedDB.open('candor'); opening.onsuccess = () => done(opening.result) });
            const texts = await new Promise(done => {
                const reading = database.transaction('out').objectStore('out').getAll();
                reading.onsuccess = () => done(reading.result) });
            database.close();
            if (texts.some(text => text.includes('\"rating\":9'))) return;
            await new Promise(done => setTimeout(done, 20)) } })()";
        browser.run(copied, &[]).await?;
        browser.goto(&pages.url("/elsewhere")).await?;
        // As after a kill: the copy alone is left.
        browser.run("localStorage.clear()", &[]).await?;
        endpoint.set(Reply::Status(204));
        let before = endpoint.bodies().len();
        pages.set("/", Page::new(page(&format!("<script>{refused}</script>"), &tag)));
        browser.goto(&pages.url("/")).await?;
        let sent = "journey.events.some(e => e.type === 'sent' && e.revision === 2)";
        browser.until("the receipt", sent).await.with_context(|| refused.to_owned())?;
        let again = endpoint.bodies().split_off(before);
        let nines = again.iter().filter(|body| body["answers"][0]["rating"] == 9).count();
        assert_eq!(nines, 1, "{refused}: {again:?}");
        // Or the next page would send it once more.
        let gone = "return (async () => { while ((await indexedDB.databases()).some(({ name }) => name == 'candor')) await new Promise(r => setTimeout(r, 20)) })()";
        browser.run(gone, &[]).await.with_context(|| refused.to_owned())?;
        assert_eq!(browser.eval("journey.errors").await?, json!([]), "{refused}");
    }
    Ok(())
}

#[tokio::test]
async fn values_that_make_no_sense_cost_no_survey() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(
        &browser,
        &pages,
        page("", &candor.tag("data-survey=\"nps\" data-trigger=\"manual\" data-quiet=\"0\"")),
    )
    .await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    for call in [
        "candor('show', 'nps', {touchpoint: null})",
        "candor('show', 'nps', {context: {a: Symbol(), b: Object.create(null), c: () => {}}})",
        "candor('set', {plan: Object.create(null)}), candor('show', 'nps')",
        "candor('identify', Symbol(), {a: Symbol()}), candor('show', 'nps', {product: Symbol()})",
    ] {
        browser.run(&format!("{call}, 0"), &[]).await?;
        browser.prompt().await.with_context(|| call.to_owned())?;
        browser.run("candor('close')", &[]).await?;
        browser.gone().await?;
        browser.pass(1_100).await?;
    }
    let errors = browser.events("error").await?;
    ensure!(errors.iter().all(|error| error["code"] == "config"), "{errors:?}");
    browser.run("candor('show', 'nps', {touchpont: 'x'})", &[]).await?;
    browser.prompt().await?;
    let told = browser.events("error").await?;
    let told = told.last().context("nothing is told")?["message"].clone();
    assert_eq!(told, "option touchpont is not known: did you mean option touchpoint?");
    Ok(())
}

#[tokio::test]
async fn the_console_is_written_to_by_those_alone_who_ask_for_it() -> Result<()> {
    for (debug, writes) in [("false", false), ("no", false), ("true", true), ("", true)] {
        let (pages, candor, browser) = stage().await?;
        let trigger = "load idle=-1 device=phone sample=abc delay=abc scroll=abc until=soon";
        let tag =
            candor.tag(&format!("data-survey=\"nps\" data-trigger=\"{trigger}\" data-debug=\"{debug}\""));
        let counted = "<script>window.written = 0; for (const name of Object.keys(console)) console[name] = () => written++</script>";
        load(&browser, &pages, page(counted, &tag)).await?;
        browser.until("the loader", "window.candor && candor.version").await?;
        browser.pass(800).await?;
        assert_eq!(browser.eval("written > 0").await?, writes, "{debug}");
        if writes {
            let errors = browser.events("error").await?;
            for word in trigger.split(' ').skip(1) {
                let is_told = errors
                    .iter()
                    .any(|error| error["message"].as_str().is_some_and(|told| told.starts_with(word)));
                ensure!(is_told, "{word}: {errors:?}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_copied_brings_the_survey_along_and_one_without_the_tag_is_told() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(&browser, &pages, page("", &candor.tag("data-survey=\"nps\""))).await?;
    browser.choose(9).await?;
    browser.write_comment("as it was").await?;
    let copy = "const copy = document.body.cloneNode(true); copy.querySelectorAll('candor-survey').forEach(host => host.remove());
        document.body.replaceWith(copy)";
    browser.run(copy, &[]).await?;
    browser.until("the survey", "document.querySelector('candor-survey')?.matches(':popover-open')").await?;
    assert_eq!(browser.widget("$('textarea').value").await?, "as it was");
    browser.run("document.body.replaceChildren('nothing')", &[]).await?;
    let told = "candor('debug').map(state => state.because).join().includes('waits for its place, which is gone from the page')";
    browser.until("the truth", told).await.map(drop)
}

#[tokio::test]
async fn what_two_tabs_write_is_there_once() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let endpoint = Endpoint::start(Reply::Status(503)).await?;
    let tag =
        candor.tag(&format!("data-survey=\"nps\" data-quiet=\"0\" data-endpoint=\"{}\"", endpoint.url()));
    load(&browser, &pages, page("", &tag)).await?;
    browser.choose(9).await?;
    browser.write_comment("one").await?;
    let first = browser.client().window().await?;
    let other = browser.client().new_window(true).await?;
    browser.client().switch_to_window(other.handle.clone()).await?;
    browser.goto(&pages.url("/")).await?;
    browser.choose(9).await?;
    browser.write_comment("two").await?;
    browser.client().switch_to_window(first).await?;
    browser.write_comment(" more").await?;
    browser.send().await?;
    browser.client().switch_to_window(other.handle).await?;
    browser.write_comment("!").await?;
    browser.send().await?;
    endpoint.set(Reply::Status(204));
    let both = |body: &Value| {
        let text = body["answers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|answer| answer["text"].as_str())
            .next_back();
        text.is_some_and(|text| text.contains("one more") && text.contains("two!"))
    };
    let sent = endpoint.received("both texts", both).await?;
    let text = sent["answers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|answer| answer["text"].as_str())
        .next_back();
    let mut lines: Vec<_> = text.unwrap_or_default().split('\n').collect();
    lines.sort_unstable();
    assert_eq!(lines, ["one more", "two!"]);
    Ok(())
}

#[tokio::test]
async fn a_sandboxed_page_hears_of_no_failure_that_nobody_made() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let page = Page::new(page("", &candor.tag("data-survey=\"nps\"")))
        .header("content-security-policy", "sandbox allow-scripts");
    pages.set("/", page);
    browser.goto(&pages.url("/")).await?;
    browser.choose(9).await?;
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision === 2)").await?;
    browser.pass(500).await?;
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    Ok(())
}

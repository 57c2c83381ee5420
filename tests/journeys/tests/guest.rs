//! A good guest: what the page notices of the widget is the prompt, and nothing else.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Context, Result, ensure};
use candor_journeys::{Browser, CODE_OF_OUTBOX, Candor, Page, Pages, word};
use serde_json::{Value, json};

// Only Chromium counts what a page holds, slows the network down and gives media to an open browser.
candor_journeys::also_in_firefox! {
    opening_and_closing_leave_the_focus_where_it_was,
    the_page_keeps_its_globals_its_styles_its_history_and_a_silent_console,
    a_strict_policy_with_trusted_types_is_never_violated,
    a_policy_that_refuses_wasm_leaves_the_page_untouched_and_one_event_says_why,
    a_page_with_hostile_styles_does_not_reach_into_the_prompt,
    consent_that_is_withdrawn_in_the_task_of_an_answer_withdraws_it,
    a_framework_that_draws_another_view_on_an_answer_takes_the_survey_but_not_the_answer,
}

/// Origins and a page that asks NPS as soon as it is loaded.
async fn asking(attributes: &str) -> Result<(Pages, Candor, Browser)> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    pages.set(
        "/",
        Page::with_body(&candor.tag(&format!("data-survey=\"nps\" data-product=\"Acme\" {attributes}"))),
    );
    Ok((pages, candor, Browser::open().await?))
}

/// From the scale to the thanks and away, through every view.
async fn answer_and_close(browser: &Browser) -> Result<()> {
    browser.choose(9).await?;
    browser.write_comment("all is well").await?;
    browser.send().await?;
    let thanks = json!(word("en", "thanks")?);
    browser.widget_until("the thanks", &format!("root.textContent.includes({thanks})")).await?;
    browser.until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision >= 3)").await?;
    browser.click_button(&word("en", "close")?).await?;
    browser.gone().await
}

/// What was requested before the module: a request that comes late still comes before it.
async fn requested_before_the_module(browser: &Browser, start: &str) -> Result<Vec<String>> {
    browser.until("the loader", "typeof candor === 'function' && !candor.q").await?;
    ensure!(browser.widget("!host").await? == true, "nothing is due yet");
    browser.run(start, &[]).await?;
    browser.prompt().await?;
    let all = browser.requested().await?;
    let before = all.iter().take_while(|url| !url.ends_with("/element.js") && !url.ends_with("/candor.wasm"));
    Ok(before.cloned().collect())
}

#[tokio::test]
async fn a_page_on_which_no_survey_is_due_loads_the_loader_and_nothing_else() -> Result<()> {
    let (pages, candor, browser) = asking("data-trigger=\"event=done\"").await?;
    browser.requested().await?;
    browser.goto(&pages.url("/")).await?;
    let requested = requested_before_the_module(&browser, "candor('event', 'done')").await?;
    assert_eq!(requested, [pages.url("/"), candor.url("/candor.js")]);
    Ok(())
}

#[tokio::test]
async fn a_page_of_a_site_on_which_no_survey_is_due_loads_the_loader_and_the_list() -> Result<()> {
    let pages = Pages::start().await?;
    let source = "site = \"quiet\"\norigins = [\"*\"]\n\n[[survey]]\nid = \"quiet-nps\"\nversion = 1\nmetric = \"nps\"\n\n\
                  [survey.options]\ntrigger = \"event=done\"\n";
    let candor = Candor::with_sites(&[("quiet.toml", source)])?;
    pages.set("/", Page::with_body(&candor.tag("data-site=\"quiet\"")));
    let browser = Browser::open().await?;
    browser.requested().await?;
    browser.goto(&pages.url("/")).await?;
    // The event may come before the list: the survey that it starts is found all the same.
    let requested = requested_before_the_module(&browser, "candor('event', 'done')").await?;
    assert_eq!(
        requested,
        [
            pages.url("/"),
            candor.url("/candor.js"),
            candor.url("/v1/sites/quiet?can=choice,pages,rules,scale,more")
        ]
    );
    Ok(())
}

#[tokio::test]
async fn opening_and_closing_leave_the_focus_where_it_was() -> Result<()> {
    let (pages, _candor, browser) = asking("data-trigger=\"event=done\"").await?;
    browser.goto(&pages.url("/")).await?;
    browser.until("the loader", "typeof candor === 'function' && !candor.q").await?;
    browser
        .run(
            "journey.focus = []; for (const type of ['blur', 'focus', 'focusin', 'focusout'])
                addEventListener(type, e => journey.focus.push(type), true);
            document.querySelector('#button').focus(); journey.focus.length = 0; candor('event', 'done')",
            &[],
        )
        .await?;
    browser.prompt().await?;
    assert_eq!(browser.eval("document.activeElement.id").await?, "button");
    assert_eq!(browser.eval("journey.focus").await?, json!([]), "not even for a moment");
    browser.run("candor('close')", &[]).await?;
    browser.gone().await?;
    assert_eq!(browser.eval("document.activeElement.id").await?, "button");
    assert_eq!(browser.eval("journey.focus").await?, json!([]));
    Ok(())
}

#[tokio::test]
async fn the_page_keeps_its_globals_its_styles_its_history_and_a_silent_console() -> Result<()> {
    let state = "{globals: Object.getOwnPropertyNames(window), history: history.length, cookie: document.cookie,
        sheets: document.styleSheets.length + document.adoptedStyleSheets.length, head: document.head.innerHTML,
        html: document.documentElement.getAttributeNames(), body: document.body.getAttributeNames(),
        scroll: [scrollX, scrollY], url: location.href,
        patched: [fetch, Element.prototype.attachShadow, Array.prototype.at].every(f => String(f).includes('[native code]'))}";
    let (pages, candor, browser) = asking("data-trigger=\"event=done\"").await?;
    let tag = candor.tag("data-survey=\"nps\" data-product=\"Acme\" data-trigger=\"event=done\"");
    pages.set("/", Page::with_body(&format!("<script>journey.before = {state}</script>{tag}")));
    // The first page of a Firefox loses an entry of its history while it is loaded.
    browser.goto(&pages.url("/elsewhere")).await?;
    browser.goto(&pages.url("/")).await?;
    browser.until("the loader", "typeof candor === 'function' && !candor.q").await?;
    browser.run("candor('event', 'done')", &[]).await?;
    browser.prompt().await?;
    let children = browser.eval("[...document.body.children].map(e => e.localName)").await?;
    assert_eq!(children, json!(["main", "script", "script", "candor-survey"]), "one element joins the page");
    answer_and_close(&browser).await?;

    let (mut before, mut after) = (browser.eval("journey.before").await?, browser.eval(state).await?);
    let (old, new) = (before["globals"].take(), after["globals"].take());
    assert_eq!(after, before);
    let mut old = old.as_array().cloned().unwrap_or_default();
    // chromedriver's own, left behind by each script that a test runs.
    old.push(json!("ret_nodes"));
    let added: Vec<Value> =
        new.as_array().into_iter().flatten().filter(|name| !old.contains(name)).cloned().collect();
    assert_eq!(added, [json!("candor")]);
    assert_eq!(
        browser.eval("!document.querySelector('candor-survey')").await?,
        true,
        "and it leaves the page"
    );
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    assert_eq!(browser.console().await?, Vec::<Value>::new(), "nothing in the console");
    Ok(())
}

/// A page of its own strictness, with the tag in its body, on three origins.
async fn strict(script_src: &str) -> Result<(Pages, Candor, Candor, Browser)> {
    let (pages, widget, endpoint) = (Pages::start().await?, Candor::start()?, Candor::start()?);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-c2VjcmV0' {script_src}; style-src 'self'; \
         require-trusted-types-for 'script'; connect-src {} {}",
        widget.origin(),
        endpoint.origin()
    );
    let attributes = format!(
        "nonce=\"c2VjcmV0\" data-survey=\"nps\" data-product=\"Acme\" data-endpoint=\"{}\"",
        endpoint.endpoint()
    );
    pages.set("/", Page::with_body(&widget.tag(&attributes)).header("content-security-policy", &policy));
    Ok((pages, widget, endpoint, Browser::open().await?))
}

#[tokio::test]
async fn a_strict_policy_with_trusted_types_is_never_violated() -> Result<()> {
    let (pages, _widget, endpoint, browser) = strict("'wasm-unsafe-eval'").await?;
    browser.goto(&pages.url("/")).await?;
    answer_and_close(&browser).await?;
    endpoint.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;
    assert_eq!(browser.eval("journey.violations").await?, json!([]));
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    assert_eq!(browser.events("error").await?, Vec::<Value>::new());
    assert_eq!(browser.console().await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn a_policy_that_refuses_wasm_leaves_the_page_untouched_and_one_event_says_why() -> Result<()> {
    let (pages, _widget, _endpoint, browser) = strict("").await?;
    let watch = "addEventListener('DOMContentLoaded', () => {
        journey.body = document.body.innerHTML; journey.changes = 0;
        new MutationObserver(list => journey.changes += list.length).observe(document, {subtree: true, childList: true, attributes: true});
    })";
    browser.before_every_page(watch).await?;
    browser.requested().await?;
    browser.goto(&pages.url("/")).await?;
    browser.until("the event", "journey.events.length > 0").await?;
    // Asked again by the page, it stays at that one.
    browser.run("candor('show', 'nps'); candor('event', 'anything')", &[]).await?;
    browser.run_async("requestIdleCallback(() => setTimeout(arguments[0]))").await?;
    let errors = browser.events("error").await?;
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["code"], "wasm", "{errors:?}");
    assert_eq!(browser.eval("journey.events.length").await?, 1);
    assert_eq!(browser.eval("journey.changes").await?, 0, "the page is as it was");
    assert_eq!(browser.eval("document.body.innerHTML === journey.body").await?, true);
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    let requested = browser.requested().await?;
    assert!(
        !requested.iter().any(|url| url.ends_with(".wasm")),
        "nothing is downloaded that cannot run: {requested:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_page_with_hostile_styles_does_not_reach_into_the_prompt() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    pages.rewrite("src=\"/candor.js\"", &format!("src=\"{}\"", candor.url("/candor.js")));
    // The demo's page, and one of no style with the same tag.
    let tag = candor.tag("data-survey=\"nps\" data-product=\"Fernway\" data-quiet=\"0\" data-test");
    pages.set("/plain.html", Page::with_body(&tag));
    let browser = Browser::open().await?;
    let look = "[host, ...root.querySelectorAll('*')].map(e => { const s = getComputedStyle(e), r = e.getBoundingClientRect();
        const of = e === host ? ['display', 'visibility', 'opacity', 'position', 'transform', 'overflow'] : ['color',
            'fontFamily', 'fontSize', 'fontWeight', 'textTransform', 'textAlign', 'lineHeight', 'letterSpacing', 'borderTopWidth',
            'borderTopColor', 'display', 'visibility', 'opacity', 'animationName', 'cursor', 'backgroundColor'];
        return [e.localName, Math.round(r.width), Math.round(r.height), ...of.map(p => s[p])].join(' ') })";
    let mut looks = Vec::new();
    for path in ["/plain.html", "/hostile.html"] {
        browser.goto(&pages.url(path)).await?;
        browser.choose(6).await?;
        browser.widget_until("the follow-up", "$('textarea') && seen($('textarea'))").await?;
        browser.hover_at(1.0, 1.0).await?;
        looks.push(browser.widget(look).await?);
    }
    browser.screenshot("hostile").await?;
    let (plain, hostile) = (looks[0].as_array().cloned(), looks[1].as_array().cloned());
    let differ: Vec<_> =
        plain.into_iter().flatten().zip(hostile.into_iter().flatten()).filter(|(a, b)| a != b).collect();
    assert_eq!(differ, []);
    assert_eq!(looks[0].as_array().map(Vec::len), looks[1].as_array().map(Vec::len));
    Ok(())
}

/// What the page has of the browser, once all garbage is collected: nodes, listeners, bytes of JavaScript, bytes of Wasm.
async fn held(browser: &Browser) -> Result<[f64; 4]> {
    // What is on its way to the server holds its survey.
    browser.until("nothing unsent", &format!("{CODE_OF_OUTBOX}.length === 0")).await?;
    let copy = "const done = arguments[0], look = () => indexedDB.databases()
        .then(all => all.length ? setTimeout(look, 50) : done()); look()";
    browser.run_async(copy).await?;
    browser.cdp("Performance.enable", json!({})).await?;
    browser.cdp("HeapProfiler.enable", json!({})).await?;
    for _ in 0..3 {
        browser.pass(200).await?;
        browser.cdp("HeapProfiler.collectGarbage", json!({})).await?;
    }
    let evaluated =
        browser.cdp("Runtime.evaluate", json!({"expression": "WebAssembly.Memory.prototype"})).await?;
    let memories = json!({"prototypeObjectId": evaluated["result"]["objectId"]});
    let memories = browser.cdp("Runtime.queryObjects", memories).await?;
    let call = json!({
        "objectId": memories["objects"]["objectId"],
        "functionDeclaration": "function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0) }",
        "returnByValue": true,
    });
    let wasm = browser.cdp("Runtime.callFunctionOn", call).await?["result"]["value"].as_f64();
    let wasm = wasm.context("WebAssembly has no memory")?;
    let all = [
        browser.metric("Nodes").await?,
        browser.metric("JSEventListeners").await?,
        browser.metric("JSHeapUsedSize").await?,
        wasm,
    ];
    ensure!(all.iter().all(|number| *number > 0.0), "all are told: {all:?}");
    Ok(all)
}

#[tokio::test]
async fn six_hundred_surveys_that_come_and_go_leave_nothing_behind() -> Result<()> {
    let (pages, candor, browser) = asking("data-trigger=\"manual\"").await?;
    browser.goto(&pages.url("/")).await?;
    browser.until("the loader", "typeof candor === 'function' && !candor.q").await?;
    browser.run("candor('show', 'nps')", &[]).await?;
    browser.prompt().await?;
    browser.run("candor('close')", &[]).await?;
    // Twenty at a time. Of each four one is answered and closed, one unmounted, one taken out of the page, and one taken away
    // while it is loading. Most are out of sight, so that they are never seen.
    let come_and_go = r"
        const url = performance.getEntriesByType('resource').map(e => e.name).find(n => n.endsWith('element.js'));
        const { createHost, mount } = await (await import(url)).start('');
        const until = async (holds) => { while (!holds()) await new Promise(r => setTimeout(r, 5)); };
        for (let round = 0; round < rounds; round++) {
            const all = Array.from({ length: 20 }, () => {
                const host = createHost();
                document.body.append(host);
                return [host, mount(host, { survey: 'nps', endpoint, display: 'inline', langs: ['en'], quiet: 0 })];
            });
            for (let i = 3; i < 20; i += 4) all[i][0].remove();
            const whole = ([host], i) => i % 4 == 3 || host.shadowRoot.querySelector('textarea');
            await until(() => all.every(whole));
            all.forEach(([host, handle], i) => {
                if (i % 4 == 0) host.shadowRoot.querySelector('[value=\'9\']').click(), handle.close();
                if (i % 4 == 1) handle.unmount();
                host.remove();
            });
        }";
    let run = async |rounds: u32| {
        let given = format!("const rounds = {rounds}, endpoint = {};", json!(candor.endpoint()));
        let done = "arguments[arguments.length - 1]";
        let code = format!(
            "const done = {done}; (async () => {{ {given} {come_and_go} }})().then(() => done(''), e => done(String(e)))"
        );
        browser.run_async(&code).await
    };
    // How many are there at the same time varies, and with it the memory that is ever needed; what leaks grows every time.
    let mut before = [0.0; 4];
    let mut grown = Vec::new();
    for _ in 0..4 {
        assert_eq!(run(30).await?, "");
        let after = held(&browser).await?;
        grown.push([0, 1, 2, 3].map(|i| after[i] - before[i]));
        before = after;
    }
    let flat = |[nodes, listeners, heap, wasm]: &[f64; 4]| {
        *nodes <= 5.0 && *listeners <= 2.0 && *heap < 50_000.0 && *wasm <= 0.0
    };
    assert!(grown.iter().any(flat), "nodes, listeners, heap and Wasm more after each 600: {grown:?}");
    Ok(())
}

#[tokio::test]
async fn a_page_that_draws_no_frame_and_yields_no_task_still_asks_and_stores() -> Result<()> {
    let (pages, candor, browser) = asking("").await?;
    // As in a tab that nobody looks at, and as in browsers without these.
    browser.before_every_page("requestAnimationFrame = () => 0; delete window.scheduler").await?;
    browser.media(&[("prefers-reduced-motion", "reduce")]).await?;
    browser.goto(&pages.url("/")).await?;
    answer_and_close(&browser).await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await
}

#[tokio::test]
async fn an_xhtml_page_asks_and_keeps_the_focus_through_every_redraw() -> Result<()> {
    let (pages, candor, browser) = asking("").await?;
    let tag = candor.tag("data-survey=\"nps\"").replace(" async ", " async=\"\" ");
    let xhtml = format!(
        "<html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>Host</title></head><body><p>Host</p>{tag}</body></html>"
    );
    pages.set("/", Page::new(xhtml).header("content-type", "application/xhtml+xml"));
    browser.goto(&pages.url("/")).await?;
    assert_eq!(browser.eval("document.createElement('p').tagName").await?, "p");
    browser.choose(3).await?;
    browser.click("$('textarea')").await?;
    browser.widget("radios.find(radio => radio.value === '10').click()").await?;
    assert_eq!(browser.widget("root.activeElement === $('textarea')").await?, true);
    browser.type_text("all is well").await?;
    browser.send().await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).await
}

#[tokio::test]
async fn a_tab_that_is_left_while_the_survey_starts_has_it_when_its_reader_is_back() -> Result<()> {
    let (pages, candor, browser) = asking("data-trigger=\"event=done\"").await?;
    browser.goto(&pages.url("/")).await?;
    browser.until("the loader", "typeof candor === 'function' && !candor.q").await?;
    // So that the module comes once the tab is left.
    let slow = json!({"offline": false, "latency": 2000, "downloadThroughput": -1, "uploadThroughput": -1});
    browser.cdp("Network.enable", json!({})).await?;
    browser.cdp("Network.emulateNetworkConditions", slow).await?;
    let whole = "!!document.querySelector('candor-survey')?.shadowRoot.querySelector('textarea')";
    let leave = format!(
        "addEventListener('visibilitychange', () => window.left ??= [document.hidden, {whole}]); candor('event', 'done')"
    );
    browser.run(&leave, &[]).await?;
    let tab = browser.client().window().await?;
    let other = browser.client().new_window(true).await?;
    browser.client().switch_to_window(other.handle).await?;
    browser.goto(&pages.url("/elsewhere")).await?;
    browser.pass(6000).await?;
    browser.client().close_window().await?;
    browser.client().switch_to_window(tab).await?;
    let whole_then = browser.eval(whole).await?;
    browser.cdp("Network.disable", json!({})).await?;
    assert_eq!(browser.eval("window.left").await?, json!([true, false]), "it was left while it started");
    assert_eq!(whole_then, true, "it went on meanwhile");
    answer_and_close(&browser).await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await
}

#[tokio::test]
async fn a_popover_that_is_moved_is_seen_again() -> Result<()> {
    let (pages, candor, browser) = asking("").await?;
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    browser.widget("(document.querySelector('main').append(host), 0)").await?;
    answer_and_close(&browser).await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await
}

#[tokio::test]
async fn a_page_whose_tasks_never_turn_still_asks_and_stores() -> Result<()> {
    for broken in [
        "scheduler.yield = () => { throw 1 }",
        "scheduler.yield = () => new Promise(() => {})",
        "delete window.scheduler; window.MessageChannel = 0",
    ] {
        let (pages, candor, browser) = asking("").await?;
        browser.before_every_page(broken).await?;
        browser.goto(&pages.url("/")).await?;
        answer_and_close(&browser).await?;
        candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn consent_that_is_withdrawn_in_the_task_of_an_answer_withdraws_it() -> Result<()> {
    let (pages, candor, browser) = asking("").await?;
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    browser
        .until("the impression", "journey.events.some(e => e.type === 'sent' || e.type === 'shown')")
        .await?;
    browser.widget("(radios[9].click(), candor('consent', false), 0)").await?;
    browser.gone().await?;
    browser.pass(500).await?;
    assert_eq!(candor.counts("nps").await?, [0; 11]);
    Ok(())
}

#[tokio::test]
async fn a_framework_that_draws_another_view_on_an_answer_takes_the_survey_but_not_the_answer() -> Result<()>
{
    let (pages, candor, browser) =
        asking("data-display=\"inline\" data-target=\"main\" data-quiet=\"0\"").await?;
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    // It has its place there, and comes back into the next view; only the view after that is without it.
    let view = "addEventListener('candor:answered', () => {
        const draw = () => document.querySelector('main').replaceChildren();
        draw(); setTimeout(draw, 100);
    })";
    browser.run(view, &[]).await?;
    browser.choose(9).await?;
    browser.gone().await?;
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;

    browser.run("candor('show', 'nps')", &[]).await?;
    browser.prompt().await?;
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    assert_eq!(browser.events("error").await?, Vec::<Value>::new());
    Ok(())
}

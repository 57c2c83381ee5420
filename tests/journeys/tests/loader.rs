//! When a survey is shown, and when it is not: the tag, its triggers, its commands, and where the module comes from.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Context, Result};
use candor_journeys::{Browser, CODE_OF_OUTBOX, Candor, Endpoint, Page, Pages, Reply, http};
use candor_survey::options::{CONDITIONS, STARTS};
use http::{HeaderMap, Method, Response, Server, StatusCode};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

candor_journeys::also_in_firefox! {
    what_keeps_a_survey_back_is_said_in_words,
    before_consent_nothing_is_stored_sent_or_shown_and_a_withdrawal_clears,
    an_inline_survey_follows_its_tag_and_speaks_the_language_above_it,
    until_a_sites_prompt_shows_each_file_is_fetched_once_and_no_other,
    a_module_that_was_changed_on_its_way_does_not_run,
    a_module_that_could_not_be_had_is_asked_for_again_at_the_next_start_and_not_before,
}

/// Nothing of a survey is in the page or on its way.
const NOTHING: &str =
    "!document.querySelector('candor-survey') && candor('debug').every(state => !state.due)";

/// A host, a server that knows only the presets, and a browser.
async fn stage() -> Result<(Pages, Candor, Browser)> {
    Ok((Pages::start().await?, Candor::start()?, Browser::open().await?))
}

/// Puts a page with this body at `/` and loads it with an empty storage.
async fn load(browser: &Browser, pages: &Pages, body: &str) -> Result<()> {
    pages.set("/", Page::with_body(body));
    browser.goto(&pages.url("/elsewhere")).await?;
    browser.run("localStorage.clear()", &[]).await?;
    browser.goto(&pages.url("/")).await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    Ok(())
}

/// Why this survey is not shown.
async fn because(browser: &Browser, survey: &str) -> Result<String> {
    let script = "return candor('debug').find(state => state.survey === arguments[0])";
    let state = browser.run(script, &[json!(survey)]).await?;
    assert_eq!(state["due"], false, "{state}");
    Ok(state["because"].as_str().unwrap_or_default().into())
}

#[tokio::test]
async fn each_trigger_starts_its_survey_and_not_before() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let far = "<div style=\"height: 3000px\"></div><p id=\"far\">far</p>";
    let acts = [
        ("event=bought", "candor('event', 'sold'); candor('event', 'bought')"),
        ("click=#button", "document.querySelector('#button').click()"),
        ("scroll=50", "scrollTo(0, 2500)"),
        ("selector=#far", "scrollTo(0, 9000)"),
        ("exit", "document.body.dispatchEvent(new MouseEvent('mouseout', {bubbles: true, clientY: -1}))"),
        ("manual", "candor('show', 'nps')"),
        ("event=never click=#button", "document.querySelector('#button').click()"),
    ];
    let alone = ["", "load", "idle=0.3", "delay=0.3", "sample=1 url=/*"];
    let told = acts.iter().map(|(trigger, _)| *trigger).chain(alone).collect::<Vec<_>>().join(" ");
    let told: Vec<_> = told.split([' ', '=']).collect();
    for start in STARTS {
        assert!(told.contains(&start.name), "{} is not told", start.name);
    }
    for (trigger, act) in acts {
        let tag = candor.tag(&format!("data-survey=\"nps\" data-trigger=\"{trigger}\""));
        load(&browser, &pages, &format!("{tag}{far}")).await?;
        let waits = format!("waits for {}", trigger.replace(' ', " or "));
        assert_eq!(because(&browser, "nps").await?, waits);
        assert_eq!(browser.eval(NOTHING).await?, true, "{trigger}");
        browser.run(act, &[]).await?;
        browser.prompt().await.with_context(|| trigger.to_owned())?;
    }
    for trigger in alone {
        load(&browser, &pages, &candor.tag(&format!("data-survey=\"nps\" data-trigger=\"{trigger}\"")))
            .await?;
        browser.prompt().await.with_context(|| trigger.to_owned())?;
    }
    Ok(())
}

#[tokio::test]
async fn a_survey_that_is_started_while_it_is_open_is_not_asked_again() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(&browser, &pages, &candor.tag("data-survey=\"nps\" data-trigger=\"manual\"")).await?;
    let show = "candor('show', 'nps', {quiet: 0})";
    browser.run(&format!("{show}; {show}"), &[]).await?;
    browser.until("the event", "journey.events.some(e => e.type === 'shown')").await?;
    browser.run(&format!("{show}; candor('close')"), &[]).await?;
    browser.gone().await?;
    // The next survey follows after a second.
    browser.pass(1_500).await?;
    assert_eq!(browser.events("shown").await?.len(), 1);
    browser.run(show, &[]).await?;
    browser.prompt().await
}

#[tokio::test]
async fn an_element_that_scrolls_is_not_the_page() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let inner =
        "<div id=\"inner\" style=\"height: 99px; overflow: auto\"><p style=\"height: 999px\">far</p></div>";
    for (page, scroll, shown) in [
        ("", "document.querySelector('#inner').scrollTop = 900", false),
        ("<p style=\"height: 3000px\">long</p>", "document.querySelector('#inner').scrollTop = 900", false),
        ("<p style=\"width: 3000px\">wide</p>", "scrollTo(1000, 0)", false),
        ("<p style=\"height: 3000px\">long</p>", "scrollTo(0, 2500)", true),
    ] {
        let tag = candor.tag("data-survey=\"nps\" data-trigger=\"scroll=50\"");
        load(&browser, &pages, &format!("{tag}{inner}{page}")).await?;
        browser.run(&format!("journey.scrolled = 0; addEventListener('scroll', () => journey.scrolled++, true); {scroll}"), &[]).await?;
        browser.until("the scrolling", "journey.scrolled").await?;
        if shown {
            browser.prompt().await?;
        } else {
            assert_eq!(because(&browser, "nps").await?, "waits for scroll=50", "{page} {scroll}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_keeps_a_survey_back_is_said_in_words() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let conditions =
        "url=/thanks* device=mobile attr:plan=pro from=2999-01-01 until=2020-01-01 sample=0 sometimes";
    // A delay is a wait.
    for condition in CONDITIONS.iter().filter(|condition| condition.name != "delay") {
        let is_told = conditions.split(' ').any(|told| told.split(['=', ':']).next() == Some(condition.name));
        assert!(is_told, "{} is not told", condition.name);
    }
    let tag = candor.tag(&format!("data-survey=\"nps\" data-once=\"k\" data-trigger=\"{conditions}\""));
    let lost = candor.tag("data-survey=\"ces\" data-display=\"inline\" data-target=\"#[\"");
    load(&browser, &pages, &format!("{tag}{lost}")).await?;
    let needs: Vec<_> = conditions.split(' ').map(|condition| format!("needs {condition}")).collect();
    assert_eq!(because(&browser, "nps").await?, needs.join("; "));
    assert_eq!(because(&browser, "ces").await?, "no element matches #[");

    // A quiet period and a key are left by an earlier page.
    browser
        .run("Object.assign(localStorage, {'candor:quiet': Date.now() + 9e4, 'candor:once:nps:k': 1})", &[])
        .await?;
    let said = because(&browser, "nps").await?;
    assert!(said.contains("; quiet until ") && said.ends_with("; was shown for k"), "{said}");
    browser.until("the word that nobody knows", "journey.events.length > 0").await?;
    let told: Vec<_> = browser.events("error").await?.iter().map(|error| error["message"].clone()).collect();
    assert_eq!(told, ["trigger: sometimes is not known"]);
    Ok(())
}

#[tokio::test]
async fn a_survey_that_failed_is_not_said_to_have_been_shown() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(&browser, &pages, &candor.tag("data-survey=\"no-such-survey\"")).await?;
    browser.until("the error", "journey.events.some(e => e.code === 'definition')").await?;
    browser.gone().await?;
    let said = because(&browser, "no-such-survey").await?;
    assert!(
        said.contains(
            "/v1/surveys/no-such-survey?locale=en,en-US&can=choice,pages,rules,scale,more: status 404: "
        ),
        "{said}"
    );
    assert_eq!(browser.events("shown").await?, [] as [Value; 0]);
    Ok(())
}

#[tokio::test]
async fn a_place_that_is_missing_for_a_while_gets_its_survey_later() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let tag = candor.tag(
        "data-survey=\"nps\" data-display=\"inline\" data-target=\"#place\" data-trigger=\"event=ready\"",
    );
    load(&browser, &pages, &format!("{tag}<div id=\"place\"></div>")).await?;
    // The place goes while the module is on its way.
    browser
        .run("candor('event', 'ready'); journey.place = document.querySelector('#place'); journey.place.remove()", &[])
        .await?;
    browser.until("the reason", "candor('debug')[0].because === 'no element matches #place'").await?;
    browser.run("document.body.append(journey.place); candor('set', {})", &[]).await?;
    browser.prompt().await
}

#[tokio::test]
async fn what_a_page_says_later_is_looked_at_again() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let tag = candor.tag("data-survey=\"nps\" data-trigger=\"event=bought url=/thanks/* attr:plan=pro\"");
    load(&browser, &pages, &tag).await?;
    browser.run("candor('event', 'bought'); candor('set', {plan: 'free'})", &[]).await?;
    assert_eq!(because(&browser, "nps").await?, "needs url=/thanks/*; needs attr:plan=pro");
    browser.run("history.pushState(null, '', '/thanks/42'); candor('event', 'moved')", &[]).await?;
    assert_eq!(because(&browser, "nps").await?, "needs attr:plan=pro");
    browser.run("candor('identify', 'u-77', {plan: 'pro'})", &[]).await?;
    browser.prompt().await
}

#[tokio::test]
async fn what_a_page_says_of_respondent_and_event_goes_with_the_answer() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let endpoint = Endpoint::start(Reply::Status(204)).await?;
    let tag = candor.tag(&format!(
        "data-survey=\"nps\" data-trigger=\"event=bought\" data-identity=\"e.y.J\" data-endpoint=\"{}\"",
        endpoint.url()
    ));
    // Said before the script is there, as the stub allows.
    let said = "<script>window.candor=typeof candor=='function'?candor:function(){(candor.q=candor.q||[]).push(arguments)}
        candor('identify', 7, {plan: 'pro'}); candor('set', {seats: 3});
        candor('event', 'bought', {order_id: 1042, gift: null}, {touchpoint: 'checkout'})</script>";
    load(&browser, &pages, &format!("{said}{tag}")).await?;
    browser.choose(9).await?;
    let body = endpoint.received("the rating", |body| body["state"] == "partial").await?;
    assert_eq!(
        body["respondent"],
        json!({"id": "7", "token": "e.y.J", "attributes": {"plan": "pro", "seats": "3"}})
    );
    assert_eq!(body["context"], json!({"order_id": "1042"}));
    assert_eq!(body["touchpoint"], "checkout");
    assert_eq!(body["page"], pages.url("/"));
    Ok(())
}

#[tokio::test]
async fn a_quiet_period_holds_on_the_next_page_and_zero_asks_again() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(&browser, &pages, &candor.tag("data-survey=\"nps\"")).await?;
    browser.choose(9).await?;
    browser.run("candor('close')", &[]).await?;
    browser.gone().await?;
    browser.goto(&pages.url("/")).await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    assert!(because(&browser, "nps").await?.starts_with("quiet until "));
    browser.run("candor('show', 'csat', {quiet: 0})", &[]).await?;
    browser.prompt().await?;

    // "Don't ask again" outweighs it.
    browser.run("localStorage['candor:quiet'] = 8640000000000000", &[]).await?;
    browser.goto(&pages.url("/")).await?;
    browser.until("the loader", "window.candor && candor.version").await?;
    browser.run("candor('show', 'csat', {quiet: 0})", &[]).await?;
    assert!(because(&browser, "csat").await?.starts_with("quiet: never"));
    Ok(())
}

#[tokio::test]
async fn one_popover_is_open_at_a_time_and_the_next_follows() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let tags =
        ["nps", "csat"].map(|survey| candor.tag(&format!("data-survey=\"{survey}\" data-quiet=\"0\"")));
    let inline =
        candor.tag("data-survey=\"ces\" data-display=\"inline\" data-target=\"main\" data-quiet=\"0\"");
    load(&browser, &pages, &format!("{}{inline}", tags.concat())).await?;
    browser.until("both", "journey.events.filter(e => e.type === 'shown').length === 2").await?;
    let waiting = "candor('debug').filter(state => state.because === 'another is shown').length";
    assert_eq!(browser.eval(waiting).await?, 1);
    assert_eq!(browser.eval("document.querySelectorAll('main > candor-survey').length").await?, 1);
    browser
        .run("document.querySelectorAll('candor-survey[popover]').length === 1 && candor('close')", &[])
        .await?;
    browser.until("the third", "journey.events.filter(e => e.type === 'shown').length === 3").await?;
    Ok(())
}

#[tokio::test]
async fn before_consent_nothing_is_stored_sent_or_shown_and_a_withdrawal_clears() -> Result<()> {
    let pages = Pages::start().await?;
    let source = "site = \"careful\"\norigins = [\"*\"]\n\n[[survey]]\nid = \"careful-nps\"\nversion = 1\nmetric = \"nps\"\n\n\
                  [survey.options]\ntrigger = \"load sample=1\"\n";
    let candor = Candor::with_sites(&[("careful.toml", source)])?;
    let browser = Browser::open().await?;
    let tag = candor.tag("data-site=\"careful\" data-consent=\"required\"");
    load(&browser, &pages, &tag).await?;
    assert_eq!(because(&browser, "site careful").await?, "no consent");
    assert_eq!(browser.eval("Object.keys(localStorage)").await?, json!([]));
    let asked = browser.requested().await?.into_iter().filter(|url| url.starts_with(&candor.origin()));
    assert_eq!(asked.collect::<Vec<_>>(), [candor.url("/candor.js")]);

    browser.run("localStorage.mine = 1; candor('consent', true)", &[]).await?;
    browser.choose(3).await?;
    browser.run("candor('consent', false)", &[]).await?;
    assert_eq!(browser.eval("Object.keys(localStorage)").await?, json!(["mine"]));
    assert_eq!(browser.eval("document.querySelector('candor-survey')").await?, Value::Null);
    assert_eq!(browser.events("closed").await?, [] as [Value; 0]);
    Ok(())
}

#[tokio::test]
async fn consent_is_required_however_the_option_is_spelt() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    for option in
        ["data-consent", "data-consent=\"true\"", "data-consent=\"Required\"", "data-consent=\"requried\""]
    {
        load(&browser, &pages, &candor.tag(&format!("data-survey=\"nps\" {option}"))).await?;
        assert_eq!(because(&browser, "nps").await?, "no consent", "{option}");
        assert_eq!(browser.eval("Object.keys(localStorage)").await?, json!([]), "{option}");
        browser.run("candor('consent', true)", &[]).await?;
        browser.prompt().await?;
    }
    load(&browser, &pages, &candor.tag("data-survey=\"nps\" data-consent=\"false\"")).await?;
    browser.prompt().await
}

#[tokio::test]
async fn a_reset_removes_what_is_candors_and_nothing_else() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(&browser, &pages, &candor.tag("data-survey=\"nps\" data-trigger=\"sample=1\"")).await?;
    browser.choose(9).await?;
    assert_eq!(
        browser.eval("!!localStorage['candor:seed:nps'] && !!localStorage['candor:quiet']").await?,
        true
    );
    browser.run("localStorage.mine = 1; candor('reset')", &[]).await?;
    assert_eq!(browser.eval(CODE_OF_OUTBOX).await?, json!([]));
    // A fresh seed may be drawn at once, for whoever comes next.
    let kept = "Object.keys(localStorage).filter(key => key !== 'candor:seed:nps')";
    assert_eq!(browser.eval(kept).await?, json!(["mine"]));
    Ok(())
}

#[tokio::test]
async fn a_sample_stays_the_same_for_a_browser() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let tags: Vec<_> = (0..24)
        .map(|i| candor.tag(&format!("data-survey=\"s{i}\" data-trigger=\"manual sample=0.5\"")))
        .collect();
    load(&browser, &pages, &tags.concat()).await?;
    let drawn = "JSON.stringify(candor('debug').length === 24 && candor('debug').map(s => s.survey + s.because).sort())";
    browser.until("all tags", "candor('debug').length === 24").await?;
    let first = browser.eval(drawn).await?;
    let out = first.as_str().unwrap_or_default().matches("needs sample").count();
    assert!((2..=22).contains(&out), "{out} of 24 are out of a half");
    browser.reload().await?;
    browser.until("all tags", "window.candor && candor.version && candor('debug').length === 24").await?;
    assert_eq!(browser.eval(drawn).await?, first);
    Ok(())
}

#[tokio::test]
async fn an_inline_survey_follows_its_tag_and_speaks_the_language_above_it() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let tag = candor.tag("data-survey=\"nps\" data-display=\"inline\"");
    load(&browser, &pages, &format!("<section lang=\"th\">{tag}<p>after</p></section>")).await?;
    browser.prompt().await?;
    assert_eq!(
        browser.eval("document.querySelector('section > script + candor-survey + p') !== null").await?,
        true
    );
    let asked = candor_journeys::word("th", "nps-question-plain")?;
    assert_eq!(browser.widget(&format!("root.textContent.includes({})", json!(asked))).await?, true);
    browser.until("the event", "journey.events.some(e => e.type === 'shown')").await?;
    // A page that takes the host away may not have meant it; the second time it has. The next event may ask again.
    let take = "document.querySelector('candor-survey').remove()";
    browser.run(take, &[]).await?;
    browser.prompt().await?;
    browser.run(take, &[]).await?;
    browser
        .until("the event", "journey.events.some(e => e.type === 'closed' && e.reason === 'removed')")
        .await?;
    assert_eq!(because(&browser, "nps").await?, "was removed from the page");
    browser.gone().await
}

#[tokio::test]
async fn an_inline_survey_counts_as_shown_when_it_comes_into_view() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let endpoint = Endpoint::start(Reply::Status(204)).await?;
    let tag = candor.tag(&format!(
        "data-survey=\"nps\" data-display=\"inline\" data-once=\"k\" data-endpoint=\"{}\"",
        endpoint.url()
    ));
    load(&browser, &pages, &format!("<div style=\"height: 3000px\"></div>{tag}")).await?;
    browser.prompt().await?;
    browser.pass(300).await?;
    assert_eq!(browser.events("shown").await?, [] as [Value; 0]);
    assert_eq!(browser.eval("localStorage.length").await?, 0);
    assert_eq!(endpoint.bodies(), [] as [Value; 0]);
    browser.widget("(host.scrollIntoView(), 0)").await?;
    browser.until("the event", "journey.events.some(e => e.type === 'shown')").await?;
    let shown = endpoint.received("the impression", |body| body["state"] == "shown").await?;
    assert!(shown["age_ms"].as_u64().is_some_and(|age| age < 300), "{shown}");
    browser.run("scrollTo(0, 0)", &[]).await?;
    browser.widget("(host.scrollIntoView(), 0)").await?;
    browser.pass(100).await?;
    assert_eq!(browser.events("shown").await?.len(), 1);

    // Who never saw it has not dismissed it.
    load(&browser, &pages, &format!("<div style=\"height: 3000px\"></div>{tag}")).await?;
    browser.prompt().await?;
    browser.run("candor('close')", &[]).await?;
    browser.gone().await?;
    browser.pass(100).await?;
    assert_eq!(browser.eval("localStorage.length").await?, 0);
    assert_eq!(endpoint.posts().len(), 1, "{:?}", endpoint.bodies());
    Ok(())
}

#[tokio::test]
async fn the_language_is_the_tags_then_the_nearest_then_the_pages_then_the_browsers() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    browser
        .before_every_page("Object.defineProperty(navigator, 'languages', {get: () => ['zh-TW', 'en']})")
        .await?;
    // Of Klingon Candor has no words.
    for (own, nearest, html, expected) in [
        ("vi", "th", "fa", "vi"),
        ("tlh", "th", "fa", "th"),
        ("", "th", "fa", "th"),
        ("", "tlh", "fa", "fa"),
        ("tlh", "tlh", "ar", "ar"),
        ("tlh", "tlh", "tlh", "zh-Hant"),
    ] {
        let tag = candor.tag(&format!("data-survey=\"nps\" data-lang=\"{own}\""));
        pages.set("/", Page::in_language(html, &format!("<section lang=\"{nearest}\">{tag}</section>")));
        browser.goto(&pages.url("/")).await?;
        browser.prompt().await?;
        let spoken = browser.widget("$('[lang]').lang").await?;
        assert_eq!(spoken, expected, "data-lang={own}, nearest {nearest}, html {html}");
        browser.run("localStorage.clear()", &[]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_tag_manager_may_insert_the_tag_and_take_it_away() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let script = format!(
        "<script>const tag = document.createElement('script'); tag.src = '{}'; tag.dataset.survey = 'nps';
         tag.onload = () => tag.remove(); document.head.append(tag)</script>",
        candor.url("/candor.js")
    );
    load(&browser, &pages, &script).await?;
    browser.prompt().await
}

#[tokio::test]
async fn copies_of_the_loader_share_one_page() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let other = Candor::start()?;
    let pinned = other.tag("data-survey=\"csat\" data-trigger=\"event=done\" data-quiet=\"0\"");
    let pinned = pinned.replace("/candor.js", concat!("/candor-", env!("CARGO_PKG_VERSION"), ".js"));
    assert!(pinned.contains("candor-"), "{pinned}");
    let tag = candor.tag("data-survey=\"nps\" data-quiet=\"0\"");
    load(&browser, &pages, &format!("{tag}{pinned}")).await?;
    browser.choose(9).await?;
    browser.run("candor('close'); candor('event', 'done')", &[]).await?;
    browser.until("the other", "journey.events.some(e => e.type === 'shown' && e.survey === 'csat')").await?;
    browser.choose(5).await?;
    // Each to its own server.
    candor.counted("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;
    other.counted("csat", &[0, 0, 0, 0, 1]).await?;
    // Both tags are async: whichever comes first brings the module, all of it once.
    let mut modules = browser.requested().await?;
    modules.retain(|url| url.contains("/w/"));
    modules.sort();
    let [wasm, module] = &modules[..] else { anyhow::bail!("one module: {modules:?}") };
    assert!(wasm.ends_with("/candor.wasm") && module.ends_with("/element.js"), "{modules:?}");
    Ok(())
}

#[tokio::test]
async fn a_language_that_candor_lacks_is_spoken_in_the_words_of_the_site_or_of_the_page() -> Result<()> {
    let pages = Pages::start().await?;
    let source = "site = \"shop\"\norigins = [\"*\"]\n[words.he]\nclose = \"סגור\"\nnps-question = \"?\"\n\n\
        [themes.harvest]\nscheme = \"dark\"\nsurface = \"rgb(1, 2, 3)\"\n\n\
        [[survey]]\nid = \"visit\"\nversion = 1\nmetric = \"nps\"\noptions.theme = \"harvest\"\n";
    let candor = Candor::with_sites(&[("shop.toml", source)])?;
    let browser = Browser::open().await?;
    let said = "[$('.close').getAttribute('aria-label'), $('legend').textContent, $('.candor').lang, $('.candor').dir,
        getComputedStyle($('.card')).backgroundColor, getComputedStyle($('.candor')).colorScheme]";

    pages.set("/", Page::in_language("he", &candor.tag("data-site=\"shop\"")));
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    let site = json!(["סגור", "?", "he", "rtl", "rgb(1, 2, 3)", "dark"]);
    assert_eq!(browser.widget(said).await?, site);
    assert_eq!(browser.events("error").await?, [] as [Value; 0], "the server told what is missing");

    // Whatever the reader's browser speaks: a page's words are in its language.
    let words = "data-survey=\"nps\" data-quiet=\"0\" data-text-close=\"Zu\" data-text-nps-question=\"Wie?\" data-text-not-now=\"Nein\" \
        data-text-snet=\"x\"";
    pages.set("/german", Page::in_language("de", &candor.tag(words)));
    browser.goto(&pages.url("/german")).await?;
    browser.prompt().await?;
    browser.widget_until("all of it", "!!button('Nein')").await?;
    let [close, question, lang, dir] = ["Zu", "Wie?", "de", "ltr"];
    let page = browser.widget(said).await?;
    assert_eq!([&page[0], &page[1], &page[2], &page[3]], [close, question, lang, dir]);
    let told: Vec<_> = browser.events("error").await?.iter().map(|error| error["message"].clone()).collect();
    let [told] = &told[..] else { anyhow::bail!("{told:?}") };
    let told = told.as_str().unwrap_or_default();
    assert!(
        told.starts_with(
            "data-text-…: snet: not known, or no text. change, comment-hint, done, ends, followup, "
        ),
        "{told}"
    );
    assert!(told.ends_with(", thanks, too-long: English, for want of de."), "{told}");
    Ok(())
}

#[tokio::test]
async fn until_a_sites_prompt_shows_each_file_is_fetched_once_and_no_other() -> Result<()> {
    let pages = Pages::start().await?;
    let source = "site = \"plain\"\norigins = [\"*\"]\n\n[[survey]]\nid = \"plain-nps\"\nversion = 1\nmetric = \"nps\"\n";
    let candor = Candor::with_sites(&[("plain.toml", source)])?;
    let browser = Browser::open().await?;
    pages.set("/", Page::in_language("th", &candor.tag("data-site=\"plain\"")));
    browser.requested().await?;
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    let mut requested: Vec<_> =
        browser.requested().await?.into_iter().filter(|url| !url.ends_with("/v1/responses")).collect();
    let module =
        requested.iter().find_map(|url| url.strip_suffix("element.js")).context("no module")?.to_owned();
    let mut expected = [
        pages.url("/"),
        candor.url("/candor.js"),
        candor.url("/v1/sites/plain?can=choice,pages,rules,scale,more"),
        candor.url("/v1/surveys/plain-nps?locale=th,en-US,en&can=choice,pages,rules,scale,more&site=plain"),
        format!("{module}candor.wasm"),
        format!("{module}element.js"),
        format!("{module}th.json"),
    ];
    requested.sort();
    expected.sort();
    assert_eq!(requested, expected);
    Ok(())
}

#[tokio::test]
async fn calls_that_make_no_sense_are_events_and_never_exceptions() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    load(&browser, &pages, &candor.tag("data-survey=\"nps\" data-trigger=\"manual\"")).await?;
    browser
        .run(
            "candor(); candor('fly'); candor('on', 'shown'); candor('identify'); candor('set'); candor('event');
             candor('close'); candor('show', 'No such thing')",
            &[],
        )
        .await?;
    browser.until("the errors", "journey.events.filter(e => e.type === 'error').length >= 4").await?;
    let errors = browser.events("error").await?;
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert!(errors.iter().all(|error| error["code"] == "config"), "{errors:?}");
    assert!(errors.iter().any(|error| error["message"] == "on: expected a function"), "{errors:?}");
    browser.run("candor('show', 'nps')", &[]).await?;
    browser.prompt().await?;
    browser.until("the event", "journey.events.some(e => e.type === 'shown')").await?;
    assert_eq!(browser.eval("journey.errors").await?, json!([]));
    assert_eq!(browser.console().await?, [] as [Value; 0]);
    Ok(())
}

#[tokio::test]
async fn a_tag_that_names_no_survey_says_so() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    // A listener that the stub keeps hears of it, too.
    let said = "<script>window.candor=typeof candor=='function'?candor:function(){(candor.q=candor.q||[]).push(arguments)}
        candor('on', 'error', ({message}) => journey.heard = message)</script>";
    load(&browser, &pages, &format!("{said}{}", candor.tag("data-product=\"Acme\""))).await?;
    browser.until("the error", "journey.heard").await?;
    let errors = browser.events("error").await?;
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["code"], "config");
    assert_eq!(errors[0]["message"], "no survey");
    Ok(())
}

/// What becomes of a file on its way: other bytes, or none.
type Change = fn(&str, Vec<u8>) -> Option<Vec<u8>>;

/// Serves the browser files of `candor`, each as `change` leaves it.
async fn mirror(candor: &Candor, change: Change) -> Result<Server> {
    let origin = candor.origin();
    Server::start(move |request| {
        let url = format!("{origin}{}", request.path);
        async move { forward(&url, &request.path, change).await }
    })
    .await
}

async fn forward(url: &str, path: &str, change: Change) -> Response {
    let answer = http::send(Method::GET, url, &HeaderMap::new(), "").await;
    let Ok(answer) = answer else { return http::status(StatusCode::BAD_GATEWAY) };
    let (head, body) = answer.into_parts();
    let changed = if head.status.is_success() { change(path, body.to_vec()) } else { None };
    let mut response = match changed {
        Some(bytes) => Response::new(bytes.into()),
        None => http::status(StatusCode::NOT_FOUND),
    };
    for name in ["content-type", "access-control-allow-origin"] {
        if let Some(value) = head.headers.get(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

fn tag_of(mirror: &Server) -> String {
    format!("<script async src=\"{}/candor.js\" data-survey=\"nps\"></script>", mirror.origin())
}

#[tokio::test]
async fn a_module_that_was_changed_on_its_way_does_not_run() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    for (file, code) in [("/element.js", "module"), ("/candor.wasm", "wasm")] {
        let change = match code {
            "module" => |path: &str, mut bytes: Vec<u8>| {
                if path.ends_with("/element.js") {
                    bytes.extend(b";window.evil = 1");
                }
                Some(bytes)
            },
            // An empty section of its own: valid, and other bytes.
            _ => |path: &str, mut bytes: Vec<u8>| {
                if path.ends_with("/candor.wasm") {
                    bytes.extend([0, 2, 1, b'x']);
                }
                Some(bytes)
            },
        };
        let mirror = mirror(&candor, change).await?;
        load(&browser, &pages, &tag_of(&mirror)).await?;
        browser.until("the error", "journey.events.length > 0").await?;
        assert_eq!(browser.eval("journey.events.map(e => e.code)").await?, json!([code]), "{file}");
        assert_eq!(
            browser.eval("window.evil || document.querySelector('candor-survey')").await?,
            Value::Null
        );
        assert_eq!(because(&browser, "nps").await?, "loading");
    }
    Ok(())
}

#[tokio::test]
async fn a_module_that_could_not_be_had_is_asked_for_again_at_the_next_start_and_not_before() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    for down in ["/element.js", "/candor.wasm", "/w/"] {
        let up = Arc::new(AtomicBool::new(false));
        let (origin, is_up) = (candor.origin(), Arc::clone(&up));
        let mirror = Server::start(move |request| {
            let url = format!("{origin}{}", request.path);
            let gone = request.path.contains(down) && !is_up.load(Ordering::SeqCst);
            async move {
                // Without CORS, so that not even the status can be read.
                if gone {
                    return http::status(StatusCode::SERVICE_UNAVAILABLE);
                }
                forward(&url, &request.path, |_, bytes| Some(bytes)).await
            }
        })
        .await?;
        let tag = tag_of(&mirror).replace("></", " data-trigger=\"event=done\"></");
        load(&browser, &pages, &tag).await?;
        browser.run("candor('event', 'done')", &[]).await?;
        browser.until("the error", "journey.events.length > 0").await?;
        let errors = browser.events("error").await?;
        let message = errors[0]["message"].as_str().unwrap_or_default();
        let file = if down == "/w/" { "/element.js" } else { down };
        assert!(
            message.contains(file.trim_start_matches('/')),
            "{down}: the reason names the file: {message}"
        );
        // Whatever else the page says starts nothing.
        browser.run("candor('set', {}); candor('event', 'other')", &[]).await?;
        browser.pass(1_200).await?;
        assert_eq!(browser.events("error").await?.len(), 1, "{down}");

        up.store(true, Ordering::SeqCst);
        browser.run("candor('event', 'done')", &[]).await?;
        browser.prompt().await.with_context(|| down.to_owned())?;
    }
    Ok(())
}

#[tokio::test]
async fn a_version_that_is_gone_is_replaced_by_the_current_one() -> Result<()> {
    let (pages, candor, browser) = stage().await?;
    let gone =
        |path: &str, bytes| (!path.starts_with("/w/") || path.starts_with("/w/latest/")).then_some(bytes);
    let mirror = mirror(&candor, gone).await?;
    load(&browser, &pages, &tag_of(&mirror)).await?;
    browser.prompt().await?;
    assert_eq!(browser.events("error").await?, [] as [Value; 0]);

    // The server itself tells pages of other origins that a version is gone.
    let status = format!(
        "fetch('{}', {{method: 'HEAD'}}).then(r => arguments[0](r.status), e => arguments[0](String(e)))",
        candor.url("/w/000000000000/element.js")
    );
    assert_eq!(browser.run_async(&status).await?, 404);
    Ok(())
}

#[tokio::test]
async fn a_survey_that_is_shown_before_the_sites_list_has_come_is_the_lists() -> Result<()> {
    let pages = Pages::start().await?;
    let source = "site = \"help\"\norigins = [\"*\"]\n\n[[survey]]\nid = \"visit\"\nversion = 1\nmetric = \"nps\"\n\n\
                  [survey.options]\ntrigger = \"manual\"\ntouchpoint = \"help\"\n";
    let candor = Candor::with_sites(&[("help.toml", source)])?;
    let browser = Browser::open().await?;
    let early = "<script>window.candor=typeof candor=='function'?candor:function(){(candor.q=candor.q||[]).push(arguments)}
        candor('show', 'visit')</script>";
    load(&browser, &pages, &format!("{early}{}", candor.tag("data-site=\"help\""))).await?;
    browser.choose(9).await?;
    candor.counted("visit", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await?;
    assert_eq!(candor.responses("visit").await?["responses"][0]["touchpoint"], "help");
    assert_eq!(browser.eval("candor('debug').map(state => state.survey)").await?, json!(["visit"]));
    Ok(())
}

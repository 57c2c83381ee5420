//! Kept, sent, sent again, never lost.

use crate::page::*;
use candor::flush;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn the_outbox_has_the_answer_before_the_click_returns() {
    let shown = shown("survey: 'nps'").await;
    js("page.answers = ['down']");
    shown.radio(9).click();
    assert_eq!(outbox(), r#"[{"revision":2,"state":"partial","answers":[{"question":"nps","rating":9}]}]"#);
}

#[wasm_bindgen_test]
async fn an_answer_leaves_in_the_same_task_and_the_outbox_once_it_is_acknowledged() {
    let shown = shown("survey: 'nps'").await;
    shown.radio(9).click();
    // The fetch has begun, so that a navigation in this task does not stop it.
    wait(0).await;
    assert_eq!(posted("state"), r#"["shown","partial"]"#);
    until("page.events.some(event => event.detail.revision == 2)").await;
    assert_eq!(outbox(), "[]");
}

#[wasm_bindgen_test]
async fn a_post_outlives_the_page_and_needs_no_preflight() {
    let shown = shown("survey: 'nps'").await;
    shown.radio(9).click();
    until("page.posts.length == 2").await;
    let form = json(
        "(({url, keepalive, redirect, credentials, headers}) => ({url, keepalive, redirect, credentials, headers}))(page.posts[1])",
    );
    let expect =
        format!(r#"{{"url":"{ENDPOINT}","keepalive":true,"redirect":"error","credentials":"omit"}}"#);
    assert_eq!(form, expect);
}

/// Walks through a survey and compares what it posts with the files that the server's tests post.
#[wasm_bindgen_test]
async fn what_is_posted_is_what_the_server_is_tested_with() {
    fresh().await;
    serve(
        "https://api.example/v1/surveys/checkout-csat?locale=zh-Hant&can=choice,pages,rules,scale,more",
        include_str!("../wire/survey.json"),
    );
    let shown = mount_with(
        // No site is named: the definition knows it.
        "survey: 'checkout-csat', api: 'https://api.example', langs: ['zh-Hant'], touchpoint: 'checkout',
         product: 'Acme', page: 'https://shop.example/thanks', context: {order_id: '1042'},
         respondent: {id: 'u-77', attributes: {plan: 'pro'}}",
    );
    until("page.posts.length == 1").await;
    shown.radio(5).click();
    let comment: web_sys::HtmlTextAreaElement = shown.one("textarea").unchecked_into();
    comment.set_value("快！");
    shown.click(".send");
    until("page.posts.length == 3").await;
    for (i, file) in [
        include_str!("../wire/shown.json"),
        include_str!("../wire/partial.json"),
        include_str!("../wire/complete.json"),
    ]
    .into_iter()
    .enumerate()
    {
        same(&format!("page.posts[{i}].response"), file);
    }
    assert_eq!(json("new Set(page.posts.map(post => post.response.id)).size"), "1");
}

#[wasm_bindgen_test]
async fn a_dismissal_is_what_the_server_is_tested_with() {
    fresh().await;
    let survey = include_str!("../wire/survey.json").replace("zh-Hant", "ar");
    serve(
        "https://api.example/v1/surveys/checkout-csat?locale=ar&can=choice,pages,rules,scale,more&site=shop",
        &survey,
    );
    let shown = mount_with(
        "survey: 'checkout-csat', site: 'shop', api: 'https://api.example', langs: ['ar'], display: 'inline'",
    );
    until("page.posts.length == 1").await;
    shown.click(".close");
    until("page.posts.length == 2").await;
    same("page.posts[1].response", include_str!("../wire/dismissed.json"));
}

#[track_caller]
fn same(code: &str, file: &str) {
    let posted = js(&format!("page.canonical({code})")).as_string().unwrap();
    let golden = js(&format!("page.canonical({file})")).as_string().unwrap();
    assert_eq!(posted, golden);
}

#[wasm_bindgen_test]
async fn ids_are_uuids_of_version_7_and_ages_count_from_the_rating() {
    let shown = shown("survey: 'nps'").await;
    wait(120).await;
    shown.radio(9).click();
    until("page.posts.length == 2").await;
    assert!(js("/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(page.posts[0].response.id)").is_truthy());
    assert!(number("page.posts[1].response.age_ms") < 100.0);
    wait(120).await;
    shown.click(".send");
    until("page.posts.length == 3").await;
    assert!(number("page.posts[2].response.age_ms") >= 100.0);
}

#[wasm_bindgen_test]
async fn a_503_is_sent_again_under_the_same_id() {
    let shown = shown("survey: 'nps'").await;
    js("page.answers = [{status: 503}]");
    shown.radio(9).click();
    until("page.posts.length == 3").await;
    assert_eq!(json("page.posts[1].response.id == page.posts[2].response.id"), "true");
    assert_eq!(posted("revision"), "[1,2,2]");
    until("page.events.at(-1).name == 'sent'").await;
    assert_eq!(outbox(), "[]");
    assert_eq!(
        json("page.events.filter(event => event.name == 'error').map(event => event.detail.code)"),
        r#"["undelivered"]"#
    );
}

#[wasm_bindgen_test]
async fn without_a_network_the_answer_waits_and_its_reader_is_told() {
    let shown = shown("survey: 'nps'").await;
    js("page.answers = Array(50).fill('down')");
    shown.radio(9).click();
    shown.click(".send");
    let status =
        "document.querySelector('candor-test').shadowRoot.querySelector('[role=status]').textContent";
    until(&format!("{status} == 'Saved. We will send it shortly.'")).await;
    js("page.answers = []");
    until(&format!("{status} == 'Sent.'")).await;
    assert_eq!(outbox(), "[]");
}

#[wasm_bindgen_test]
async fn what_can_never_be_accepted_is_dropped_with_its_problem() {
    for status in [400, 409, 410, 413, 415, 422] {
        let shown = shown("survey: 'nps'").await;
        js(&format!(
            "page.answers = [{{status: {status}, body: '{{\"title\":\"No\",\"field\":\"site\"}}'}}]"
        ));
        shown.radio(9).click();
        until("page.events.some(event => event.name == 'error')").await;
        let detail = json(
            "(({code, status, problem}) => [code, status, problem.field])(page.events.find(event => event.name == 'error').detail)",
        );
        assert_eq!(detail, format!(r#"["rejected",{status},"site"]"#));
        assert_eq!(outbox(), "[]");
    }
}

#[wasm_bindgen_test]
async fn a_survey_not_deployed_yet_is_waited_for() {
    for status in [401, 403, 404, 429, 500] {
        let shown = shown("survey: 'nps'").await;
        js(&format!("page.answers = [{{status: {status}}}]"));
        shown.radio(9).click();
        until("page.events.some(event => event.detail.revision == 2)").await;
        assert_eq!(posted("revision"), "[1,2,2]", "{status}");
    }
}

#[wasm_bindgen_test]
async fn retry_after_is_honoured() {
    let shown = shown("survey: 'nps'").await;
    js("page.answers = [{status: 429, headers: {'retry-after': '2'}}]");
    shown.radio(9).click();
    until("page.posts.length == 3").await;
    assert!(number("page.posts[2].response.age_ms - page.posts[1].response.age_ms") >= 1_900.0);
}

#[wasm_bindgen_test]
async fn quiet_lasts_90_days_after_an_answer_and_30_after_a_dismissal() {
    let days =
        |key: &str| number(&format!("Math.round((localStorage['candor:{key}'] - Date.now()) / 864e5)"));
    let shown1 = shown("survey: 'nps', once: '1042'").await;
    assert!(number("localStorage['candor:once:nps:1042'] * 1") > 1e12);
    shown1.radio(9).click();
    assert_eq!((days("quiet"), days("quiet:nps")), (90.0, 90.0));
    shown1.click(".close");
    assert_eq!(days("quiet"), 90.0);

    let shown2 = shown("survey: 'nps'").await;
    shown2.click(".close");
    assert_eq!((days("quiet"), days("quiet:nps")), (30.0, 30.0));

    let shown3 = shown("survey: 'nps', quiet: '0'").await;
    shown3.radio(9).click();
    assert_eq!(storage().get_item("candor:quiet").unwrap(), None);
    shown3.click("[data-act=never]");
    assert_eq!(storage().get_item("candor:quiet").unwrap().as_deref(), Some("8640000000000000"));
}

#[wasm_bindgen_test]
async fn closing_says_why_and_is_a_dismissal_only_when_nothing_was_answered() {
    let dismissed = shown("survey: 'nps'").await;
    dismissed.handle.close();
    until("page.posts.length == 2").await;
    assert_eq!(posted("state"), r#"["shown","dismissed"]"#);
    assert_eq!(json("page.events.find(event => event.name == 'closed').detail.reason"), "\"api\"");
    dismissed.handle.close();
    dismissed.handle.unmount(false);

    let put_off = shown("survey: 'nps'").await;
    put_off.click("[data-act=later]");
    until("page.posts.length == 2").await;
    assert_eq!(posted("state"), r#"["shown","dismissed"]"#);
    assert_eq!(json("page.events.find(event => event.name == 'closed').detail.reason"), "\"not-now\"");

    let answered = shown("survey: 'nps'").await;
    answered.radio(9).click();
    wait(0).await;
    assert!(answered.all("[data-act=later]").is_empty(), "it was answered");
    answered.click("[data-act=never]");
    wait(60).await;
    assert_eq!(posted("state"), r#"["shown","partial"]"#);
    assert_eq!(json("page.events.find(event => event.name == 'closed').detail.reason"), "\"never\"");
    assert!(!answered.host.is_connected());
}

#[wasm_bindgen_test]
async fn refused_storage_costs_the_reload_but_not_the_answer() {
    let shown = shown("survey: 'nps'").await;
    js("page.set = Storage.prototype.setItem; Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') };
        page.answers = [{status: 503}]");
    shown.radio(9).click();
    until("page.posts.length == 3").await;
    js("Storage.prototype.setItem = page.set");
    assert_eq!(posted("revision"), "[1,2,2]");
    assert_eq!(outbox(), "[]");
    assert_eq!(json("page.events.some(event => event.detail.code == 'storage')"), "true");
}

#[wasm_bindgen_test]
async fn a_final_response_is_posted_once_at_the_end() {
    let shown = shown("survey: 'nps', send: 'final'").await;
    shown.radio(6).click();
    assert_eq!(outbox(), r#"[{"revision":2,"state":"partial","answers":[{"question":"nps","rating":6}]}]"#);
    shown.radio(7).click();
    wait(60).await;
    assert_eq!(number("page.posts.length"), 0.0);
    shown.click(".send");
    until("page.posts.length").await;
    wait(60).await;
    assert_eq!(posted("state"), r#"["complete"]"#);
    assert_eq!(outbox(), "[]");
}

#[wasm_bindgen_test]
async fn a_final_response_is_posted_on_leaving() {
    let shown = shown("survey: 'nps', send: 'final'").await;
    shown.radio(6).click();
    js("window.dispatchEvent(new Event('pagehide'))");
    until("page.posts.length").await;
    assert_eq!(posted("state"), r#"["partial"]"#);
}

#[wasm_bindgen_test]
async fn a_final_response_is_kept_and_not_posted_while_another_tab_is_looked_at() {
    let shown = shown("survey: 'nps', send: 'final'").await;
    shown.radio(6).click();
    js("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});
        document.dispatchEvent(new Event('visibilitychange')); delete document.hidden");
    wait(60).await;
    assert_eq!(number("page.posts.length"), 0.0);
    assert_eq!(outbox(), r#"[{"revision":2,"state":"partial","answers":[{"question":"nps","rating":6}]}]"#);
    shown.click(".send");
    until("page.posts.length").await;
    assert_eq!(posted("state"), r#"["complete"]"#);
}

#[wasm_bindgen_test]
async fn a_final_response_is_locked_until_it_has_arrived_and_other_tabs_leave_it_alone() {
    let shown = shown("survey: 'nps', send: 'final'").await;
    let locked = "navigator.locks.query().then(({held}) => page.locked = held.map(({name}) => name).filter(name => name != 'candor:out'))";
    js(locked);
    until("page.locked && page.locked.length == 0").await;
    shown.radio(6).click();
    js(locked);
    until("page.locked.length == 1").await;
    assert_eq!(
        json(
            "'candor:out:' + JSON.parse(Object.values(localStorage).find(value => value.startsWith('{\"t\"'))).b.id == page.locked[0]"
        ),
        "true"
    );
    shown.click(".send");
    until("page.events.some(event => event.name == 'sent')").await;
    wait(30).await;
    js(locked);
    until("page.locked.length == 0").await;

    // What another tab holds is passed over, and sent once it lets go.
    fresh().await;
    js(&format!(
        "localStorage['candor:out:a'] = JSON.stringify({{t: Date.now(), u: '{ENDPOINT}', b: {{id: 'a', revision: 2}}}});
         navigator.locks.request('candor:out:a', () => new Promise(done => page.done = done))"
    ));
    until("page.done").await;
    flush();
    wait(300).await;
    assert_eq!(number("page.posts.length"), 0.0);
    js("page.done()");
    until("page.posts.length == 1 && !localStorage['candor:out:a']").await;
}

#[wasm_bindgen_test]
async fn a_final_response_that_is_closed_on_its_way_stays_this_tabs() {
    let shown = shown("survey: 'nps', send: 'final'").await;
    // The next attempt comes long after what is looked at before it.
    js("page.answers = [{status: 503}]; page.random = Math.random; Math.random = () => 0.9");
    shown.radio(6).click();
    shown.click(".close");
    until("page.posts.length == 1").await;
    // The host's leaving is told a moment later.
    wait(30).await;
    let locked = "navigator.locks.query().then(({held}) => page.locked = held.filter(({name}) => name != 'candor:out').length)";
    js(locked);
    until("page.locked != undefined").await;
    assert_eq!(number("page.locked"), 1.0);
    until("page.events.some(event => event.name == 'sent')").await;
    js(locked);
    until("page.locked == 0").await;
    js("Math.random = page.random");
}

#[wasm_bindgen_test]
async fn a_clock_that_is_set_right_expires_no_answer() {
    let shown = shown("survey: 'nps'").await;
    // It is set while the failure is on its way.
    js("page.now = Date.now;
        page.answers = [{get status() { Date.now = () => page.now() + 8 * 864e5; return 503 }}]");
    shown.radio(9).click();
    until("page.posts.length == 3").await;
    js("Date.now = page.now");
    until("page.events.at(-1).name == 'sent'").await;
}

#[wasm_bindgen_test]
async fn the_oldest_of_too_many_unsent_answers_goes_with_an_event() {
    let shown = shown("survey: 'nps', send: 'final'").await;
    let kept = format!(
        "for (let n = 10; n < 60; n++) localStorage['candor:out:00' + n] =
            JSON.stringify({{t: Date.now(), u: '{ENDPOINT}', b: {{id: '00' + n, revision: 2}}}})"
    );
    js(&kept);
    shown.radio(9).click();
    assert_eq!(
        json("[localStorage['candor:out:0010'] == undefined, localStorage['candor:out:0011'] == undefined]"),
        "[true,false]"
    );
    let errors = json("page.events.filter(event => event.name == 'error').map(event => event.detail.code)");
    assert_eq!(errors, r#"["expired"]"#);
}

#[wasm_bindgen_test]
async fn an_endpoint_that_asks_for_patience_holds_up_no_other() {
    fresh().await;
    for (id, endpoint) in [("a", ENDPOINT), ("b", "https://other.example/responses"), ("c", ENDPOINT)] {
        js(&format!(
            "localStorage['candor:out:{id}'] = JSON.stringify({{t: Date.now(), u: '{endpoint}', b: {{id: '{id}', revision: 2}}}})"
        ));
    }
    js("page.answers = [{status: 503, headers: {'retry-after': '60'}}, {status: 503}]");
    flush();
    until("!localStorage['candor:out:b']").await;
    assert_eq!(posted("id"), r#"["a","b","b"]"#, "the one that asked is left alone");
    storage().clear().unwrap();
}

#[wasm_bindgen_test]
async fn retry_after_is_seconds_or_a_date_and_nothing_else_is_waited_for() {
    fresh().await;
    let date = |later: &str| format!("new Date(Date.now() {later}).toUTCString()");
    let asked = [
        ("'0'", false),
        ("' 60 '", true),
        ("'4000000000'", true),
        ("'1.5'", false),
        ("'soon'", false),
        (&*date("+ 36e5"), true),
        (&*date("- 36e5"), false),
    ];
    js("page.answers = []");
    let mut again = Vec::new();
    for (id, (value, waits)) in asked.iter().enumerate() {
        js(&format!(
            "localStorage['candor:out:{id}'] =
                JSON.stringify({{t: Date.now(), u: 'https://{id}.example/', b: {{id: '{id}', revision: 2}}}});
             page.answers.push({{status: 503, headers: {{'retry-after': {value}}}}}); 0"
        ));
        if !waits {
            again.push(id.to_string());
        }
    }
    flush();
    let left = format!("Object.keys(localStorage).length == {}", asked.len() - again.len());
    until(&left).await;
    let posted = json(&format!("page.posts.slice({}).map(post => post.response.id)", asked.len()));
    assert_eq!(posted, format!("{again:?}").replace(' ', ""));
    storage().clear().unwrap();
}

#[wasm_bindgen_test]
async fn flush_sends_what_earlier_pages_left_and_drops_what_is_too_old() {
    fresh().await;
    let id = |n: u8| format!("0192f5e4-7c1b-7a44-9c5e-3b1f0f6f2a{n:02}");
    for (n, age) in [(1, 5_000.0), (2, 8.0 * 864e5), (3, -60_000.0)] {
        let code = format!(
            "localStorage['candor:out:{id}'] = JSON.stringify({{t: Date.now() - {age}, u: '{ENDPOINT}', b: {{id: '{id}', revision: 2, survey: 'nps'}}}})",
            id = id(n)
        );
        js(&code);
    }
    js("localStorage['candor:out:broken'] = '{'");
    flush();
    flush();
    until("!Object.keys(localStorage).some(key => key.startsWith('candor:out:'))").await;
    assert_eq!(posted("id"), format!("[\"{}\",\"{}\"]", id(1), id(3)));
    let age = number("page.posts[0].response.age_ms");
    assert!((5_000.0..15_000.0).contains(&age), "{age}");
    assert_eq!(
        number("page.posts[1].response.age_ms"),
        0.0,
        "a clock that was set back gives no negative age"
    );
    assert_eq!(events(), r#"["sent","error","sent"]"#);
    assert_eq!(json("page.events[1].detail.code"), r#""expired""#);
}

#[wasm_bindgen_test]
async fn a_storage_of_the_pages_own_is_read_as_the_browsers_is() {
    fresh().await;
    js(&format!(
        "const kept = new Map([['candor:out:a', JSON.stringify({{t: Date.now(), u: '{ENDPOINT}', b: {{id: 'a', revision: 2}}}})]]);
        page.kept = kept;
        page.storage = Object.getOwnPropertyDescriptor(window, 'localStorage');
        Object.defineProperty(window, 'localStorage', {{configurable: true, value: {{
            get length() {{ return kept.size }}, key: (i) => [...kept.keys()][i] ?? null, getItem: (key) => kept.get(key) ?? null,
            setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) }} }})"
    ));
    flush();
    until("page.posts.length == 1 && page.kept.size == 0").await;
    js("Object.defineProperty(window, 'localStorage', page.storage)");
}

#[wasm_bindgen_test]
async fn flush_keeps_at_it_until_the_server_is_back() {
    fresh().await;
    js(&format!(
        "localStorage['candor:out:a'] = JSON.stringify({{t: Date.now(), u: '{ENDPOINT}', b: {{id: 'a', revision: 2}}}});
         page.answers = [{{status: 503}}, 'down']"
    ));
    flush();
    until("page.posts.length == 3").await;
    until("!localStorage['candor:out:a']").await;
}

#[wasm_bindgen_test]
async fn withdrawn_consent_stops_what_is_on_its_way() {
    // One that was not sent yet, and one that is about to be sent again.
    for (passing, posts) in [(true, r#"["shown"]"#), (false, r#"["shown","partial"]"#)] {
        let shown = shown("survey: 'nps'").await;
        // Else the second attempt may come before this test has seen the first fail.
        js("page.answers = ['down', 'down', 'down']; page.random = Math.random; Math.random = () => 0.9");
        if passing {
            shown.pass(4);
        } else {
            shown.radio(4).click();
            until("page.events.some(event => event.detail.code == 'undelivered')").await;
        }
        // As the loader does it: the host goes, then the storage.
        shown.handle.unmount(false);
        shown.host.remove();
        storage().clear().unwrap();
        // The second attempt would come within a second.
        wait(1_200).await;
        js("Math.random = page.random");
        assert_eq!(posted("state"), posts);
    }
}

#[wasm_bindgen_test]
async fn a_host_that_is_taken_away_leaves_its_answer_and_no_listeners() {
    let shown = shown("survey: 'nps'").await;
    shown.pass(4);
    shown.handle.unmount(false);
    shown.host.remove();
    until("page.posts.length == 2").await;
    assert_eq!(posted("state"), r#"["shown","partial"]"#);
    js("window.dispatchEvent(new Event('pagehide'))");
    wait(60).await;
    let own = "page.posts.filter(post => post.response.id == page.posts[0].response.id).length";
    assert_eq!(number(own), 2.0);
    assert!(shown.root.first_element_child().is_none(), "the view is gone");
}

#[wasm_bindgen_test]
async fn a_fetch_that_the_page_broke_throws_nothing_into_it() {
    fresh().await;
    let errors = js(
        "page.errors = []; page.real = window.fetch; window.onerror = window.onunhandledrejection = (e) => page.errors.push(String(e)); page.errors",
    );
    js("window.fetch = () => { throw new Error('mine') }");
    let shown = mount_with("survey: 'nps'");
    until("page.events.length").await;
    shown.radio(9).click();
    wait(60).await;
    js("window.fetch = () => 'nothing'");
    wait(60).await;
    js("window.fetch = page.real; window.onerror = window.onunhandledrejection = null");
    until("page.posts.length").await;
    assert_eq!(posted("revision"), "[2]");
    assert_eq!(errors.unchecked_into::<js_sys::Array>().length(), 0);
}

#[wasm_bindgen_test]
async fn whatever_else_becomes_of_a_post_it_is_no_acknowledgement() {
    for broken in [
        "window.fetch = () => Promise.reject({message: Symbol()})",
        "window.fetch = () => Promise.reject({get message() { throw 1 }})",
        "window.fetch = () => Promise.reject({message: Object.create(null)})",
        "window.fetch = () => Promise.reject()",
        "window.fetch = async () => ({ok: 0, status: 500, headers: null, text: 1})",
        "window.fetch = async () => null",
        // What never settles is not waited for; thirty seconds are none here.
        "page.time = setTimeout; window.setTimeout = (f, ms, ...rest) => page.time.call(window, f, ms == 30000 ? 20 : ms, ...rest);
         window.fetch = () => new Promise(() => {})",
    ] {
        let shown = shown("survey: 'nps'").await;
        js(&format!("page.real = window.fetch; {broken}; 0"));
        shown.radio(9).click();
        until("page.events.some(event => event.detail.code == 'undelivered')").await;
        js("window.fetch = page.real; if (page.time) window.setTimeout = page.time; 0");
        assert_ne!(outbox(), "[]", "{broken}");
        until("page.events.some(event => event.name == 'sent' && event.detail.revision == 2)").await;
        assert_eq!(outbox(), "[]", "{broken}");
    }
}

#[wasm_bindgen_test]
async fn a_browser_without_a_timeout_for_signals_sends() {
    js("page.timeout = AbortSignal.timeout; AbortSignal.timeout = undefined; 0");
    let shown = shown("survey: 'nps'").await;
    shown.radio(9).click();
    until("page.events.some(event => event.name == 'sent' && event.detail.revision == 2)").await;
    js("AbortSignal.timeout = page.timeout; 0");
}

#[wasm_bindgen_test]
async fn locks_that_are_never_had_hold_nothing_up() {
    fresh().await;
    js(&format!(
        "localStorage['candor:out:a'] = JSON.stringify({{t: Date.now(), u: '{ENDPOINT}', b: {{id: 'a', revision: 2}}}});
         page.time = setTimeout; window.setTimeout = (f, ms, ...rest) => page.time.call(window, f, ms == 60000 ? 20 : ms, ...rest);
         navigator.locks.request = () => new Promise(() => {{}}); 0"
    ));
    flush();
    until("!localStorage['candor:out:a']").await;
    js("window.setTimeout = page.time; delete navigator.locks.request; 0");
}

#[wasm_bindgen_test]
async fn a_storage_whose_keys_are_no_texts_breaks_nothing() {
    for key in ["7", "undefined", "null", "Symbol()", "Promise.resolve('x')", "{toString: 1}"] {
        js(&format!("page.key = Storage.prototype.key; Storage.prototype.key = () => ({key}); 0"));
        let shown = shown("survey: 'nps'").await;
        shown.radio(9).click();
        until("page.events.some(event => event.name == 'sent' && event.detail.revision == 2)").await;
        js("Storage.prototype.key = page.key; 0");
        assert_eq!(json("page.events.filter(event => event.name == 'error')"), "[]", "{key}");
    }
}

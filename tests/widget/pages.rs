//! Several questions: pages, back and forth, choices.

use crate::page::{Shown, events, fresh, js, json, mount_with, number, outbox, posted, serve, until, wait};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};

const SURVEY: &str = r#"{"id": "visit", "version": 4, "site": "shop", "locale": "en", "metric": "nps", "questions": [
    {"id": "nps", "kind": "rating", "text": "Recommend?"},
    {"id": "why", "kind": "text", "by_band": {"unfavourable": "What is wrong?"}},
    {"id": "bought", "kind": "choice", "text": "What did you buy?", "many": true, "other": true, "shuffle": true, "options":
        [{"id": "bread", "text": "Bread"}, {"id": "milk", "text": "Milk"}, {"id": "salt", "text": "Salt"}]},
    {"id": "fresh", "kind": "rating", "metric": "csat", "scale": "1-7", "favourable_points": 2, "text": "How fresh was it?",
     "when": {"any": [{"question": "bought", "chosen": "bread"}, {"question": "bought", "chosen": "other"}]}}]}"#;

async fn visit(survey: &str) -> Shown {
    fresh().await;
    serve(
        "https://api.example/v1/surveys/visit?locale=en&can=choice,pages,rules,scale,more&site=shop",
        survey,
    );
    let shown = mount_with("survey: 'visit', site: 'shop', api: 'https://api.example'");
    until("page.events.some(event => event.name == 'shown')").await;
    shown
}

fn option(shown: &Shown, id: &str) -> HtmlInputElement {
    shown.one(&format!("input[value='{id}']")).unchecked_into()
}

/// As the browser does when something was written.
fn tell(selector: &str, event: &str) {
    js(&format!(
        "document.querySelector('candor-test').shadowRoot.querySelector('{selector}')
            .dispatchEvent(new Event('{event}', {{bubbles: true}}))"
    ));
}

/// The survey without its first two questions: it begins with the choice.
fn without_rating() -> String {
    let (head, questions) = SURVEY.split_once(r#"{"id": "nps""#).unwrap();
    let (_, rest) = questions.split_once(r#"{"id": "bought""#).unwrap();
    format!(r#"{head}{{"id": "bought"{rest}"#)
}

fn write(shown: &Shown, text: &str) {
    let own: HtmlInputElement = shown.one(".own").unchecked_into();
    own.set_value(text);
    tell(".own", "change");
}

#[wasm_bindgen_test]
async fn three_kinds_of_question_in_one_survey_are_answered_apart() {
    let shown = visit(SURVEY).await;
    shown.radio(3).click();
    wait(30).await;
    assert_eq!(shown.texts(".actions button"), ["Next", "Skip"]);
    assert_eq!(shown.texts(".outs button"), ["Don’t ask again"]);
    assert_eq!(shown.text("label[for=comment]"), "What is wrong? Optional");
    let comment: HtmlTextAreaElement = shown.one("textarea").unchecked_into();
    comment.set_value("too far");
    shown.click("[data-act=next]");

    assert_eq!(shown.text("legend"), "What did you buy? Choose all that apply");
    assert_eq!(shown.all("input[type=checkbox]").len(), 3);
    assert!(shown.all("textarea").is_empty(), "the text is of the page before");
    assert_eq!(shown.root.active_element().unwrap(), shown.one("fieldset input").unchecked_into());
    assert_eq!(shown.texts(".actions button"), ["Send", "Back"], "nothing depends on what was not chosen");
    option(&shown, "salt").click();
    option(&shown, "bread").click();
    write(&shown, " eggs ");
    wait(30).await;
    assert_eq!(shown.texts(".actions button"), ["Next", "Back"]);
    shown.click("[data-act=next]");

    assert_eq!(shown.text("legend"), "How fresh was it?");
    assert_eq!(shown.texts(".number").len(), 7, "it is not asked on the five points of its metric");
    assert_eq!(shown.texts(".ends span"), ["1 Very dissatisfied", "7 Very satisfied"]);
    assert_eq!(shown.checked(), None);
    shown.radio(6).click();
    shown.click("[data-act=next]");
    assert_eq!(shown.attribute(".candor", "data-step"), "thanks");
    until("page.posts.at(-1).response.state == 'complete'").await;
    assert_eq!(
        json("page.posts.at(-1).response.answers"),
        r#"[{"question":"nps","rating":3},{"question":"why","text":"too far"},{"question":"bought","choices":["salt","bread"],"other":"eggs"},{"question":"fresh","scale":"1-7","rating":6}]"#
    );
    // The order in which they stood goes along, whichever it was.
    assert_eq!(
        json("page.posts.at(-1).response.presentation.order.bought.sort()"),
        r#"["bread","milk","salt"]"#
    );
    assert_eq!(
        json(
            "page.events.filter(event => event.name == 'answered').map(({detail: {question, rating, choices}}) => [question, rating ?? choices])"
        ),
        r#"[["nps",3],["why",null],["bought",["salt"]],["bought",["salt","bread"]],["bought",["salt","bread"]],["fresh",6]]"#
    );
    // One response, whose revisions count up.
    assert_eq!(json("new Set(page.posts.map(post => post.response.id)).size"), "1");
    assert_eq!(
        json(
            "page.posts.every((post, i) => i == 0 || post.response.revision > page.posts[i - 1].response.revision)"
        ),
        "true"
    );
}

#[wasm_bindgen_test]
async fn a_turned_page_begins_at_its_top_and_takes_no_click_for_a_moment() {
    let shown = visit(SURVEY).await;
    shown.radio(3).click();
    let root = "document.querySelector('candor-test').shadowRoot";
    let card = format!("{root}.querySelector('.card')");
    js(&format!(
        "Object.assign({card}.style, {{maxBlockSize: '160px', overflowY: 'auto'}}); {card}.scrollTop = 60"
    ));
    assert_eq!(json(&format!("{card}.scrollTop")), "60");
    shown.click("[data-act=next]");
    assert_eq!(json(&format!("{card}.scrollTop")), "0");
    let takes = || json(&format!("getComputedStyle({root}.querySelector('.point')).pointerEvents"));
    assert_eq!(takes(), r#""none""#);
    wait(400).await;
    assert_eq!(takes(), r#""auto""#);
}

#[wasm_bindgen_test]
async fn who_goes_back_finds_what_was_answered_and_what_is_asked_no_longer_is_not_sent() {
    let shown = visit(SURVEY).await;
    shown.radio(9).click();
    let comment: HtmlTextAreaElement = shown.one("textarea").unchecked_into();
    comment.set_value("near");
    shown.click("[data-act=next]");
    option(&shown, "bread").click();
    wait(30).await;
    shown.click("[data-act=next]");
    shown.radio(2).click();
    shown.click("[data-act=back]");
    assert_eq!(shown.checked().as_deref(), Some("bread"));
    shown.click("[data-act=back]");
    let comment: HtmlTextAreaElement = shown.one("textarea").unchecked_into();
    assert_eq!((shown.checked().as_deref(), comment.value().as_str()), (Some("9"), "near"));
    // A comment that is emptied is withdrawn.
    comment.set_value("");
    shown.click("[data-act=next]");
    option(&shown, "bread").click();
    option(&shown, "milk").click();
    wait(30).await;
    shown.click("[data-act=next]");
    until("page.posts.at(-1).response.state == 'complete'").await;
    assert_eq!(
        json("page.posts.at(-1).response.answers"),
        r#"[{"question":"nps","rating":9},{"question":"bought","choices":["milk"]}]"#
    );
}

#[wasm_bindgen_test]
async fn of_one_choice_the_last_counts_also_if_it_is_ones_own() {
    let survey = SURVEY.replace(r#""many": true, "#, "");
    let shown = visit(&survey).await;
    shown.radio(9).click();
    shown.click("[data-act=next]");
    assert_eq!(
        (shown.text("legend").as_str(), shown.all("input[type=radio]").len()),
        ("What did you buy?", 3)
    );
    option(&shown, "milk").click();
    write(&shown, "eggs");
    assert_eq!(shown.checked(), None);
    option(&shown, "salt").click();
    let own: HtmlInputElement = shown.one(".own").unchecked_into();
    assert_eq!((shown.checked().as_deref(), own.value().as_str()), (Some("salt"), ""));
    assert!(outbox().contains(r#"{"question":"bought","choices":["salt"]}"#), "{}", outbox());
}

#[wasm_bindgen_test]
async fn an_arrow_key_on_its_way_over_options_sends_nothing() {
    let survey = SURVEY.replace(r#""many": true, "#, "");
    let shown = visit(&survey).await;
    shown.radio(9).click();
    shown.click("[data-act=next]");
    until("page.posts.length == 2").await;
    let press: js_sys::Function = js("page.press").unchecked_into();
    let milk = option(&shown, "milk");
    press.call3(&wasm_bindgen::JsValue::NULL, &milk, &"ArrowDown".into(), &"keydown".into()).unwrap();
    milk.click();
    press.call3(&wasm_bindgen::JsValue::NULL, &milk, &"ArrowDown".into(), &"keyup".into()).unwrap();
    wait(60).await;
    assert_eq!(number("page.posts.length"), 2.0);
    assert!(outbox().contains("milk"), "it is kept: {}", outbox());
    // A digit is no point of a scale here.
    shown.press("input[value='milk']", "1");
    assert_eq!(shown.checked().as_deref(), Some("milk"));
    shown.click("[data-act=next]");
    until("page.posts.length == 3").await;
    assert!(posted("answers").contains(r#""choices":["milk"]"#), "{}", posted("answers"));
}

#[wasm_bindgen_test]
async fn a_definition_of_a_kind_that_is_not_known_is_not_half_drawn() {
    fresh().await;
    let survey = SURVEY.replace(r#""kind": "choice""#, r#""kind": "matrix""#);
    serve(
        "https://api.example/v1/surveys/visit?locale=en&can=choice,pages,rules,scale,more&site=shop",
        &survey,
    );
    let shown = mount_with("survey: 'visit', site: 'shop', api: 'https://api.example'");
    until("page.events.length").await;
    assert_eq!(events(), r#"["error"]"#);
    assert!(!shown.host.is_connected());
}

#[wasm_bindgen_test]
async fn what_is_typed_as_ones_own_answer_is_kept_and_leads_on() {
    let shown = visit(&without_rating()).await;
    assert_eq!(shown.attribute(".candor", "data-step"), "ask");
    let own: HtmlInputElement = shown.one(".own").unchecked_into();
    let _ = own.focus();
    own.set_value("eggs ");
    tell(".own", "input");
    assert_eq!(shown.attribute(".candor", "data-step"), "follow-up");
    assert_eq!(own.value(), "eggs ", "the space before the next word stays");
    assert!(outbox().contains(r#""other":"eggs""#), "{}", outbox());
    wait(60).await;
    assert_eq!(number("page.posts.length"), 1.0, "it is not sent while it is typed");
    shown.press(".own", "Escape");
    until("page.posts.length == 2").await;
    assert_eq!(posted("state"), r#"["shown","partial"]"#);
}

#[wasm_bindgen_test]
async fn a_comment_outlives_a_change_of_mind_that_hides_its_question() {
    let survey = SURVEY.replacen(
        r#""by_band": {"unfavourable": "What is wrong?"}"#,
        r#""text": "What is wrong?", "when": {"all": [{"question": "nps", "band": "unfavourable"}]}"#,
        1,
    );
    let shown = visit(&survey).await;
    shown.radio(3).click();
    let comment: HtmlTextAreaElement = shown.one("textarea").unchecked_into();
    comment.set_value("too far");
    tell("textarea", "input");
    shown.radio(9).click();
    assert!(shown.all("textarea").is_empty());
    shown.radio(4).click();
    let comment: HtmlTextAreaElement = shown.one("textarea").unchecked_into();
    assert_eq!(comment.value(), "too far");
}

#[wasm_bindgen_test]
async fn who_goes_back_with_a_text_that_is_too_long_is_told() {
    let shown =
        visit(&SURVEY.replacen(r#""text": "How fresh was it?""#, r#""text": "How fresh?""#, 1).replacen(
            r#"{"id": "fresh","#,
            r#"{"id": "more", "kind": "text", "text": "More?"}, {"id": "fresh","#,
            1,
        ))
        .await;
    shown.radio(9).click();
    shown.click("[data-act=next]");
    let field: HtmlTextAreaElement = shown.one("textarea").unchecked_into();
    field.set_value(&"x".repeat(5_001));
    shown.click("[data-act=back]");
    assert_eq!(shown.attribute("textarea", "aria-invalid"), "true");
    field.set_value("short");
    shown.click("[data-act=back]");
    assert_eq!(shown.text("legend"), "Recommend?");
    assert_eq!(
        json("page.events.filter(event => event.name == 'answered').map(event => event.detail.question)"),
        r#"["nps","more"]"#
    );
}

#[wasm_bindgen_test]
async fn whoever_takes_everything_back_is_thanked_and_not_counted_as_closing_it() {
    let shown = visit(&without_rating()).await;
    option(&shown, "milk").click();
    until("page.posts.length == 2").await;
    option(&shown, "milk").click();
    shown.click("[data-act=next]");
    assert_eq!(
        (shown.attribute(".candor", "data-step").as_str(), shown.text("[role=status]").as_str()),
        ("thanks", "")
    );
    shown.handle.close();
    until("page.posts.length == 3").await;
    wait(60).await;
    assert_eq!(posted("state"), r#"["shown","partial","shown"]"#);
}

#[wasm_bindgen_test]
async fn a_survey_that_asks_this_respondent_nothing_is_not_shown() {
    let survey = SURVEY.replacen(
        r#""text": "Recommend?""#,
        r#""text": "Recommend?", "when": {"all": [{"attribute": "plan", "is": "pro"}]}"#,
        1,
    );
    let only =
        survey.split_once(r#"{"id": "why""#).unwrap().0.trim_end().trim_end_matches(',').to_owned() + "]}";
    fresh().await;
    serve(
        "https://api.example/v1/surveys/visit?locale=en&can=choice,pages,rules,scale,more&site=shop",
        &only,
    );
    let shown = mount_with("survey: 'visit', site: 'shop', api: 'https://api.example'");
    until("page.events.length").await;
    assert_eq!(events(), r#"["error"]"#);
    assert!(!shown.host.is_connected());
    let asked = mount_with(
        "survey: 'visit', site: 'shop', api: 'https://api.example', respondent: {attributes: {plan: 'pro'}}",
    );
    until("page.events.some(event => event.name == 'shown')").await;
    assert_eq!(asked.text("legend"), "Recommend?");
}

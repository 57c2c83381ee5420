//! Keys, and where the focus goes.

use crate::page::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlElement, HtmlTextAreaElement};

#[wasm_bindgen_test]
async fn home_and_end_check_the_first_and_the_last_point() {
    let shown = shown("survey: 'ces'").await;
    shown.press("fieldset input", "End");
    assert_eq!(shown.checked().as_deref(), Some("7"));
    shown.press("fieldset input", "Home");
    assert_eq!(shown.checked().as_deref(), Some("1"));
}

#[wasm_bindgen_test]
async fn a_digit_of_any_language_checks_its_point() {
    let shown = shown("survey: 'csat'").await;
    for (key, point) in [("3", "3"), ("٤", "4"), ("۲", "2"), ("๕", "5"), ("１", "1")] {
        shown.press("fieldset input", key);
        assert_eq!(shown.checked().as_deref(), Some(point), "{key}");
    }
    shown.press("fieldset input", "9");
    assert_eq!(shown.checked().as_deref(), Some("1"), "nine is not on the scale");
}

#[wasm_bindgen_test]
async fn a_one_and_a_zero_in_quick_succession_are_ten() {
    let shown = shown("survey: 'nps'").await;
    shown.press("fieldset input", "1");
    assert_eq!(shown.checked().as_deref(), Some("1"));
    shown.press("fieldset input", "0");
    assert_eq!(shown.checked().as_deref(), Some("10"));
    until("page.posts.length == 2").await;
    assert_eq!(posted("answers"), r#"[[],[{"question":"nps","rating":10}]]"#);
    shown.press("fieldset input", "0");
    assert_eq!(shown.checked().as_deref(), Some("0"), "a while later it is a number of its own");
}

#[wasm_bindgen_test]
async fn digits_elsewhere_check_nothing() {
    let shown = shown("survey: 'nps'").await;
    shown.radio(3).click();
    shown.press("textarea", "7");
    shown.press(".close", "8");
    js("page.press(document.body, '9')");
    assert_eq!(shown.checked().as_deref(), Some("3"));
}

#[wasm_bindgen_test]
async fn escape_closes_from_inside_only_and_stays_there() {
    let shown = shown("survey: 'nps'").await;
    js("page.press(document.body, 'Escape')");
    assert!(shown.host.is_connected());
    let heard = number("page.keys");
    shown.press("fieldset input", "Escape");
    assert!(!shown.host.is_connected());
    assert_eq!(number("page.keys"), heard, "the page heard the key");
    assert_eq!(json("page.events.at(-1).detail.reason"), "\"escape\"");
}

#[wasm_bindgen_test]
async fn what_is_drawn_anew_stays_the_same_element_with_its_focus_its_text_and_its_selection() {
    let shown = shown("survey: 'nps'").await;
    shown.radio(3).click();
    let before = shown.all("*");
    let comment: HtmlTextAreaElement = shown.one("textarea").unchecked_into();
    comment.focus().unwrap();
    comment.set_value("too slow");
    comment.set_selection_range(4, 8).unwrap();
    let question = shown.text("label[for=comment]");
    js(r"
        window.changes = [];
        const tell = records => changes.push(...records.map(({ type, target }) => type + ' ' + target.data));
        window.observer = new MutationObserver(tell);
        observer.observe(document.querySelector('candor-test').shadowRoot,
            { subtree: true, childList: true, attributes: true, characterData: true });
    ");
    // Another band has another question.
    shown.radio(10).click();
    wait(0).await;
    js("observer.disconnect()");
    let told = shown.text("[role=status]");
    let changes = format!("characterData 10,characterData {told},characterData {told}");
    assert_eq!(
        js("changes.sort().join()"),
        changes,
        "the chosen point, the question and what is heard of it"
    );
    assert_ne!(shown.text("label[for=comment]"), question);
    let after = shown.all("*");
    assert!(before.len() == after.len() && before.iter().zip(&after).all(|(a, b)| a == b));
    assert_eq!(shown.root.active_element().as_ref(), Some(comment.unchecked_ref()));
    assert_eq!(comment.value(), "too slow");
    assert_eq!((comment.selection_start(), comment.selection_end()), (Ok(Some(4)), Ok(Some(8))));
    assert_eq!(shown.checked().as_deref(), Some("10"));
}

#[wasm_bindgen_test]
async fn keys_typed_inside_are_not_heard_by_the_page() {
    let shown = shown("survey: 'nps'").await;
    shown.radio(3).click();
    shown.press("textarea", "/");
    assert_eq!(number("page.keys"), 0.0);
}

#[wasm_bindgen_test]
async fn arrows_send_nothing_until_the_focus_moves_on() {
    let shown = shown("survey: 'nps'").await;
    for point in 5..8 {
        shown.pass(point);
    }
    wait(800).await;
    assert_eq!(posted("state"), r#"["shown"]"#);
    assert_eq!(outbox(), r#"[{"revision":4,"state":"partial","answers":[{"question":"nps","rating":7}]}]"#);
    assert_eq!(events(), r#"["shown","sent"]"#, "the page is told of settled ratings only");
    shown.one("textarea").focus().unwrap();
    until("page.posts.length == 2").await;
    assert_eq!(posted("answers"), r#"[[],[{"question":"nps","rating":7}]]"#);
}

#[wasm_bindgen_test]
async fn closing_gives_the_focus_back() {
    fresh().await;
    let field = document().create_element("input").unwrap().unchecked_into::<HtmlElement>();
    document().body().unwrap().append_child(&field).unwrap();
    field.focus().unwrap();
    let shown = mount_with("survey: 'nps'");
    until("page.events.length").await;
    shown.radio(3).focus().unwrap();
    shown.one(".close").focus().unwrap();
    shown.click(".close");
    assert_eq!(document().active_element().unwrap(), field.clone().unchecked_into());
    field.remove();
}

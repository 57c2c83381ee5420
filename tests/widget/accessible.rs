//! Names, roles, words, digits, direction, focus.

use crate::page::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlElement, HtmlInputElement};

#[wasm_bindgen_test]
async fn a_scale_is_one_group_of_native_radios_with_nothing_checked() {
    for (survey, first, count) in [("nps", 0, 11), ("csat", 1, 5), ("ces", 1, 7)] {
        let shown = shown(&format!("survey: '{survey}'")).await;
        let radios = shown.all("fieldset input[type=radio][name=choice]");
        let values: Vec<_> =
            radios.iter().map(|r| r.clone().unchecked_into::<HtmlInputElement>().value()).collect();
        let expect: Vec<_> = (first..first + count).map(|point| point.to_string()).collect();
        assert_eq!(values, expect, "{survey}");
        assert_eq!(shown.checked(), None, "{survey}");
        assert_eq!(shown.attribute("[data-step]", "data-step"), "ask");
    }
}

#[wasm_bindgen_test]
async fn the_group_is_named_by_its_question_and_described_by_its_ends() {
    let shown = shown("survey: 'nps'").await;
    assert_eq!(shown.attribute("fieldset", "role"), "radiogroup");
    assert_eq!(shown.attribute("fieldset", "aria-labelledby"), shown.attribute("legend", "id"));
    assert_eq!(
        shown.text("legend"),
        "How likely is it that you would recommend us to a friend or colleague?"
    );
    let described = shown.attribute("fieldset", "aria-describedby");
    let description = shown.text(&format!("#{described}")).replace(['\u{2068}', '\u{2069}'], "");
    assert_eq!(description, "0 means Not at all likely, 10 means Extremely likely.");
}

#[wasm_bindgen_test]
async fn the_region_and_the_close_button_have_names_and_closing_comes_first() {
    let shown = shown("survey: 'nps', langs: ['vi']").await;
    let pack = include_str!("../../locales/vi/pack.json");
    let named = |key: &str| json(&format!("({pack})['{key}']")).replace('"', "");
    assert_eq!(shown.attribute("section[role=region]", "aria-label"), named("region"));
    assert_eq!(shown.all("button, input, textarea")[0].class_name(), "close");
    assert_eq!(shown.attribute(".close", "aria-label"), named("close"));
}

#[wasm_bindgen_test]
async fn every_point_of_a_labelled_scale_says_its_number_and_its_meaning() {
    let shown = shown("survey: 'csat'").await;
    assert_eq!(shown.texts("label.point")[0], "1 Very dissatisfied");
    assert_eq!(shown.texts("label.point")[4], "5 Very satisfied");
}

#[wasm_bindgen_test]
async fn opening_leaves_the_focus_where_it_was() {
    fresh().await;
    let field = document().create_element("input").unwrap().unchecked_into::<HtmlElement>();
    document().body().unwrap().append_child(&field).unwrap();
    field.focus().unwrap();
    let _shown = mount_with("survey: 'nps'");
    until("page.events.length").await;
    assert_eq!(document().active_element().unwrap(), field.clone().unchecked_into());
    field.remove();
}

#[wasm_bindgen_test]
async fn a_region_that_speaks_is_there_before_its_words_and_speaks_once() {
    let shown = shown("survey: 'nps', product: 'Acme'").await;
    assert_eq!(shown.text("[role=status]"), "");
    js("page.said = []; page.region = document.querySelector('candor-test').shadowRoot.querySelector('[role=status]');
        new MutationObserver(() => page.said.push(page.region.textContent))
            .observe(page.region, {childList: true, characterData: true, subtree: true})");
    until("page.said.length").await;
    wait(500).await;
    assert_eq!(number("page.said.length"), 1.0, "{}", json("page.said"));
    let said = shown.text("[role=status]");
    assert!(said.contains("How likely is it that you would recommend"), "{said}");
}

#[wasm_bindgen_test]
async fn language_and_direction_are_on_the_root() {
    for (lang, tag, dir) in [
        ("en", "en", "ltr"),
        ("th", "th", "ltr"),
        ("zh-TW", "zh-Hant", "ltr"),
        ("vi", "vi", "ltr"),
        ("fa", "fa", "rtl"),
    ] {
        let shown = shown(&format!("survey: 'csat', langs: ['{lang}', 'en']")).await;
        assert_eq!((&*shown.attribute(".candor", "lang"), &*shown.attribute(".candor", "dir")), (tag, dir));
        assert_eq!(posted("locale"), format!("[\"{tag}\"]"));
        assert_eq!(posted("presentation.direction"), format!("[\"{dir}\"]"));
    }
}

#[wasm_bindgen_test]
async fn digits_are_those_of_the_locale_and_plain_on_the_wire() {
    for (lang, zero, ten) in [
        ("en", "0", "10"),
        ("th", "0", "10"),
        ("zh-Hant", "0", "10"),
        ("vi", "0", "10"),
        ("fa", "۰", "۱۰"),
        ("ar", "0", "10"),
        ("ar-EG", "٠", "١٠"),
        ("ar-SA", "٠", "١٠"),
        ("ar-MA", "0", "10"),
    ] {
        let shown = shown(&format!("survey: 'nps', langs: ['{lang}']")).await;
        let numbers = shown.texts(".number");
        assert_eq!((&*numbers[0], &*numbers[10]), (zero, ten), "{lang}");
        shown.radio(10).click();
        until("page.posts.length > 1").await;
        assert_eq!(posted("answers"), r#"[[],[{"question":"nps","rating":10}]]"#, "{lang}");
    }
}

#[wasm_bindgen_test]
async fn a_products_name_is_isolated() {
    let shown = shown("survey: 'nps', product: 'Acme (UK) 24/7', langs: ['ar']").await;
    assert_eq!(shown.texts("legend bdi"), ["Acme (UK) 24/7"]);
}

#[wasm_bindgen_test]
async fn nothing_is_written_through_inner_html() {
    let shown = shown("survey: 'csat', product: '<img src=x onerror=alert(1)>', privacy: '/privacy'").await;
    shown.radio(5).click();
    shown.click(".send");
    wait(50).await;
    assert_eq!(number("page.written"), 0.0);
    assert_eq!(shown.texts("legend bdi"), ["<img src=x onerror=alert(1)>"]);
}

#[wasm_bindgen_test]
async fn a_rating_stays_and_can_be_changed_while_the_follow_up_asks() {
    let shown = shown("survey: 'nps'").await;
    let question = || shown.text("label[for=comment]").replace(" Optional", "");
    shown.radio(9).focus().unwrap();
    shown.radio(9).click();
    wait(30).await;
    assert_eq!(question(), "What did we do well?");
    assert_eq!(shown.attribute(".candor", "data-step"), "follow-up");
    assert_eq!(
        shown.root.active_element().unwrap(),
        shown.radio(9).unchecked_into(),
        "the radio keeps the focus"
    );
    shown.radio(3).click();
    wait(30).await;
    assert_eq!(question(), "What should we improve first?");
    assert_eq!(shown.checked().as_deref(), Some("3"));
}

#[wasm_bindgen_test]
async fn what_was_heard_is_not_read_again_by_who_walks_through_the_page() {
    let shown = shown("survey: 'nps'").await;
    let status =
        "document.querySelector('candor-test').shadowRoot.querySelector('[role=status]').textContent";
    until(&format!("{status}.startsWith('Survey:')")).await;
    until(&format!("{status} == ''")).await;
    shown.radio(2).click();
    until(&format!("{status} != ''")).await;
    until(&format!("{status} == ''")).await;
    // At the end it stands for all to see.
    shown.click(".send");
    until(&format!("{status} == 'Sent.'")).await;
    wait(4_200).await;
    assert_eq!(shown.text("[role=status]"), "Sent.");
}

#[wasm_bindgen_test]
async fn a_comment_that_is_too_long_is_an_error_in_words_and_keeps_the_focus() {
    let shown = shown("survey: 'nps'").await;
    shown.radio(2).click();
    wait(30).await;
    let comment: web_sys::HtmlTextAreaElement = shown.one("textarea").unchecked_into();
    comment.set_value(&"é".repeat(5_001));
    shown.click(".send");
    wait(30).await;
    assert_eq!(shown.attribute("textarea", "aria-invalid"), "true");
    let error = shown.text("#error").replace(['\u{2068}', '\u{2069}'], "");
    assert_eq!(error, "Please keep your comment to 5,000 characters. (5,001\u{a0}/\u{a0}5,000)");
    assert_eq!(shown.root.active_element().unwrap(), comment.clone().unchecked_into());
    assert_eq!(shown.attribute(".candor", "data-step"), "follow-up");
    comment.set_value("é");
    js(
        "document.querySelector('candor-test').shadowRoot.querySelector('textarea').dispatchEvent(new Event('input', {bubbles: true}))",
    );
    wait(30).await;
    assert_eq!(shown.attribute("textarea", "aria-invalid"), "false");
    assert_eq!(shown.text("#error"), "");
}

#[wasm_bindgen_test]
async fn thanks_takes_the_focus_only_from_within() {
    for focused in [true, false] {
        let shown = shown("survey: 'nps'").await;
        shown.radio(9).click();
        wait(30).await;
        if focused {
            shown.one(".send").focus().unwrap();
        }
        shown.click(".send");
        assert_eq!(shown.root.active_element().map(|e| e.tag_name()), focused.then(|| "H2".to_owned()));
        until("page.posts.length == 3").await;
        wait(30).await;
        assert_eq!(shown.text("[role=status]"), "Sent.");
    }
}

#[wasm_bindgen_test]
async fn what_comes_under_the_pointer_takes_no_click_for_a_moment() {
    for motion in ["display: 'inline'", "display: 'popover'"] {
        let shown = shown(&format!("survey: 'nps', {motion}")).await;
        shown.radio(9).click();
        let takes = |selector| {
            js(&format!(
                "getComputedStyle(document.querySelector('candor-test').shadowRoot.querySelector('{selector}')).pointerEvents"
            ))
        };
        assert_eq!((takes(".send"), takes("input")), ("none".into(), "auto".into()));
        // A busy machine draws its frames late.
        until("getComputedStyle(document.querySelector('candor-test').shadowRoot.querySelector('.send')).pointerEvents == 'auto'").await;
    }
}

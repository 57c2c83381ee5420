//! What the page asks for, sense and nonsense.

use crate::page::*;
use candor::mount;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

#[wasm_bindgen_test]
async fn hostile_configurations_are_told_and_harm_nothing() {
    for config in [
        "null",
        "undefined",
        "42",
        "'nps'",
        "[]",
        "({})",
        "Symbol()",
        "(() => {})",
        "({survey: {}})",
        "({survey: '../../etc'})",
        "({survey: 'nps'})",
        "({survey: 'nps', site: 'No Such Site', endpoint: 'https://collect.example/'})",
        "({get survey() { throw new Error('no') }})",
        "new Proxy({}, {get() { throw new Error('no') }, has() { throw new Error('no') }})",
    ] {
        fresh().await;
        let host: HtmlElement = js("page.host()").unchecked_into();
        let _handle = mount(host.clone(), &js(config));
        until("page.events.length").await;
        assert_eq!(json("page.events.map(event => event.detail.code)"), "[\"config\"]", "{config}");
        assert!(!host.is_connected(), "{config}");
    }
}

#[wasm_bindgen_test]
async fn nonsense_that_has_a_default_goes_by_it() {
    let shown = shown(
        "survey: 'nps', display: 'hologram', theme: 'plaid', position: 7, send: {}, quiet: 'soon', accent: 'url(x)',
         langs: 'en', context: 'x', respondent: 12, privacy: 'javascript:alert(1)', product: 'p'.repeat(5000),
         once: Symbol(), test: 'false', touchpoint: 't'.repeat(500), page: 'https://a.example/?secret#too'",
    )
    .await;
    shown.radio(9).click();
    until("page.posts.length == 2").await;
    assert_eq!(
        json("page.events.filter(event => event.name == 'error').length"),
        "5",
        "{}",
        json("page.events")
    );
    assert!(shown.all("a").is_empty());
    assert_eq!(json("page.posts[1].response.context.product.length"), "256");
    assert_eq!(json("page.posts[1].response.touchpoint.length"), "64");
    assert_eq!(json("page.posts[1].response.page"), "\"https://a.example/\"");
    assert_eq!(json("page.posts[1].response.test === undefined"), "true");
}

#[wasm_bindgen_test]
async fn numbers_are_taken_for_the_texts_that_they_are() {
    let _shown =
        shown("survey: 'nps', quiet: 0, context: {order_id: 1042, gift: true, cart: {}}, test: true").await;
    assert_eq!(posted("context"), r#"[{"order_id":"1042","gift":"true"}]"#);
    assert_eq!(posted("test"), "[true]");
}

#[wasm_bindgen_test]
async fn an_attribute_without_a_value_marks_test_traffic() {
    let _shown = shown("survey: 'nps', test: '', context: ['a', 'b'], respondent: () => {}").await;
    assert_eq!(posted("test"), "[true]");
    assert_eq!(posted("context"), "[null]");
    assert_eq!(posted("respondent"), "[null]");
}

#[wasm_bindgen_test]
async fn a_token_goes_with_the_answer_when_there_is_one_and_is_cut_when_it_is_too_long() {
    for (options, expected) in [
        ("identity: 'e.y.J'", r#"[{"token":"e.y.J"}]"#),
        (
            "identity: 'e.y.J', respondent: {id: '7', attributes: {plan: 'pro'}}",
            r#"[{"id":"7","token":"e.y.J","attributes":{"plan":"pro"}}]"#,
        ),
        ("identity: '', respondent: {id: '7'}", r#"[{"id":"7"}]"#),
        ("identity: ' '", "[null]"),
        ("respondent: {}", "[null]"),
    ] {
        let _shown = shown(&format!("survey: 'nps', {options}")).await;
        assert_eq!(posted("respondent"), expected, "{options}");
    }
    let _shown = shown("survey: 'nps', identity: 'x'.repeat(5000)").await;
    assert_eq!(json("page.posts[0].response.respondent.token.length"), "4096");
}

#[wasm_bindgen_test]
async fn a_survey_of_a_server_is_asked_in_its_own_words() {
    fresh().await;
    let url = "https://api.example/v1/surveys/checkout-csat?locale=zh-TW,de&can=choice,pages,rules,scale,more&site=shop";
    serve(url, include_str!("../wire/survey.json"));
    let shown = mount_with(
        "survey: 'checkout-csat', site: 'shop', api: 'https://api.example/', langs: ['zh-TW', '', 'de&x', 'de'], product: '小店'",
    );
    until("page.events.length").await;
    assert_eq!(shown.text("legend"), "您對 小店 的滿意程度如何？");
    shown.radio(1).click();
    wait(30).await;
    assert!(shown.text("label[for=comment]").starts_with("我們最需要改善什麼？"));
    shown.radio(3).click();
    wait(30).await;
    assert!(shown.text("label[for=comment]").starts_with("最主要的原因是什麼？"));
}

#[wasm_bindgen_test]
async fn a_surveys_own_language_decides_the_other_words() {
    fresh().await;
    serve(
        "https://api.example/v1/surveys/checkout-csat?locale=vi&can=choice,pages,rules,scale,more&site=shop",
        include_str!("../wire/survey.json"),
    );
    let shown =
        mount_with("survey: 'checkout-csat', site: 'shop', api: 'https://api.example', langs: ['vi']");
    until("page.events.length").await;
    assert_eq!(shown.attribute(".candor", "lang"), "zh-Hant");
    assert_eq!(posted("locale"), r#"["zh-Hant"]"#);
}

#[wasm_bindgen_test]
async fn a_survey_may_bring_its_words_in_a_language_that_candor_lacks() {
    fresh().await;
    let survey = include_str!("../wire/survey.json").trim_end().trim_end_matches('}');
    let words = r#"{"lang": "he", "dir": "rtl", "close": "סגור", "zero": "०"}"#;
    serve(
        "https://api.example/v1/surveys/checkout-csat?locale=he,th&can=choice,pages,rules,scale,more&site=shop",
        &format!("{}, \"words\": {words}}}", survey.replace("zh-Hant", "he")),
    );
    let config = "survey: 'checkout-csat', site: 'shop', api: 'https://api.example', product: 'X', langs: ['he', 'th']";
    let shown = mount_with(config);
    until("page.events.length").await;
    assert_eq!(shown.attribute(".candor", "lang"), "he");
    assert_eq!(shown.attribute(".candor", "dir"), "rtl");
    assert_eq!(shown.attribute(".close", "aria-label"), "סגור");
    assert_eq!(shown.text(".number"), "१");
    assert!(!events().contains("error"), "what is missing is told by the server");
    assert_eq!(posted("locale"), r#"["he"]"#);
}

#[wasm_bindgen_test]
async fn a_page_may_say_everything_in_words_of_its_own() {
    fresh().await;
    let english: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(include_str!("../../locales/en/pack.json")).unwrap();
    let words = |lang: &str, without: &[&str]| {
        let mut words = english.clone();
        words.retain(|name, _| !without.contains(&name.as_str()) && name != "dir");
        for text in words.values_mut() {
            *text = format!("_{}", text.as_str().unwrap()).into();
        }
        words.insert("lang".into(), lang.into());
        words.insert("zero".into(), "0".into());
        serde_json::to_string(&words).unwrap()
    };
    let shown = |options: &str, lang: &str, without: &[&str]| {
        mount_with(&format!("{options}, langs: ['{lang}'], words: {}", words(lang, without)))
    };
    let told =
        || json("page.events.filter(event => event.name == 'error').map(event => event.detail.message)");
    let german = shown("survey: 'csat'", "de_AT.UTF-8", &["nps-question", "ces-low", "csat-question-plain"]);
    until("page.events.length").await;
    assert_eq!(german.attribute(".candor", "lang"), "de-AT");
    assert_eq!(german.attribute(".candor", "dir"), "ltr");
    assert_eq!(german.text("legend"), "How satisfied are you with your experience?");
    assert_eq!(german.attribute(".close", "aria-label"), "_Close");
    assert_eq!(german.texts(".label")[1], "_Dissatisfied");
    assert_eq!(
        told(),
        "[]",
        "words of other metrics, and what stands where a product is missing, are not missed"
    );

    fresh().await;
    let hebrew = shown("survey: 'csat', low: 'L'", "he", &["close", "csat-1", "csat-2", "followup"]);
    until("page.events.length > 1").await;
    assert_eq!(hebrew.attribute(".candor", "dir"), "rtl");
    assert_eq!(told(), r#"["data-text-…: close, csat-2, followup: English, for want of he."]"#);

    fresh().await;
    // A language that Candor speaks lacks nothing.
    let thai =
        mount_with("survey: 'nps', langs: ['th'], words: {lang: 'th', sned: 'x', close: 'X', dir: 'rtl'}");
    until("page.events.length > 1").await;
    assert_eq!(thai.attribute(".close", "aria-label"), "X");
    assert_eq!(thai.attribute(".candor", "lang"), "th");
    assert_eq!(thai.attribute(".candor", "dir"), "rtl");
    assert_eq!(told(), r#"["data-text-…: sned: not known, or no text. "]"#);

    fresh().await;
    mount_with("survey: 'nps', langs: ['?'], words: {lang: '?', close: 'X'}");
    until("page.events.some(event => event.name == 'shown')").await;
}

#[wasm_bindgen_test]
async fn words_that_are_no_texts_leave_candors_own_and_are_told() {
    fresh().await;
    let odd = "{lang: 'en', close: undefined, 'nps-question': null, 'not-now': ' ', never: {}, send: 5, region: Symbol()}";
    let shown = mount_with(&format!("survey: 'nps', langs: ['en'], privacy: '/p', words: {odd}"));
    until("page.events.some(event => event.name == 'shown')").await;
    assert_eq!(shown.attribute(".close", "aria-label"), "Close");
    assert_eq!(
        shown.text("legend"),
        "How likely is it that you would recommend us to a friend or colleague?"
    );
    assert_eq!(shown.texts(".outs button"), ["Not now", "Don’t ask again"]);
    let told = json("page.events.filter(event => event.name == 'error').map(event => event.detail.message)");
    let list = "close,nps-question,not-now,never,send,region";
    assert_eq!(told, format!("[\"data-text-…: {list}: not known, or no text. \"]"));

    fresh().await;
    let survey = include_str!("../wire/survey.json").trim_end().trim_end_matches('}');
    serve(
        "https://api.example/v1/surveys/checkout-csat?locale=vi&can=choice,pages,rules,scale,more&site=shop",
        &format!(
            "{survey}, \"words\": {{\"close\": null, \"csat-1\": {{}}, \"lang\": \"!!\", \"zero\": 7}}}}"
        ),
    );
    let shown =
        mount_with("survey: 'checkout-csat', site: 'shop', api: 'https://api.example', langs: ['vi']");
    until("page.events.length").await;
    assert_eq!(shown.attribute(".close", "aria-label"), "關閉");
    assert_eq!((shown.attribute(".candor", "lang"), shown.text(".number")), ("zh-Hant".into(), "1".into()));
}

#[wasm_bindgen_test]
async fn no_answer_names_a_language_that_the_server_would_refuse() {
    for (lang, posted_as) in [
        ("de-x-abcdefgh-abcdefgh-abcdefgh-abcdefgh", "de"),
        ("de-abcdefgh-bcdefghi-cdefghij-defghijk", "en"),
        ("ar-EG-u-nu-latn", "ar-EG"),
        ("de_AT.UTF-8", "de-AT"),
        ("klingon!", "en"),
    ] {
        fresh().await;
        mount_with(&format!("survey: 'nps', langs: ['{lang}'], words: {{lang: '{lang}', send: 'Go'}}"));
        until("page.posts.length").await;
        assert_eq!(posted("locale"), format!("[\"{posted_as}\"]"));
    }
}

#[wasm_bindgen_test]
async fn a_server_is_asked_for_languages_as_it_reads_them() {
    fresh().await;
    serve(
        "https://api.example/v1/surveys/checkout-csat?locale=th-TH,th,he,zh-Hant-TW&can=choice,pages,rules,scale,more&site=shop",
        include_str!("../wire/survey.json"),
    );
    mount_with(
        "survey: 'checkout-csat', site: 'shop', api: 'https://api.example', \
         langs: ['th_TH.UTF-8', 'th ', 'iw', 'a'.repeat(20000), 'th', undefined, 5, '&x=1', 'ZH_hant_tw', 'th-TH']",
    );
    until("page.events.length").await;
    assert!(!events().contains("error"), "{}", json("page.events.map(event => event.detail)"));
}

#[wasm_bindgen_test]
async fn only_a_digit_zero_makes_digits_and_it_goes_before_the_regions() {
    for (lang, zero, two) in [
        ("en", "5", "2"),
        ("en", "12", "2"),
        ("en", "<b>", "2"),
        ("en", "½", "2"),
        ("hi", "०", "२"),
        ("ar-EG", "0", "2"),
        ("fa", "0", "2"),
    ] {
        fresh().await;
        let shown = mount_with(&format!(
            "survey: 'csat', langs: ['{lang}'], words: {{lang: '{lang}', zero: '{zero}'}}"
        ));
        until("page.events.some(event => event.name == 'shown')").await;
        assert_eq!(shown.texts(".number")[1], two, "{lang}, {zero}");
    }
}

#[wasm_bindgen_test]
async fn english_is_not_missed_in_english_and_a_direction_is_one_of_two() {
    for (lang, dir, expect) in
        [("en_US", "up", "ltr"), ("eng", "RTL", "ltr"), ("en_US.UTF-8", "", "ltr"), ("fa", "up", "rtl")]
    {
        fresh().await;
        let words = format!("{{lang: '{lang}', send: 'Go'}}");
        let shown = mount_with(&format!("survey: 'nps', langs: ['{lang}'], words: {words}"));
        until("page.events.some(event => event.name == 'shown')").await;
        assert!(!events().contains("error"), "{lang}: {}", json("page.events.map(event => event.detail)"));
        assert_eq!(shown.attribute(".candor", "dir"), expect);
        fresh().await;
        let shown =
            mount_with(&format!("survey: 'nps', langs: ['{lang}'], words: {{lang: '{lang}', dir: '{dir}'}}"));
        until("page.events.some(event => event.name == 'shown')").await;
        assert_eq!(shown.attribute(".candor", "dir"), expect, "{lang}, {dir}");
    }
}

#[wasm_bindgen_test]
async fn a_survey_that_is_not_there_is_told_and_the_host_leaves() {
    for body in ["", "null", "{}", r#"{"id":"x","version":1,"metric":"nps","questions":[]}"#] {
        fresh().await;
        if !body.is_empty() {
            serve("https://api.example/v1/surveys/lost?locale=en", body);
        }
        let shown = mount_with("survey: 'lost', api: 'https://api.example'");
        until("page.events.length").await;
        assert_eq!(json("page.events[0].detail.code"), "\"definition\"");
        assert!(!shown.host.is_connected());
    }
}

#[wasm_bindgen_test]
async fn without_its_pack_a_survey_speaks_english() {
    fresh().await;
    js("page.files = {}");
    let shown = mount_with("survey: 'nps', langs: ['fa']");
    until("page.events.length > 1").await;
    assert_eq!(
        json("page.events.slice(0, 2).map(event => event.detail.code || event.name)"),
        r#"["pack","shown"]"#
    );
    assert_eq!((&*shown.attribute(".candor", "lang"), &*shown.attribute(".candor", "dir")), ("en", "ltr"));
    assert_eq!(shown.text(".number"), "0");
}

#[wasm_bindgen_test]
async fn the_pages_own_words_come_first() {
    let shown = shown(
        "survey: 'nps', question: 'Would you tell {product}?', low: 'Never', high: 'Always', followup: 'And why?', product: 'Bo'",
    )
    .await;
    assert_eq!(shown.text("legend"), "Would you tell Bo?");
    assert_eq!(shown.texts(".ends > span"), ["0 Never", "10 Always"]);
    shown.radio(0).click();
    wait(30).await;
    assert!(shown.text("label[for=comment]").starts_with("And why?"));
}

#[wasm_bindgen_test]
async fn own_words_that_cannot_be_filled_in_are_told() {
    let shown = shown("survey: 'nps', question: 'How about {product}?', followup: 'Why?'").await;
    assert!(shown.text("legend").starts_with("How likely"));
    assert_eq!(
        json("page.events.filter(event => event.name == 'error').map(event => event.detail.message)"),
        r#"["question: expected a product and a task for its placeholders"]"#
    );
}

#[wasm_bindgen_test]
async fn an_accent_is_the_fill_with_black_or_white_on_it() {
    let own = |shown: &Shown, name: &str| {
        shown.one(".candor").style().get_property_value(&format!("--_candor-{name}")).unwrap()
    };
    for (accent, fill, on) in
        [("yellow", "rgb(255,255,0)", "#000"), ("#0052cc", "rgb(0,82,204)", "#fff"), ("gray", "", "")]
    {
        let shown = shown(&format!("survey: 'nps', accent: '{accent}', theme: 'light'")).await;
        assert_eq!((own(&shown, "fill"), own(&shown, "on")), (fill.to_owned(), on.to_owned()), "{accent}");
        let style = window().get_computed_style(&shown.one(".candor")).unwrap().unwrap();
        assert_eq!(style.get_property_value("color-scheme").unwrap(), "light");
    }
}

#[wasm_bindgen_test]
async fn the_browser_chooses_the_same_language_as_the_server() {
    fresh().await;
    let told = |wanted: &str| {
        let wanted: Vec<String> = serde_json::from_str(wanted).unwrap();
        let chosen = candor_survey::Language::negotiate(&wanted, &candor_survey::LANGUAGES);
        (chosen.tag, chosen.region)
    };
    for wanted in [
        r#"["th"]"#,
        r#"["TH"]"#,
        r#"["tlh", "vi", "fa"]"#,
        r#"["th-TH", "en-US"]"#,
        r#"["en-GB", "th"]"#,
        "[]",
        r#"["zh-Hant"]"#,
        r#"["zh-Hant-CN"]"#,
        r#"["zh-TW"]"#,
        r#"["zh-HK"]"#,
        r#"["zh-MO"]"#,
        r#"["zh"]"#,
        r#"["zh-CN", "vi"]"#,
        r#"["zh-Hans-TW"]"#,
        r#"["zh-AU"]"#,
        r#"["ar-Latn", "vi"]"#,
        r#"["fa-Arab-IR"]"#,
        r#"["ar-EG"]"#,
        r#"["ar-sa"]"#,
        r#"["ar-001"]"#,
        r#"["fa-AF"]"#,
        r#"["prs"]"#,
        r#"["pes-IR"]"#,
        r#"["arb"]"#,
        r#"["zho-TW"]"#,
        r#"["cmn", "tha"]"#,
        r#"["ZH_hant_tw"]"#,
        r#"["th_TH.UTF-8"]"#,
        r#"[" vi-VN "]"#,
        r#"["fa_IR@calendar=persian"]"#,
        r#"["ar-u-nu-arab"]"#,
        r#"["ar-EG-u-nu-latn"]"#,
        r#"["en-x-us-th"]"#,
        r#"["x-th", "vi"]"#,
        r#"["", "*", "-en", "12", "english", "fa"]"#,
        r#"["th😀", "vi"]"#,
    ] {
        let (tag, region) = told(wanted);
        let english = include_str!("../../locales/en/pack.json").replace('\n', "");
        // The pack that is asked for, and of its digits those of the region that is told.
        js(&format!("for (const tag of ['th', 'zh-Hant', 'vi', 'fa', 'ar'])
            page.files[`https://assets.example/w/${{tag}}.json`] = JSON.stringify({{...{english}, tag, region: tag, 'zero-EG': '٠', 'zero-AF': '۰'}}); 0"));
        let shown = mount_with(&format!("survey: 'nps', langs: {wanted}"));
        until("page.events.some(event => event.name == 'shown')").await;
        assert_eq!(shown.attribute(".candor", "lang"), tag, "{wanted}");
        let digit = if matches!(region.as_deref(), Some("EG")) {
            "٠"
        } else if matches!(region.as_deref(), Some("AF")) {
            "۰"
        } else {
            "0"
        };
        assert_eq!(shown.text(".number"), digit, "{wanted}: {region:?}");
        shown.handle.unmount(false);
        js("page.reset()");
    }
}

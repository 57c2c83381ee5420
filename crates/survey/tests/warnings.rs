//! What the field advises against: each rule fires on what is wrong and leaves what is right alone.

#![cfg(feature = "authored")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use candor_survey::{AuthoredSite, LANGUAGES};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

/// The keys of the warnings that a site gets, each with what is said.
#[track_caller]
fn warnings(site: &Value) -> Vec<(String, String)> {
    let mut site: AuthoredSite = serde_json::from_value(site.clone()).unwrap();
    assert_eq!(site.check(), []);
    site.warnings().into_iter().map(|warning| (warning.field, warning.reason)).collect()
}

fn site(survey: Value) -> Value {
    let mut whole = json!({"id": "s", "version": 1, "metric": "csat"});
    whole.as_object_mut().unwrap().extend(survey.as_object().unwrap().clone());
    json!({"site": "shop", "origins": ["*"], "survey": [whole]})
}

#[track_caller]
fn of(survey: Value) -> Vec<(String, String)> {
    warnings(&site(survey))
}

#[track_caller]
fn keys(survey: Value) -> Vec<String> {
    of(survey).into_iter().map(|(key, _)| key).collect()
}

/// What is said of a rating's text whose ends are labelled.
#[track_caller]
fn said(tag: &str, text: &str) -> Vec<String> {
    let end = json!({tag: "x"});
    let question = json!({"id": "q", "kind": "rating", "text": {tag: text}, "low": end, "high": end});
    let said = of(json!({"question": [question]}));
    said.into_iter().map(|(_, reason)| reason).collect()
}

/// Asks one thing, however many words there are for it.
const ASKS_ONE: [(&str, &str); 30] = [
    ("en", "How likely is it that you would recommend us to a friend or colleague?"),
    ("en", "How easy or difficult was it to pay?"),
    ("en", "How satisfied are you with our delivery and returns page?"),
    ("en", "How satisfied are you with our terms and conditions?"),
    ("en", "When and where did you first hear of us?"),
    ("en", "How easy was it to find the search and order history?"),
    ("en", "How satisfied are you with our customer service and support?"),
    ("en", "Hungry? How satisfied are you with the quality of your meal?"),
    ("en", "How are you? How satisfied are you with what we do and how it works?"),
    ("en", "Overall, and thinking of the last month, how satisfied are you with our service?"),
    ("th", "คุณมีแนวโน้มที่จะแนะนำเราให้เพื่อนหรือเพื่อนร่วมงานมากน้อยเพียงใด"),
    ("th", "การชำระเงินง่ายหรือยากเพียงใด"),
    ("th", "คุณพึงพอใจกับหน้าสินค้าและบริการของเรามากน้อยเพียงใด"),
    ("th", "คุณพึงพอใจกับคุณภาพของสินค้ามากน้อยเพียงใด"),
    ("zh-Hant", "您向朋友或同事推薦我們的可能性有多大？"),
    ("zh-Hant", "您覺得結帳的難易程度如何？"),
    ("zh-Hant", "您對我們商品和服務頁面的滿意程度如何？"),
    ("zh-Hant", "您對這次配送的滿意程度如何？"),
    ("vi", "Khả năng bạn sẽ giới thiệu chúng tôi cho bạn bè hoặc đồng nghiệp là bao nhiêu?"),
    ("vi", "Bạn thấy việc thanh toán dễ hay khó?"),
    ("vi", "Bạn hài lòng đến mức nào với trang sản phẩm và dịch vụ?"),
    ("vi", "Bạn hài lòng đến mức nào với tốc độ giao hàng?"),
    ("fa", "احتمال اینکه ما را به دوستان یا همکارانتان توصیه کنید چقدر است؟"),
    ("fa", "پرداخت آسان بود یا سخت؟"),
    ("fa", "چقدر از صفحهٔ محصولات و خدمات رضایت دارید؟"),
    ("fa", "چقدر از سرعت ارسال رضایت دارید؟"),
    ("ar", "ما مدى احتمال ترشيحنا لصديق أو زميل؟"),
    ("ar", "هل كان الدفع سهلًا أم صعبًا؟"),
    ("ar", "ما مدى رضاك عن صفحة المنتجات والخدمات؟"),
    ("ar", "ما مدى رضاك عن سرعة التوصيل؟"),
];

/// Asks two.
const ASKS_TWO: [(&str, &str, &str); 30] = [
    ("en", "How satisfied are you with our price and service?", "price and service"),
    ("en", "How satisfied are you with the speed and the quality of our support?", "speed and quality"),
    ("en", "Was our staff fast and friendly?", "fast and friendly"),
    ("en", "How friendly and how helpful was our team?", "friendly and helpful"),
    ("en", "How easy was it to find and buy what you wanted?", "to find and to buy"),
    ("en", "How easy was it to find a product and pay for it?", "to find and to pay"),
    ("en", "How satisfied are you with your order, and why?", "two things"),
    ("en", "Was it easy to pay? Was it fast?", "two things"),
    ("en", "How likely are you to recommend our products or services to a friend?", "products and services"),
    ("en", "How would you rate our food & service?", "food and service"),
    ("th", "คุณพึงพอใจกับราคาและคุณภาพของสินค้ามากน้อยเพียงใด", "ราคา and คุณภาพ"),
    ("th", "พนักงานของเราสุภาพและรวดเร็วเพียงใด", "สุภาพ and รวดเร็ว"),
    ("th", "คุณพึงพอใจกับการจัดส่ง และการชำระเงิน มากน้อยเพียงใด", "จัดส่ง and ชำระเงิน"),
    ("th", "คุณพึงพอใจกับสินค้าหรือบริการของเรามากน้อยเพียงใด", "สินค้า and บริการ"),
    ("zh-Hant", "您對價格和服務的滿意程度如何？", "價格 and 服務"),
    ("zh-Hant", "您對產品品質及服務態度滿意嗎？", "品質 and 服務"),
    ("zh-Hant", "我們的客服是否親切又專業？", "親切 and 專業"),
    ("zh-Hant", "結帳容易嗎？您對配送的滿意程度如何？", "two things"),
    ("vi", "Bạn hài lòng đến mức nào với giá cả và dịch vụ?", "giá cả and dịch vụ"),
    ("vi", "Nhân viên của chúng tôi có nhanh và thân thiện không?", "nhanh and thân thiện"),
    ("vi", "Bạn hài lòng đến mức nào với chất lượng sản phẩm và thái độ nhân viên?", "sản phẩm and thái độ"),
    ("vi", "Việc đặt hàng có dễ không? Giao hàng có nhanh không?", "two things"),
    ("fa", "چقدر از قيمت و كيفيت رضايت داريد؟", "قیمت and کیفیت"),
    ("fa", "آیا پاسخ ما سریع و دوستانه بود؟", "سریع and دوستانه"),
    ("fa", "چقدر از سرعت ارسال و بسته‌بندی رضایت دارید؟", "ارسال and بسته‌بندی"),
    ("fa", "آیا خرید آسان بود؟ چقدر از ارسال رضایت دارید؟", "two things"),
    ("ar", "ما مدى رضاك عن السعر والجودة؟", "سعر and جودة"),
    ("ar", "هل كان الرد سريعًا وودودًا؟", "سريع and ودود"),
    ("ar", "ما مدى رضاك عن أسعارنا وخدماتنا؟", "أسعار and خدمات"),
    ("ar", "ما مدى رضاك عن سرعة التوصيل أو جودة التغليف؟", "توصيل and جودة"),
];

#[test]
fn a_question_that_asks_one_thing_is_left_alone() {
    let wrong: Vec<_> = ASKS_ONE.iter().map(|(tag, text)| (text, said(tag, text))).collect();
    let wrong: Vec<_> = wrong.into_iter().filter(|(_, said)| !said.is_empty()).collect();
    assert_eq!(wrong, []);
}

#[test]
fn a_question_that_asks_two_things_is_named_with_both() {
    let is_told = |(tag, text, things): &(&str, &str, &str)| {
        let expected = format!("asks about {things} at once, so that nobody can tell which of them");
        matches!(&said(tag, text)[..], [reason] if reason.starts_with(&expected))
    };
    let missed: Vec<_> =
        ASKS_TWO.iter().filter(|row| !is_told(row)).map(|(tag, text, _)| (text, said(tag, text))).collect();
    assert_eq!(missed, []);
}

#[test]
fn what_a_choice_lets_one_choose_from_is_no_pair() {
    let option = |id: &str| json!({"id": id, "text": {"en": "x"}});
    let question = |text: &str| {
        let options = [option("a"), option("b")];
        keys_of(vec![json!({"id": "c", "kind": "choice", "text": {"en": text}, "option": options})])
    };
    assert_eq!(question("Which matters more to you, price or service?"), [""; 0]);
    assert_eq!(question("How was our price and service?"), ["survey[0].question[0].text.en"]);
}

#[test]
fn an_open_question_may_ask_about_two_things_and_a_choice_may_not() {
    let two = json!({"en": "What do you think of our price and service?"});
    let option = |id: &str| json!({"id": id, "text": {"en": "x"}});
    let rating = json!({"id": "r", "kind": "rating"});
    let text = json!({"id": "t", "kind": "text", "text": two, "favourable": two});
    let choice = json!({"id": "c", "kind": "choice", "text": two, "option": [option("a"), option("b")]});
    assert_eq!(keys(json!({"question": [rating, text, choice]})), ["survey[0].question[2].text.en"]);
}

#[test]
fn wording_that_suggests_its_answer_is_named_and_other_wording_is_not() {
    let leading = [
        ("en", "How great was our service?", "how great"),
        ("en", "Don’t you love the new shop?", "don't you"),
        ("en", "How satisfied are you with our amazing support?", "our amazing"),
        ("en", "How satisfied are you with our truly excellent support?", "our truly excellent"),
        ("en", "How much did you enjoy your visit?", "how much did you enjoy"),
        ("en", "Do you agree that ordering is easy?", "do you agree"),
        ("en", "Ordering was easy, wasn't it?", "wasn't it"),
        ("en", "Ordering was easy, right?", "right"),
        ("en", "Most of our customers recommend us. Would you?", "most of our customers recommend"),
        ("de", "Wie toll fanden Sie unseren Service?", "wie toll"),
        ("de", "Wie zufrieden sind Sie mit unserem großartigen Service?", "unserem großartigen"),
        ("th", "บริการของเรายอดเยี่ยมแค่ไหน", "ยอดเยี่ยมแค่ไหน"),
        ("zh-Hant", "您不覺得我們的服務很好嗎？", "您不覺得"),
        ("vi", "Dịch vụ của chúng tôi tuyệt vời đến mức nào?", "tuyệt vời đến mức nào"),
        ("fa", "خدمات ما چقدر عالی بود؟", "چقدر عالی"),
        ("ar", "ما رأيك في خدمتنا الرائعة؟", "خدمتنا الرائعة"),
        ("ar", "أليس الطلب سهلًا؟", "أليس"),
    ];
    let is_told = |tag, text, cue: &str| {
        let expected = format!("\"{cue}\" suggests the answer");
        matches!(&said(tag, text)[..], [reason] if reason.starts_with(&expected))
    };
    let missed: Vec<_> = leading
        .iter()
        .filter(|(tag, text, cue)| !is_told(tag, text, cue))
        .map(|(tag, text, _)| (text, said(tag, text)))
        .collect();
    assert_eq!(missed, []);

    let neutral = [
        ("en", "How good or bad was our service?"),
        ("en", "How great or poor was our service?"),
        ("en", "How would you rate our service, from poor to excellent?"),
        ("en", "How great is your need for help?"),
        ("en", "What didn't you like?"),
        ("en", "To what extent do you agree or disagree that ordering was easy?"),
        ("en", "To what extent do you agree that ordering was easy?"),
        ("en", "Which of these would you most recommend?"),
        ("en", "Did we get your order right?"),
        ("en", "How much do you use the shop?"),
        ("de", "Wie zufrieden sind Sie mit unserem Service?"),
        ("th", "คุณพึงพอใจกับบริการของเราหรือไม่"),
        ("zh-Hant", "您覺不覺得我們的服務有改善？"),
        ("vi", "Bạn có phải không hài lòng với điều gì không?"),
        ("fa", "چقدر از خدمات ما رضایت دارید؟"),
        ("ar", "ما رأيك في خدمتنا؟"),
    ];
    let wrong: Vec<_> = neutral.iter().map(|(tag, text)| (text, said(tag, text))).collect();
    let wrong: Vec<_> = wrong.into_iter().filter(|(_, said)| !said.is_empty()).collect();
    assert_eq!(wrong, []);
}

#[test]
fn candors_own_questions_ask_one_thing_and_suggest_nothing() {
    let mut looked_at = 0;
    for tag in LANGUAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../locales/{tag}/pack.json"));
        let pack: BTreeMap<String, String> =
            serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        for (name, text) in pack.iter().filter(|(name, _)| name.contains("-question")) {
            assert_eq!(said(tag, text), [""; 0], "{tag}: {name}");
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, 6 * LANGUAGES.len());
}

#[test]
fn the_words_and_options_of_a_site_are_read_as_its_questions_are() {
    let two = "How satisfied are you with the price and the service?";
    let mut whole = site(json!({"options": {"question": two}, "words": {"en": {"nps-question-plain": two}}}));
    whole["words"] = json!({"en": {"csat-question": two, "thanks": "How great was that?"}});
    let keys: Vec<_> = warnings(&whole).into_iter().map(|(key, _)| key).collect();
    let expected =
        ["words.en.csat-question", "survey[0].words.en.nps-question-plain", "survey[0].options.question"];
    assert_eq!(keys, expected);
}

#[test]
fn a_scale_whose_labels_answer_another_question_is_named_with_the_ends_that_it_lacks() {
    let rating = |keys: Value| {
        let mut question = json!({"id": "q", "kind": "rating", "text": {"en": "How fresh was it?"}});
        question.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        json!({"question": [question]})
    };
    let told = |keys: Value| of(rating(keys)).into_iter().map(|(_, reason)| reason).collect::<Vec<_>>();
    let missing = |ends: &str| {
        vec![format!(
            "Candor's labels for csat answer another question than this, and leave open what the points mean: give it {ends}"
        )]
    };
    assert_eq!(keys(rating(json!({}))), ["survey[0].question[0].text.en"]);
    assert_eq!(told(json!({})), missing("low.en and high.en"));
    assert_eq!(told(json!({"low": {"en": "Stale"}})), missing("high.en"));
    assert_eq!(told(json!({"low": {"en": "Stale"}, "high": {"de": "Frisch"}})), missing("high.en"));
    assert_eq!(told(json!({"low": {"en": "Stale"}, "high": {"en": "Fresh"}})), [""; 0]);

    // The labels of the metric fit, the site has its own, or Candor has none in the language and says so elsewhere.
    for (metric, tag, text) in [
        ("csat", "en", "How satisfied are you with the bread?"),
        ("ces", "en", "Was it easy to pay?"),
        ("nps", "en", "Would you recommend us?"),
        ("csat", "de", "Wie frisch war es?"),
        ("ces", "zh-Hant", "您覺得結帳的難易程度如何？"),
        ("ces", "fa", "مرجوع کردن بسته آسان بود؟"),
    ] {
        assert_eq!(told(json!({"metric": metric, "text": {tag: text}})), [""; 0], "{text}");
    }
    for (metric, tag, text) in [
        ("ces", "en", "How reasonable was it?"),
        ("nps", "th", "ขนมปังสดเพียงใด"),
        ("csat", "zh-Hant", "在 {product} 訂購順利嗎？"),
        ("csat", "vi", "Bánh mì tươi đến mức nào?"),
        ("csat", "fa", "نان چقدر تازه بود؟"),
        ("csat", "ar", "ما مدى طزاجة الخبز؟"),
    ] {
        assert_eq!(told(json!({"metric": metric, "text": {tag: text}})).len(), 1, "{text}");
    }
    let with = |key: &str, value: Value| {
        let mut survey = rating(json!({}));
        survey[key] = value;
        of(survey).len()
    };
    assert_eq!(with("words", json!({"en": {"csat-1": "Stale", "csat-5": "Fresh"}})), 0);
    assert_eq!(with("words", json!({"en": {"csat-1": "Stale"}})), 1);
    assert_eq!(with("options", json!({"low": "Stale", "high": "Fresh"})), 0);
}

#[test]
fn the_options_labels_are_those_of_the_first_rating_alone() {
    let rating = |id: &str| json!({"id": id, "kind": "rating", "text": {"en": "How fresh was it?"}});
    let survey =
        json!({"options": {"low": "Stale", "high": "Fresh"}, "question": [rating("a"), rating("b")]});
    assert_eq!(keys(survey), ["survey[0].question[1].text.en"]);
}

#[test]
fn whoever_may_be_asked_too_often_is_named() {
    let nps = |options: Value| of(json!({"metric": "nps", "options": options}));
    let csat = |options: Value| of(json!({"options": options}));
    let key = "survey[0].options.quiet";
    let is_told = |told: Vec<(String, String)>, part: &str| matches!(&told[..], [(at, reason)] if at == key && reason.contains(part));
    let often = "for an NPS again";
    assert!(is_told(nps(json!({"quiet": "89,30"})), "after 89 days for an NPS again"));
    assert!(is_told(nps(json!({"quiet": "0", "trigger": "event=paid"})), "at once for an NPS again"));
    assert!(is_told(nps(json!({"quiet": "7", "display": "inline"})), often));
    assert!(is_told(nps(json!({"quiet": "7", "trigger": "manual exit"})), often));
    assert!(is_told(
        of(json!({"options": {"quiet": "30", "trigger": "idle=5"},
        "question": [{"id": "c", "kind": "rating"}, {"id": "n", "kind": "rating", "metric": "nps"}]})),
        often
    ));
    for options in [
        json!({}),
        json!({"quiet": "90,30"}),
        json!({"quiet": "90"}),
        json!({"quiet": "0", "trigger": "manual"}),
        json!({"quiet": "0", "trigger": "click=#feedback url=/help*"}),
        json!({"quiet": "0", "once": "2026-q4"}),
    ] {
        assert_eq!(nps(options.clone()), [], "{options}");
    }

    for (options, whom) in [
        (json!({"quiet": "0"}), "answered"),
        (json!({"quiet": "0", "trigger": "url=/shop/* sample=0.1"}), "answered"),
        (json!({"quiet": "30,0", "trigger": "exit"}), "closed"),
        (json!({"quiet": "0", "trigger": "selector=#x"}), "answered"),
        (json!({"quiet": "0", "trigger": "event=paid scroll=50"}), "answered"),
        (json!({"quiet": "0", "trigger": "idle=5", "display": "popover"}), "answered"),
    ] {
        let part = format!("asks whoever has just {whom} it again on the next page");
        assert!(is_told(csat(options.clone()), &part), "{options}: {:?}", csat(options.clone()));
    }
    for options in [
        json!({}),
        json!({"quiet": "7"}),
        json!({"quiet": "0", "trigger": "event=paid"}),
        json!({"quiet": "0", "trigger": "manual url=/"}),
        json!({"quiet": "0", "trigger": "load", "once": "x"}),
        // An article's own question, in the article.
        json!({"quiet": "0", "display": "inline"}),
    ] {
        assert_eq!(csat(options.clone()), [], "{options}");
    }
}

#[test]
fn a_public_review_asked_of_the_satisfied_alone_is_named() {
    let please = json!({"en": "Would you leave a review on Google?"});
    let rating = json!({"id": "nps", "kind": "rating", "metric": "nps"});
    let with = |keys: Value| {
        let mut question = json!({"id": "t", "kind": "text"});
        question.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        keys_of(vec![rating.clone(), question])
    };
    let band = |band: &str| json!({"all": [{"question": "nps", "band": band}]});
    let points = |points: Value| json!({"any": [{"question": "nps", "points": points}]});
    let other = json!({"en": "What should we improve?"});
    for (keys, key) in [
        (json!({"favourable": please}), "favourable.en"),
        (json!({"favourable": please, "unfavourable": other}), "favourable.en"),
        (json!({"text": please, "unfavourable": other}), "text.en"),
        (json!({"text": please, "when": band("favourable")}), "when"),
        (json!({"text": please, "when": band("neutral")}), "when"),
        (json!({"text": please, "when": points(json!([8, 9, 10]))}), "when"),
        (json!({"favourable": {"en": "Tell others in the App Store!"}}), "favourable.en"),
        (json!({"favourable": {"en": "Find us on Trustpilot."}}), "favourable.en"),
        (json!({"favourable": {"th": "ช่วยเขียนรีวิวให้เรา"}}), "favourable.th"),
        (json!({"favourable": {"zh-Hant": "請給我們五星好評"}}), "favourable.zh-Hant"),
        (json!({"favourable": {"vi": "Hãy để lại đánh giá"}}), "favourable.vi"),
        (json!({"favourable": {"fa": "نظر خود را در گوگل بنویسید"}}), "favourable.fa"),
        (json!({"favourable": {"ar": "اترك تقييمًا على جوجل"}}), "favourable.ar"),
    ] {
        assert_eq!(with(keys.clone()), [format!("survey[0].question[1].{key}")], "{keys}");
    }
    for keys in [
        json!({"text": please}),
        json!({"favourable": please, "text": please, "unfavourable": please}),
        json!({"favourable": please, "unfavourable": {"en": "Please leave a review."}}),
        json!({"text": please, "when": band("unfavourable")}),
        json!({"text": please, "when": points(json!([6, 9]))}),
        json!({"text": please, "when": {"any": [{"question": "nps", "band": "favourable"}, {"attribute": "plan", "is": "pro"}]}}),
        json!({"text": please, "when": {"all": [{"question": "nps", "answered": true}]}}),
        json!({"favourable": {"en": "What did you like? Did Google help?"}}),
        json!({"favourable": {"en": "What would you tell a friend?"}}),
    ] {
        assert_eq!(with(keys.clone()), [""; 0], "{keys}");
    }
    let gated = json!({"id": "t", "kind": "text", "text": please, "when": band("favourable")});
    let others = json!({"id": "u", "kind": "text", "text": please, "when": band("unfavourable")});
    assert_eq!(keys_of(vec![rating, gated, others]), [""; 0], "everyone is asked");
}

#[track_caller]
fn keys_of(questions: Vec<Value>) -> Vec<String> {
    keys(json!({"question": questions}))
}

#[test]
fn a_scale_that_another_version_did_not_have_is_named_under_the_same_id_alone() {
    let survey = |version: u32, question: Value| {
        let mut site: AuthoredSite =
            serde_json::from_value(site(json!({"version": version, "question": [question]}))).unwrap();
        assert_eq!(site.check(), []);
        site.surveys.remove(0)
    };
    let five = survey(1, json!({"id": "q", "kind": "rating"}));
    let rescaled = |question: Value| {
        let found = survey(2, question).rescaled(&five);
        found.into_iter().map(|warning| (warning.field, warning.reason)).collect::<Vec<_>>()
    };
    let seven = |keys: Value| {
        let mut question = json!({"id": "q", "kind": "rating", "scale": "1-7", "favourable_points": 2});
        question.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        rescaled(question)
    };
    let because = "version 1 asks q on 1-5 in numbers (2 favourable), this one on 1-7 in numbers (2 favourable), so that scores leave its \
                   answers out: give the question another id";
    assert_eq!(seven(json!({})), [("question[0].scale".to_owned(), because.to_owned())]);
    let top_box = rescaled(json!({"id": "q", "kind": "rating", "favourable_points": 1}));
    assert_eq!(top_box.len(), 1);
    assert_eq!(top_box[0].0, "question[0].favourable_points");
    assert_eq!(rescaled(json!({"id": "q", "kind": "rating", "scale": "1-5"})), []);
    assert_eq!(seven(json!({"id": "q7"})), []);
    assert_eq!(seven(json!({"metric": "ces"})), [], "another metric is a mistake");
}

#[test]
fn a_review_that_an_ending_or_a_link_asks_of_the_satisfied_alone_is_gating() {
    let found = |survey: &str| -> Vec<String> {
        let json = format!(
            r#"{{"site": "shop", "origins": ["*"], "survey": [{{"id": "s", "version": 1, "metric": "nps", {survey}}}]}}"#
        );
        let mut site: AuthoredSite = serde_json::from_str(&json).unwrap();
        assert_eq!(site.check(), []);
        site.warnings().into_iter().map(|warning| warning.field).collect()
    };
    let review = "Please leave us a review on Google";
    let ending = |others: &str| format!(r#""ending": {{"favourable": {{"en": "{review}"}}{others}}}"#);
    assert_eq!(found(&ending("")), ["survey[0].ending.favourable.en"]);
    assert_eq!(found(&ending(&format!(r#", "unfavourable": {{"en": "{review}"}}"#))), [""; 0]);
    let link = |when: &str| {
        format!(
            r#""question": [{{"id": "nps", "kind": "rating"}}, {{"id": "l", "kind": "link", "text": {{"en": "Thank you."}},
                "href": "https://reviews.example", "label": {{"en": "{review}"}}{when}}}]"#
        )
    };
    assert_eq!(found(&link("")), [""; 0], "everyone is asked");
    let of_promoters = r#", "when": {"all": [{"question": "nps", "band": "favourable"}]}"#;
    assert_eq!(found(&link(of_promoters)), ["survey[0].question[1].when"]);
}

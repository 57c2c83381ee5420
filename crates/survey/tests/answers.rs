//! What may be kept of what arrives, and what is refused, for surveys with scales, choices and rules.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may fail loudly; clippy.toml lets test functions, but not their helpers"
)]

use candor_survey::{CheckedResponse, Invalid, NewResponse, State, Survey};
use serde_json::{Value, json};

/// A survey that asks this.
fn asking(questions: Value) -> Survey {
    let survey = json!({"id": "s", "version": 1, "metric": "csat", "questions": questions});
    serde_json::from_value(survey).unwrap()
}

/// A response to it that has come so far.
fn response(state: &str, answers: Value) -> Value {
    json!({
        "v": 1, "id": "0192f5e4-7c1b-7a44-8000-000000000001", "revision": 1, "state": state, "site": "shop", "survey": "s",
        "survey_version": 1, "locale": "en", "answers": answers,
        "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
    })
}

fn check(survey: &Survey, response: Value) -> Result<CheckedResponse, Invalid> {
    serde_json::from_value::<NewResponse>(response).unwrap().check(survey)
}

/// The field that is wrong of a partial response, and what was expected.
#[track_caller]
fn refused(survey: &Survey, answers: Value) -> (String, String) {
    let invalid = check(survey, response("partial", answers.clone())).expect_err(&answers.to_string());
    (invalid.field, invalid.expected)
}

#[test]
fn what_was_sent_of_the_sending_is_told_as_it_was() {
    let mut sent = response("partial", on(Some("1-7"), 5));
    (sent["revision"], sent["age_ms"]) = (json!(7), json!(1_840));
    let checked = check(&seven(), sent).unwrap();
    let told = (checked.id(), checked.revision(), checked.age_ms());
    assert_eq!(told, ("0192f5e4-7c1b-7a44-8000-000000000001", 7, 1_840));
}

/// A field of this length, and one that is a character too long.
fn lengths(max: usize) -> [Value; 2] {
    [json!("快".repeat(max)), json!("快".repeat(max + 1))]
}

/// So many entries, with a key and a value of these lengths.
fn entries(n: usize, key: usize, value: usize) -> Value {
    (0..n)
        .map(|i| (format!("{i:0>key$}"), json!("快".repeat(value))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn each_field_is_taken_up_to_its_limit_and_named_beyond() {
    let tag = |length: usize| format!("en{}", "-aaaaaaaa".repeat(8)).split_at(length).0.to_owned();
    let [site, long_site] = [64, 65].map(|length| json!("s".repeat(length)));
    let [touchpoint, long_touchpoint] = lengths(64);
    let [page, long_page] = lengths(2_048);
    let [id, long_id] = lengths(128);
    for (field, right, wrong, expected) in [
        ("/v", json!(1), json!(2), "v: expected the wire version 1"),
        ("/revision", json!(1), json!(0), "revision: expected an integer from 1"),
        ("/site", site, long_site, "site: expected 1 to 64 of"),
        ("/survey", json!("s"), json!("t"), "survey: expected s"),
        ("/survey_version", json!(1), json!(2), "survey_version: expected 1"),
        ("/locale", json!(tag(35)), json!(tag(36)), "locale: expected a language tag of at most 35"),
        ("/locale", json!("zh-419"), json!(""), "locale: expected a language tag"),
        ("/locale", json!("de"), json!("d_e"), "locale: expected a language tag"),
        ("/touchpoint", touchpoint, long_touchpoint, "touchpoint: expected at most 64 characters"),
        ("/touchpoint", json!("a b"), json!("a\0b"), "touchpoint: expected no NUL character"),
        ("/page", page, long_page, "page: expected at most 2048 characters"),
        ("/presentation/display", json!("inline"), json!("Inline"), "display: expected popover or inline"),
        (
            "/presentation/scale",
            json!("stars"),
            json!("dots"),
            "presentation.scale: expected numbers or stars",
        ),
        ("/presentation/direction", json!("rtl"), json!("ttb"), "direction: expected ltr or rtl"),
        ("/respondent/id", id, long_id, "respondent.id: expected at most 128 characters"),
        (
            "/respondent/attributes",
            entries(32, 64, 256),
            entries(33, 2, 1),
            "attributes: expected at most 32",
        ),
        ("/context", entries(32, 64, 256), entries(33, 2, 1), "context: expected at most 32 entries"),
        ("/context", json!({"k": ""}), json!({"": "v"}), "context: expected no empty key"),
        ("/context", json!({}), entries(1, 65, 1), "context (a key): expected at most 64 characters"),
        ("/context", json!({}), entries(1, 1, 257), "context.0: expected at most 256 characters"),
    ] {
        let with = |value: &Value| {
            let mut response = response("partial", on(Some("1-7"), 5));
            response["respondent"] = json!({"id": "1", "attributes": {}});
            for absent in ["touchpoint", "page", "context"] {
                response[absent] = match absent {
                    "context" => json!({}),
                    _ => Value::Null,
                };
            }
            *response.pointer_mut(field).unwrap() = value.clone();
            check(&seven(), response).map(drop).map_err(|invalid| invalid.to_string())
        };
        assert_eq!(with(&right), Ok(()), "{field}");
        let said = with(&wrong).expect_err(field);
        assert!(said.contains(expected), "{field}: {said}");
    }
}

#[test]
fn an_id_is_a_uuid_of_version_7_in_lower_case() {
    let with = |id: &str| {
        let mut response = response("partial", on(Some("1-7"), 5));
        response["id"] = json!(id);
        check(&seven(), response).map(drop).map_err(|invalid| invalid.field)
    };
    for id in [
        "0192f5e4-7c1b-7a44-8000-00000000000f",
        "0192f5e4-7c1b-7a44-9000-000000000001",
        "0192f5e4-7c1b-7a44-a000-000000000001",
        "ffffffff-ffff-7fff-bfff-ffffffffffff",
    ] {
        assert_eq!(with(id), Ok(()), "{id}");
    }
    for id in [
        "",
        "0192f5e4-7c1b-7a44-8000-00000000000",
        "0192f5e4-7c1b-7a44-8000-0000000000011",
        "0192f5e4-7c1b-7a44-8000-00000000000F",
        "0192f5e4-7c1b-7a44-8000-00000000000g",
        "0192f5e4-7c1b-4a44-8000-000000000001",
        "0192f5e4-7c1b-7a44-c000-000000000001",
        "0192f5e4-7c1b-7a44-7000-000000000001",
        "0192f5e477c1b-7a44-8000-000000000001",
        "0192f5e4-7c1b07a44-8000-000000000001",
        "0192f5e4-7c1b-7a4408000-000000000001",
        "0192f5e4-7c1b-7a44-80000000000000001",
        "0192f5e4-7c1b-7a44-8000-0000000-0001",
    ] {
        assert_eq!(with(id), Err("id".to_owned()), "{id}");
    }
}

#[test]
fn a_survey_of_a_site_is_answered_on_that_site_alone() {
    let survey = |site: Value| -> Survey {
        let question = json!({"id": "csat", "kind": "rating"});
        let survey =
            json!({"id": "s", "version": 1, "site": site, "metric": "csat", "questions": [question]});
        serde_json::from_value(survey).unwrap()
    };
    let given = || response("partial", on(None, 5));
    assert!(check(&survey(json!("shop")), given()).is_ok() && check(&survey(Value::Null), given()).is_ok());
    let invalid = check(&survey(json!("blog")), given()).unwrap_err();
    assert_eq!(invalid.to_string(), "site: expected the site of the survey s");
}

#[test]
fn answers_are_there_when_the_state_says_so_each_once() {
    let nine = on(Some("1-7"), 5);
    for (state, answers, expected) in [
        ("shown", nine.clone(), "answers: expected no answer in this state"),
        ("dismissed", nine.clone(), "answers: expected no answer in this state"),
        ("partial", json!([]), "answers: expected at least one answer in this state"),
        ("complete", json!([]), "answers: expected at least one answer in this state"),
        ("partial", json!([nine[0], nine[0]]), "answers[1].question: expected each question at most once"),
        ("partial", json!([{"question": "nps", "rating": 5}]), "answers[0].question: expected csat"),
    ] {
        let invalid = check(&seven(), response(state, answers)).unwrap_err();
        assert_eq!(invalid.to_string(), expected, "{state}");
    }
    for state in ["shown", "dismissed"] {
        assert!(check(&seven(), response(state, json!([]))).is_ok());
    }
    assert!(check(&seven(), response("complete", nine)).is_ok());
}

#[test]
fn a_comment_has_1_to_5000_characters_and_no_nul() {
    let survey = asking(json!([{"id": "csat", "kind": "rating"}, {"id": "why", "kind": "text"}]));
    let [right, wrong] = lengths(5_000);
    for (text, expected) in [
        (json!(""), "at least one character"),
        (wrong, "at most 5000 characters"),
        (json!("a\0b"), "no NUL character"),
    ] {
        let found = refused(&survey, json!([{"question": "why", "text": text}]));
        assert_eq!(found, ("answers[0].text".into(), expected.into()));
    }
    assert!(check(&survey, response("partial", json!([{"question": "why", "text": right}]))).is_ok());
}

fn seven() -> Survey {
    asking(json!([{"id": "csat", "kind": "rating", "scale": "1-7", "favourable_points": 2}]))
}

fn on(scale: Option<&str>, rating: u8) -> Value {
    let mut answer = json!({"question": "csat", "rating": rating});
    if let Some(scale) = scale {
        answer["scale"] = json!(scale);
    }
    json!([answer])
}

#[test]
fn a_rating_on_another_scale_than_its_versions_is_refused() {
    let own = asking(json!([{"id": "csat", "kind": "rating"}]));
    for (survey, scale, expected) in [
        // Without one it is the metric's own, 1 to 5.
        (seven(), None, "1-7, the scale of this version"),
        (seven(), Some("1-5"), "1-7, the scale of this version"),
        (seven(), Some("7-1"), "1-7, the scale of this version"),
        (seven(), Some("seven"), "1-7, the scale of this version"),
        (own.clone(), Some("1-7"), "1-5, the scale of this version"),
        (own.clone(), Some("5-1"), "1-5, the scale of this version"),
    ] {
        let found = refused(&survey, on(scale, 5));
        assert_eq!(found, ("answers[0].scale".into(), expected.into()), "{scale:?}");
    }
    for (survey, scale, rating) in [(seven(), Some("1-7"), 8), (seven(), Some("1-7"), 0), (own, None, 6)] {
        assert_eq!(refused(&survey, on(scale, rating)).0, "answers[0].rating", "{scale:?} {rating}");
    }
    assert_eq!(refused(&seven(), json!([{"question": "csat", "scale": "1-7"}])).0, "answers[0].rating");
}

#[test]
fn a_rating_keeps_its_scale_unless_it_is_the_metrics_own() {
    let kept =
        |survey: &Survey, answers| check(survey, response("partial", answers)).unwrap().response().clone();
    assert_eq!(kept(&seven(), on(Some("1-7"), 7)).answers[0].scale.as_deref(), Some("1-7"));
    // A widget that names its scales sends again what one kept that did not: it must be the same answer.
    let own = asking(json!([{"id": "csat", "kind": "rating"}]));
    assert_eq!(kept(&own, on(Some("1-5"), 5)), kept(&own, on(None, 5)));
    assert_eq!(kept(&own, on(None, 5)).answers[0].scale, None);
    let effort = asking(json!([{"id": "csat", "kind": "rating", "metric": "ces", "scale": "5-1"}]));
    assert_eq!(kept(&effort, on(Some("5-1"), 1)).answers[0].scale.as_deref(), Some("5-1"));
}

fn reasons(more: &Value) -> Survey {
    let mut question = json!({"id": "q", "kind": "choice", "options": [
        {"id": "price", "text": "Price"}, {"id": "staff", "text": "Staff"}, {"id": "place", "text": "Place"}]});
    for (key, value) in more.as_object().unwrap() {
        question[key] = value.clone();
    }
    asking(json!([question, {"id": "why", "kind": "text"}]))
}

#[test]
fn choices_are_some_of_the_options_each_once() {
    let (one, many) = (reasons(&json!({})), reasons(&json!({"many": true})));
    let other = reasons(&json!({"other": true}));
    let both = reasons(&json!({"many": true, "other": true}));
    let ids = "price or staff or place";
    for (survey, answer, field, expected) in [
        (&one, json!({"choices": ["prize"]}), "choices[0]", ids),
        (&many, json!({"choices": ["staff", "other"]}), "choices[1]", ids),
        // Chosen, it has words.
        (&both, json!({"choices": ["other"]}), "choices[0]", ids),
        (&many, json!({"choices": ["staff", "price", "staff"]}), "choices[2]", "each option at most once"),
        (&one, json!({"choices": ["staff", "price"]}), "choices", "one choice"),
        (&other, json!({"choices": ["staff"], "other": "x"}), "choices", "one choice"),
        (
            &many,
            json!({"choices": ["staff"], "other": "x"}),
            "other",
            "nothing: the question has no such option",
        ),
        (&both, json!({"other": ""}), "other", "at least one character"),
        (&both, json!({"other": "快".repeat(251)}), "other", "at most 250 characters"),
        (&both, json!({"other": "a\0b"}), "other", "no NUL character"),
        (&one, json!({}), "choices", "choices and nothing else"),
        (&one, json!({"rating": 3}), "choices", "choices and nothing else"),
        (&one, json!({"choices": ["staff"], "text": "x"}), "choices", "choices and nothing else"),
        (&one, json!({"choices": ["staff"], "scale": "1-5"}), "choices", "choices and nothing else"),
    ] {
        let mut given = answer.clone();
        given["question"] = json!("q");
        let found = refused(survey, json!([given]));
        assert_eq!(found, (format!("answers[0].{field}"), expected.to_owned()), "{answer}");
    }
    for (question, answer, field) in [
        ("why", json!({"choices": ["staff"]}), "text"),
        ("why", json!({"text": "x", "other": "x"}), "text"),
        ("why", json!({"text": "x", "scale": "1-5"}), "text"),
    ] {
        let mut given = answer.clone();
        given["question"] = json!(question);
        assert_eq!(refused(&one, json!([given])).0, format!("answers[0].{field}"), "{answer}");
    }
    let rated = json!([{"question": "csat", "scale": "1-7", "rating": 3, "choices": ["staff"]}]);
    assert_eq!(refused(&seven(), rated).0, "answers[0].rating");
    for (survey, answer) in [
        (&one, json!({"question": "q", "choices": ["place"]})),
        (&many, json!({"question": "q", "choices": ["place", "price"]})),
        (&other, json!({"question": "q", "other": "快".repeat(250)})),
        (&both, json!({"question": "q", "choices": ["staff", "price", "place"], "other": "x"})),
    ] {
        let kept = check(survey, response("partial", json!([answer]))).unwrap();
        assert_eq!(serde_json::to_value(&kept.response().answers[0]).unwrap(), answer);
    }
}

#[test]
fn an_order_is_that_of_all_options_of_a_choice() {
    let survey = reasons(&json!({"shuffle": true}));
    let with_order = |order: Value| {
        let mut response = response("shown", json!([]));
        response["presentation"]["order"] = order;
        check(&survey, response)
    };
    assert!(with_order(json!({"q": ["staff", "place", "price"]})).is_ok());
    let all = "place, price, staff, each once";
    for (order, field, expected) in [
        (json!({"q": []}), "q", all),
        (json!({"q": ["staff", "place"]}), "q", all),
        (json!({"q": ["staff", "place", "place"]}), "q", all),
        (json!({"q": ["staff", "place", "price", "price"]}), "q", all),
        (json!({"q": ["staff", "place", "other"]}), "q", all),
        (json!({"why": []}), "why", "questions with options to choose from"),
        (json!({"r": []}), "r", "questions with options to choose from"),
    ] {
        let invalid = with_order(order.clone()).unwrap_err();
        let found = (invalid.field, invalid.expected);
        assert_eq!(found, (format!("presentation.order.{field}"), expected.to_owned()), "{order}");
    }
}

#[test]
fn only_questions_that_were_asked_are_skipped() {
    let survey = asking(json!([
        {"id": "csat", "kind": "rating"},
        {"id": "low", "kind": "text", "when": {"all": [{"question": "csat", "band": "unfavourable"}]}},
        {"id": "topic", "kind": "choice", "other": true, "options": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}]},
        {"id": "b", "kind": "rating", "when": {"any": [
            {"question": "topic", "chosen": "b"}, {"question": "topic", "chosen": "other"}]}},
        // Only of those who were asked and did not rate it.
        {"id": "no", "kind": "text", "when": {"all": [
            {"question": "b", "answered": false}, {"question": "csat", "points": [4, 5]}]}},
        {"id": "pro", "kind": "text", "when": {"all": [{"attribute": "plan", "is": "pro"}]}},
    ]));
    let csat = |rating: u8| json!({"question": "csat", "rating": rating});
    let topic = |id: &str| json!({"question": "topic", "choices": [id]});
    for (answers, plan, skipped) in [
        (json!([csat(1)]), "", &["low", "topic"][..]),
        (json!([csat(5)]), "", &["topic", "no"]),
        (json!([csat(3), topic("a")]), "", &[]),
        (json!([csat(3), topic("b")]), "", &["b"]),
        (json!([csat(3), {"question": "topic", "other": "c"}]), "", &["b"]),
        (json!([csat(4), topic("b"), {"question": "b", "rating": 3}]), "", &[]),
        (json!([csat(3), topic("a")]), "pro", &["pro"]),
        (json!([topic("a")]), "pro", &["csat", "pro"]),
        // The answer to a question that is not asked decides nothing.
        (json!([csat(4), topic("a"), {"question": "b", "rating": 3}]), "", &["no"]),
    ] {
        let mut complete = response("complete", answers.clone());
        complete["respondent"] = json!({"attributes": {"plan": plan}});
        let checked = check(&survey, complete).unwrap();
        assert_eq!(checked.skipped(), skipped, "{answers} {plan}");
        assert_eq!(check(&survey, response("partial", answers)).unwrap().skipped(), &[][..] as &[String]);
    }
}

#[test]
fn a_list_is_no_object_and_a_state_is_its_name() {
    let given = response("partial", on(Some("1-7"), 5));
    let whole = json!([
        1,
        given["id"],
        1,
        "partial",
        "shop",
        "s",
        1,
        "en",
        null,
        given["answers"],
        given["presentation"]
    ]);
    for (pointer, wrong, expected) in [
        ("", whole, "struct"),
        ("/presentation", json!(["popover", "numbers", "ltr"]), "struct"),
        ("/answers/0", json!(["csat", "1-7", 5]), "struct"),
        ("/respondent", json!(["7"]), "struct"),
        ("/context", json!([["a", "1"]]), "a map"),
        ("/state", json!({"partial": null}), "one of shown, partial, complete, dismissed"),
        ("/state", json!("done"), "one of shown, partial, complete, dismissed"),
    ] {
        let mut sent = given.clone();
        (sent["respondent"], sent["context"]) = (json!({"id": "7"}), json!({}));
        *sent.pointer_mut(pointer).unwrap() = wrong;
        let said = serde_json::from_value::<NewResponse>(sent).expect_err(pointer).to_string();
        assert!(said.contains(&format!("expected {expected}")), "{pointer}: {said}");
    }
}

#[test]
fn an_entry_that_comes_twice_is_refused_and_named() {
    for (pointer, right, wrong) in [
        ("/context", r#"{"a":"1","b":"2"}"#, r#"{"a":"1","b":"2","a":"1"}"#),
        ("/respondent", r#"{"attributes":{"a":"1"}}"#, r#"{"attributes":{"a":"1","a":"2"}}"#),
        ("/presentation/order", r#"{"a":[]}"#, r#"{"a":[],"a":[]}"#),
    ] {
        let read = |json: &str| {
            let mut sent = response("partial", on(Some("1-7"), 5));
            (sent["context"], sent["respondent"], sent["presentation"]["order"]) =
                (json!({}), json!({}), json!({}));
            *sent.pointer_mut(pointer).unwrap() = json!("here");
            serde_json::from_str::<NewResponse>(&sent.to_string().replace("\"here\"", json))
        };
        assert!(read(right).is_ok(), "{pointer}");
        let said = read(wrong).expect_err(pointer).to_string();
        assert!(said.starts_with("duplicate field `a`"), "{pointer}: {said}");
    }
}

#[test]
fn states_are_called_alike_on_the_wire_and_in_the_database() {
    for state in [State::Shown, State::Partial, State::Complete, State::Dismissed] {
        assert_eq!(serde_json::to_value(state).unwrap(), state.name());
    }
}

#[test]
fn a_token_of_any_kind_costs_no_answer_and_is_not_kept_and_nobody_can_say_that_they_were_signed() {
    for (token, read) in [
        (json!("a.b.c"), Some("a.b.c")),
        (json!(5), Some("")),
        (json!({"a": [1]}), Some("")),
        (json!(null), None),
    ] {
        for signed in [json!(true), json!("yes")] {
            let mut sent = response("partial", on(Some("1-7"), 5));
            sent["respondent"] = json!({"id": "7", "token": token, "signed": signed});
            let new: NewResponse = serde_json::from_value(sent).unwrap();
            assert_eq!(new.response.respondent.as_ref().unwrap().token.as_deref(), read, "{token}");
            let checked = new.check(&seven()).unwrap();
            let respondent = checked.response().respondent.as_ref().unwrap();
            assert_eq!((respondent.signed, &respondent.token), (false, &None), "{token}");
            let kept = serde_json::to_value(respondent).unwrap();
            assert_eq!(kept, json!({"id": "7"}), "{token}");
        }
    }
}

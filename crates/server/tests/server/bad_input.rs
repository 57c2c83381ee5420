use crate::spawn::{nps, problem, spawn, wire_json};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `complete.json` with one thing changed; the path is a JSON pointer.
fn but(path: &str, value: Value) -> Vec<u8> {
    let mut response = wire_json("complete.json");
    *response.pointer_mut(path).unwrap() = value;
    response.to_string().into_bytes()
}

fn without(field: &str) -> Vec<u8> {
    let mut response = wire_json("complete.json");
    response.as_object_mut().unwrap().remove(field);
    response.to_string().into_bytes()
}

fn with(field: &str, value: &str) -> Vec<u8> {
    let text = wire_json("complete.json").to_string();
    format!("{{\"{field}\":{value},{}", &text[1..]).into_bytes()
}

/// Numbers that `Value` has no room for.
fn number(field: &str, number: &str) -> Vec<u8> {
    let text = wire_json("complete.json").to_string();
    let start = text.find(&format!("\"{field}\":")).unwrap() + field.len() + 3;
    let end = start + text[start..].find([',', '}']).unwrap();
    format!("{}{number}{}", &text[..start], &text[end..]).into_bytes()
}

/// What `Value` can't hold, such as an entry twice.
fn raw(path: &str, json: &str) -> Vec<u8> {
    let text = String::from_utf8(but(path, json!("here"))).unwrap();
    text.replace("\"here\"", json).into_bytes()
}

#[tokio::test]
async fn each_wrong_body_gets_its_problem_and_nothing_is_stored() {
    let server = spawn().await;
    let complete = wire_json("complete.json").to_string().into_bytes();
    let mut not_utf8 = complete.clone();
    let at = not_utf8.windows(4).position(|w| w == b"Acme").unwrap();
    not_utf8[at] = 0xff;
    let mut raw_nul = complete.clone();
    raw_nul[at] = 0;
    let map = |n: usize| (0..n).map(|i| (format!("k{i}"), json!("v"))).collect::<serde_json::Map<_, _>>();

    let rows: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        // What is not JSON.
        ("empty body", vec![], 400, "body"),
        ("1 MiB body", vec![b' '; 1 << 20], 413, "body"),
        ("1 MiB of JSON", but("/answers/1/text", "x".repeat(1 << 20).into()), 413, "body"),
        ("not UTF-8", not_utf8, 400, "body"),
        ("NUL byte", raw_nul, 400, "body"),
        ("half of it", complete[..complete.len() / 2].to_vec(), 400, "body"),
        ("more after it", [&complete[..], b"{}"].concat(), 400, "body"),
        ("half of a surrogate pair", with("page", r#""\ud800""#), 400, "body"),
        ("deep nesting", "[".repeat(60_000).into(), 400, "body"),
        ("deep nesting, closed", ["[".repeat(30_000), "]".repeat(30_000)].concat().into(), 400, "body"),
        ("deep nesting of objects", r#"{"a":"#.repeat(10_000).into(), 400, "body"),
        (
            "deep nesting in an unknown field",
            with("x", &["[".repeat(9_000), "]".repeat(9_000)].concat()),
            400,
            "body",
        ),
        // What has another shape.
        ("an array", b"[]".to_vec(), 422, "body"),
        ("a number", b"5".to_vec(), 422, "body"),
        ("null", b"null".to_vec(), 422, "body"),
        ("a missing field", without("survey"), 422, "survey"),
        ("a field twice", with("v", "1"), 422, "v"),
        ("an entry twice", raw("/context", r#"{"a":"1","a":"1"}"#), 422, "context.a"),
        (
            "an answer as a list",
            but("/answers/1", json!(["why", null, null, [], null, "x"])),
            422,
            "answers[1]",
        ),
        ("a state as a number", but("/state", json!(5)), 422, "state"),
        ("another wire version", but("/v", json!(2)), 422, "v"),
        ("a state that isn't one", but("/state", json!("done")), 422, "state"),
        ("a rating as text", but("/answers/0/rating", json!("5")), 422, "answers[0].rating"),
        ("rating 5.5", but("/answers/0/rating", json!(5.5)), 422, "answers[0].rating"),
        ("rating 300", but("/answers/0/rating", json!(300)), 422, "answers[0].rating"),
        ("rating -1", but("/answers/0/rating", json!(-1)), 422, "answers[0].rating"),
        ("a number as context", but("/context/order_id", json!(1042)), 422, "context.order_id"),
        ("a rating out of range", number("rating", "1e400"), 422, "answers[0].rating"),
        ("a negative age out of range", with("age_ms", "-1e400"), 422, "age_ms"),
        ("an age below 0", but("/age_ms", json!(-1)), 422, "age_ms"),
        // What has the shape and a wrong value.
        ("rating 11", but("/answers/0/rating", json!(11)), 422, "answers[0].rating"),
        ("rating 0 of 1 to 5", but("/answers/0/rating", json!(0)), 422, "answers[0].rating"),
        ("unknown question", but("/answers/0/question", json!("mood")), 422, "answers[0].question"),
        (
            "a question twice",
            but("/answers/1", json!({"question": "csat", "rating": 4})),
            422,
            "answers[1].question",
        ),
        (
            "a text for a rating",
            but("/answers/0", json!({"question": "csat", "text": "5"})),
            422,
            "answers[0].rating",
        ),
        (
            "a rating for a text",
            but("/answers/1", json!({"question": "why", "rating": 5})),
            422,
            "answers[1].text",
        ),
        (
            "another scale",
            but("/answers/0", json!({"question": "csat", "scale": "1-7", "rating": 5})),
            422,
            "answers[0].scale",
        ),
        (
            "choices of a rating",
            but("/answers/0", json!({"question": "csat", "rating": 5, "choices": ["a"]})),
            422,
            "answers[0].rating",
        ),
        (
            "an order of no options",
            but(
                "/presentation",
                json!({"display": "popover", "scale": "numbers", "direction": "ltr", "order": {"csat": []}}),
            ),
            422,
            "presentation.order.csat",
        ),
        ("an empty answer", but("/answers/1", json!({"question": "why"})), 422, "answers[1].text"),
        ("nothing answered", but("/answers", json!([])), 422, "answers"),
        ("shown and answered", but("/state", json!("shown")), 422, "answers"),
        (
            "text of 100,000 characters",
            but("/answers/1/text", "x".repeat(100_000).into()),
            422,
            "answers[1].text",
        ),
        (
            "text of 5,001 characters",
            but("/answers/1/text", "快".repeat(5_001).into()),
            422,
            "answers[1].text",
        ),
        ("an escaped NUL", but("/answers/1/text", json!("a\0b")), 422, "answers[1].text"),
        ("id not a UUID", but("/id", json!("1")), 422, "id"),
        ("id a UUIDv4", but("/id", json!("0192f5e4-7c1b-4a44-9c5e-3b1f0f6f2a11")), 422, "id"),
        ("id in capitals", but("/id", json!("0192F5E4-7C1B-7A44-9C5E-3B1F0F6F2A11")), 422, "id"),
        ("revision 0", but("/revision", json!(0)), 422, "revision"),
        ("a locale that is not a tag", but("/locale", json!("zh Hant")), 422, "locale"),
        ("a long touchpoint", but("/touchpoint", "x".repeat(65).into()), 422, "touchpoint"),
        ("an unknown look", but("/presentation/display", json!("sheet")), 422, "presentation.display"),
        ("a long page", but("/page", "x".repeat(2_049).into()), 422, "page"),
        ("a long name", but("/respondent/id", "x".repeat(129).into()), 422, "respondent.id"),
        ("33 attributes", but("/respondent/attributes", map(33).into()), 422, "respondent.attributes"),
        ("33 context entries", but("/context", map(33).into()), 422, "context"),
        ("a long context entry", but("/context/product", "x".repeat(257).into()), 422, "context.product"),
        // What isn't here.
        ("unknown survey", but("/survey", json!("checkout")), 404, "survey"),
        ("unknown version", but("/survey_version", json!(2)), 404, "survey_version"),
        ("unknown site", but("/site", json!("nowhere")), 404, "site"),
        ("another site's survey", but("/site", json!("default")), 404, "site"),
    ];
    for (name, body, status, field) in rows {
        let response = server.post(body).await;
        let found = response.status();
        let problem = problem(response).await;
        assert_eq!((found.as_u16(), problem["field"].as_str()), (status, Some(field)), "{name}: {problem}");
        assert_eq!(server.stored().await, [], "{name}");
    }
    assert_eq!(server.get("/readyz").await.status(), StatusCode::OK);
    server.expect(&wire_json("complete.json"), "stored").await;
}

#[tokio::test]
async fn what_does_not_fit_gets_what_its_field_may_be() {
    let server = spawn().await;
    let rating = "answers[0].rating: expected a point of the survey's scale, an integer from 0 to 10";
    let from_1 = |field: &str| format!("{field}: expected an integer from 1 to 4294967295");
    let sent = wire_json("complete.json");
    let whole = json!([
        1,
        sent["id"],
        1,
        "complete",
        sent["site"],
        sent["survey"],
        1,
        "en",
        null,
        sent["answers"],
        sent["presentation"],
    ]);
    for (body, detail) in [
        (but("/answers/0/rating", json!(300)), rating),
        (but("/answers/0/rating", json!("5")), rating),
        (number("rating", "1e400"), rating),
        (but("/revision", json!(-1)), &from_1("revision")),
        (but("/revision", json!(1_u64 << 32)), &from_1("revision")),
        (but("/survey_version", json!(1.5)), &from_1("survey_version")),
        (but("/age_ms", json!(1_u64 << 32)), "age_ms: expected an integer from 0 to 4294967295"),
        (but("/v", json!("1")), "v: expected the wire version 1"),
        (but("/state", json!("done")), "state: expected one of shown, partial, complete, dismissed"),
        (
            but("/state", json!({"partial": null})),
            "state: expected one of shown, partial, complete, dismissed",
        ),
        (but("/presentation", json!([])), "presentation: expected a JSON object"),
        (but("/presentation", json!(["popover", "numbers", "ltr"])), "presentation: expected a JSON object"),
        (but("/respondent", json!(["7"])), "respondent: expected a JSON object"),
        (but("/answers/0", json!(["csat", null, 5])), "answers[0]: expected a JSON object"),
        (whole.to_string().into_bytes(), "body: expected a JSON object"),
        (raw("/context", r#"{"a`b":"1","a`b":"2"}"#), "context.a`b: expected the field once"),
        (
            raw("/respondent/attributes", r#"{"plan":"pro","plan":"pro"}"#),
            "respondent.attributes.plan: expected the field once",
        ),
        (
            raw(
                "/presentation",
                r#"{"display":"inline","scale":"numbers","direction":"ltr","order":{"q":[],"q":[]}}"#,
            ),
            "presentation.order.q: expected the field once",
        ),
        (but("/context", json!(5)), "context: expected a JSON object"),
        (
            but("/answers/0", json!({"question": "csat", "choices": "a"})),
            "answers[0].choices: expected a list",
        ),
        (
            but("/answers/0", json!({"question": "csat", "choices": [1]})),
            "answers[0].choices[0]: expected a string",
        ),
        (but("/answers/0", json!({"question": "csat", "other": 5})), "answers[0].other: expected a string"),
        (but("/answers/0", json!({"question": "csat", "scale": 7})), "answers[0].scale: expected a string"),
        (but("/answers", json!({})), "answers: expected a list"),
        (with("test", "\"yes\""), "test: expected a boolean"),
        (with("v", "1"), "v: expected the field once"),
        (without("survey"), "survey: expected a value: the field is missing"),
        (b"5".to_vec(), "body: expected a JSON object"),
    ] {
        let problem = problem(server.post(body).await).await;
        assert_eq!(problem["detail"], detail, "{problem}");
    }
}

#[tokio::test]
async fn a_long_name_is_not_sent_back_as_a_whole() {
    let server = spawn().await;
    let posted = server.post(but("/context", json!({"快".repeat(60_000): 5}))).await;
    let asked = server.read(&format!("/v1/surveys/nps/scores?{}=1", "x".repeat(8_000))).await;
    for response in [posted, asked] {
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let problem = problem(response).await;
        let length = problem.to_string().len();
        assert!(length < 2_000 && problem["field"].as_str().unwrap().ends_with('…'), "{length}: {problem}");
    }
}

#[tokio::test]
async fn an_answer_with_every_field_at_its_limit_fits() {
    let server = spawn().await;
    // Four bytes of UTF-8, and what JSON writes with six.
    for (n, character) in [(1, "𠮷"), (2, "\u{1}")] {
        let entries: serde_json::Map<_, _> = (0..32)
            .map(|i| (format!("{}{}", character.repeat(62), 10 + i), json!(character.repeat(256))))
            .collect();
        let response = json!({
            "v": 1, "id": format!("0192f5e4-7c1b-7a44-8000-{n:012}"), "revision": u32::MAX, "state": "complete",
            "site": "default", "survey": "nps", "survey_version": 1, "locale": "zh-Hant-TW",
            "touchpoint": character.repeat(64), "page": character.repeat(2_048), "age_ms": u32::MAX, "test": true,
            "answers": [{"question": "nps", "rating": 10}, {"question": "why", "text": character.repeat(5_000)}],
            "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
            "respondent": {"id": character.repeat(128), "token": character.repeat(4_096), "attributes": entries},
            "context": entries,
        });
        let fields =
            |response: &Value| response.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(fields(&response), fields(&wire_json("several.json")));
        server.expect(&response, "stored").await;
    }
}

#[tokio::test]
async fn an_id_used_for_another_survey_is_a_conflict() {
    let server = spawn().await;
    server.expect(&wire_json("complete.json"), "stored").await;
    let mut other = nps(0, 9, 9);
    other["id"] = wire_json("complete.json")["id"].clone();
    let response = server.post(other.to_string()).await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert_eq!(problem(response).await["field"], "id");
    assert_eq!(server.stored().await.len(), 1);
}

#[tokio::test]
async fn a_revision_with_other_content_is_a_conflict() {
    let server = spawn().await;
    server.expect(&nps(1, 2, 9), "stored").await;
    let response = server.post(nps(1, 2, 8).to_string()).await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert_eq!(problem(response).await["field"], "revision");
    assert_eq!(server.stored().await[0].answers[0].rating, Some(9));
}

#[tokio::test]
async fn a_wrong_method_gets_the_right_ones() {
    let server = spawn().await;
    for (method, path, allow) in [
        (Method::GET, "/v1/responses", "POST"),
        (Method::PUT, "/v1/responses", "POST"),
        (Method::DELETE, "/v1/surveys/nps", "GET,HEAD"),
        (Method::POST, "/candor.js", "GET,HEAD"),
        (Method::POST, "/healthz", "GET,HEAD"),
    ] {
        let response = server.request(method, path).send().await.unwrap();
        assert_eq!(
            (response.status(), &response.headers()["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &allow.parse().unwrap())
        );
        problem(response).await;
    }
}

#[tokio::test]
async fn a_wrong_content_type_is_refused() {
    let server = spawn().await;
    let body = wire_json("complete.json").to_string();
    let post = |kind: Option<&str>| {
        let request = server.request(Method::POST, "/v1/responses").body(body.clone());
        kind.map_or_else(
            || request.try_clone().unwrap(),
            |kind| request.try_clone().unwrap().header("content-type", kind),
        )
    };
    for kind in [
        None,
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data"),
        Some("application/jsonp"),
    ] {
        let response = post(kind).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind:?}");
        assert_eq!(problem(response).await["field"], "Content-Type");
    }
    assert_eq!(server.stored().await, []);
    for kind in ["application/json", "text/plain", "Text/Plain;charset=UTF-8"] {
        assert_eq!(post(Some(kind)).send().await.unwrap().status(), StatusCode::OK, "{kind}");
    }
}

#[tokio::test]
async fn an_unknown_address_is_a_problem_too() {
    let server = spawn().await;
    for path in [
        "/nowhere",
        "/v1",
        "/v1/surveys",
        "/v1/surveys/none",
        "/v1/sites/none",
        "/v1/sites/%ff",
        "/demo/index.html",
        "/demo/%ff",
        "/w/%ff/candor.wasm",
        "/w/latest/%ff",
        "/%ff",
        "/",
        "/playground",
    ] {
        let response = server.get(path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        problem(response).await;
    }
}

use crate::spawn::{TOKEN, address, nps, problem, spawn, wire_json};
use candor_server::{Audience, ROUTES};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn reading_needs_the_token_and_sending_does_not() {
    let server = spawn().await;
    for path in ["/v1/surveys/nps/scores", "/v1/surveys/nps/responses", "/v1/surveys/none/scores"] {
        for (header, challenge) in [
            (None, "Bearer"),
            (Some("Bearer".to_owned()), "Bearer"),
            (Some("Bearer wrong-token".to_owned()), "Bearer error=\"invalid_token\""),
            (Some(format!("Bearer {TOKEN}x")), "Bearer error=\"invalid_token\""),
            (Some(format!("Bearer {}", &TOKEN[1..])), "Bearer error=\"invalid_token\""),
            (Some(format!("Basic {TOKEN}")), "Bearer"),
            (Some(TOKEN.to_owned()), "Bearer"),
        ] {
            let mut request = server.request(Method::GET, path);
            if let Some(header) = &header {
                request = request.header("authorization", header);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path} {header:?}");
            assert_eq!(response.headers()["www-authenticate"], challenge, "{header:?}");
            problem(response).await;
        }
    }
    let response = server.get(&format!("/v1/surveys/nps/scores?token={TOKEN}")).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let request = server.request(Method::GET, "/v1/surveys/nps/scores");
    let lower_case = request.header("authorization", format!("bearer {TOKEN}"));
    assert_eq!(lower_case.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn every_route_is_open_or_needs_the_token_as_its_row_says() {
    let document = include_str!("../../../../docs/api.md");
    let server = spawn().await;
    for route in ROUTES {
        let (pattern, path) = (route.path, address(route));
        let needs_token = matches!(route.audience, Audience::Reader | Audience::Operator);
        if pattern.starts_with("/v1/") || needs_token {
            assert!(document.contains(pattern), "docs/api.md says nothing of {pattern}");
        }
        for method in [Method::GET, Method::POST] {
            let status = server.request(method.clone(), &path).send().await.unwrap().status();
            let is_refused = status == StatusCode::UNAUTHORIZED;
            let is_there = status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_refused, needs_token && is_there, "{method} {pattern}: {status}");
        }
    }
}

#[test]
fn no_route_stands_beside_the_table() {
    let router = include_str!("../../src/router.rs");
    let (router, _) = router.split_once("#[cfg(test)]").unwrap();
    assert_eq!(router.matches(".route(").count(), 1);
    for other in ["route_service(", ".nest", "fallback_service("] {
        assert!(!router.contains(other), "{other}");
    }
}

#[tokio::test]
async fn a_listed_response_has_every_field_whatever_was_sent() {
    let server = spawn().await;
    server.expect(&nps(1, 2, 9), "stored").await;
    let listed = &server.read_json("/v1/surveys/nps/responses").await["responses"][0];
    let whole = wire_json("several.json");
    // These two are about the sending.
    let mut fields =
        whole.as_object().unwrap().keys().filter(|field| !["v", "age_ms"].contains(&field.as_str()));
    assert!(fields.all(|field| listed.get(field).is_some()), "{listed}");
}

#[tokio::test]
async fn no_answers_give_no_score() {
    let server = spawn().await;
    let total = &server.read_json("/v1/surveys/nps/scores").await["total"];
    for field in ["score", "ci", "method", "response_rate"] {
        assert_eq!(total[field], Value::Null, "{field}");
    }
    assert_eq!((&total["n"], &total["reason"]), (&json!(0), &json!("no_data")));
    assert_eq!(total["counts"], json!(vec![0; 11]));
}

#[tokio::test]
async fn a_score_has_its_counts_and_its_interval() {
    let server = spawn().await;
    for (n, rating) in [(1, 10), (2, 9), (3, 8), (4, 3)] {
        server.expect(&nps(n, 2, rating), "stored").await;
    }
    let scores = server.read_json("/v1/surveys/nps/scores").await;
    assert_eq!((&scores["metric"], &scores["scale"]), (&json!("nps"), &json!({"min": 0, "max": 10})));
    let total = &scores["total"];
    assert_eq!(total["counts"], json!([0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1]));
    assert_eq!(
        (&total["n"], &total["score"], &total["method"]),
        (&json!(4), &json!(25.0), &json!("bonett_price"))
    );
    let ci = total["ci"].as_array().unwrap();
    assert!(ci[0].as_f64().unwrap() < 25.0 && ci[1].as_f64().unwrap() > 25.0);
    assert_eq!((&scores["periods"], &total["reason"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn each_number_has_the_receipt_that_candor_score_writes() {
    let server = spawn().await;
    for (n, rating) in [(1, 10), (2, 9), (3, 8), (4, 3), (5, 3), (6, 3)] {
        server.expect(&nps(n, 2, rating), "stored").await;
    }
    let mut dismissed = nps(7, 1, 0);
    (dismissed["state"], dismissed["answers"]) = (json!("dismissed"), json!([]));
    server.expect(&dismissed, "stored").await;
    // The comment of this one is skipped, which is none of the score's business.
    let mut complete = nps(8, 2, 3);
    complete["state"] = json!("complete");
    server.expect(&complete, "stored").await;
    for n in 9..11 {
        let mut skipped = nps(n, 2, 0);
        (skipped["state"], skipped["answers"]) =
            (json!("complete"), json!([{"question": "why", "text": "no"}]));
        server.expect(&skipped, "stored").await;
    }
    let scores = server.read_json("/v1/surveys/nps/scores?segment=locale").await;
    let counts = &scores["total"]["counts"];
    let request = json!({"kind": "score", "metric": "nps", "counts": counts, "dismissed": 1, "skipped": 2});
    let expected = &candor_server::score::answer(&request).unwrap()["receipt"];
    assert_eq!((&expected["exact"], &expected["method"]), (&json!("-200/7"), &json!("bonett_price")));
    assert_eq!(&scores["total"]["receipt"], expected);
    assert_eq!(&scores["periods"][0]["receipt"], expected);
}

#[tokio::test]
async fn no_answers_have_a_receipt_without_a_fraction() {
    let server = spawn().await;
    for survey in ["nps", "csat", "ces"] {
        let metric = if survey == "nps" { "nps" } else { "csat" };
        let scores = server.read_json(&format!("/v1/surveys/{survey}/scores")).await;
        let (counts, scale) = (&scores["total"]["counts"], &scores["scale"]);
        let points = if survey == "ces" { 3 } else { 2 };
        let mut request = json!({"kind": "score", "metric": metric, "counts": counts, "scale": scale,
            "dismissed": 0, "skipped": 0});
        if metric == "csat" {
            request["favourable_points"] = json!(points);
        }
        let expected = candor_server::score::answer(&request).unwrap();
        assert_eq!(expected["receipt"]["exact"], Value::Null);
        assert_eq!(scores["total"]["receipt"], expected["receipt"], "{survey}");
    }
}

#[tokio::test]
async fn what_is_too_thin_is_held_back_if_asked() {
    let server = spawn().await;
    for (n, locale) in [(1, "fa"), (2, "fa"), (3, "zh-Hant")] {
        let mut response = nps(n, 2, 9);
        response["locale"] = json!(locale);
        server.expect(&response, "stored").await;
    }
    let scores = server.read_json("/v1/surveys/nps/scores?segment=locale&min_n=2").await;
    assert_eq!((&scores["total"]["n"], &scores["periods"][0]["n"]), (&json!(3), &json!(2)));
    let thin = &scores["periods"][1];
    let held_back = json!({
        "from": scores["total"]["from"], "to": scores["total"]["to"], "segment": "locale:zh-Hant", "counts": null,
        "options": null, "n": null, "score": null, "ci": null, "method": null, "shown": null, "dismissed": null,
        "response_rate": null, "receipt": null, "reason": "too_few",
    });
    assert_eq!(thin, &held_back);
    let total = &server.read_json("/v1/surveys/nps/scores?min_n=4").await["total"];
    assert_eq!((&total["n"], &total["reason"]), (&Value::Null, &json!("too_few")));
    // That nobody answered says nothing of anyone.
    let nobody = &server.read_json("/v1/surveys/ces/scores?min_n=4").await["total"];
    assert_eq!((&nobody["n"], &nobody["reason"]), (&json!(0), &json!("no_data")));
}

#[test]
fn the_documents_name_every_segment() {
    let document = include_str!("../../../../docs/api.md");
    let (_, row) = document.split_once("\n| `segment` |").unwrap();
    for dimension in candor_store::Dimension::EVERY {
        let name = dimension.name();
        assert!(row.lines().next().unwrap().contains(&format!("`{name}`")), "docs/api.md: {name}");
    }
}

#[tokio::test]
async fn segments_are_counted_by_themselves() {
    let server = spawn().await;
    for (n, locale) in [(1, "fa"), (2, "fa"), (3, "zh-Hant")] {
        let mut response = nps(n, 2, 9);
        response["locale"] = json!(locale);
        server.expect(&response, "stored").await;
    }
    let each = server.read_json("/v1/surveys/nps/scores?segment=locale").await;
    let found: Vec<_> =
        each["periods"].as_array().unwrap().iter().map(|p| (&p["segment"], &p["n"])).collect();
    assert_eq!(found, [(&json!("locale:fa"), &json!(2)), (&json!("locale:zh-Hant"), &json!(1))]);
    assert_eq!((&each["total"]["n"], &each["total"]["segment"]), (&json!(3), &Value::Null));
    let one = server.read_json("/v1/surveys/nps/scores?segment=locale:fa").await;
    assert_eq!((&one["total"]["n"], &one["total"]["segment"]), (&json!(2), &json!("locale:fa")));
    let none = server.read_json("/v1/surveys/nps/scores?site=shop").await;
    assert_eq!(none["total"]["reason"], "no_data");
}

#[tokio::test]
async fn a_language_is_one_segment_however_it_is_spelled() {
    let server = spawn().await;
    for (n, locale) in [(1, "zh-hant"), (2, "zh-Hant"), (3, "ZH-HANT-tw")] {
        let mut response = nps(n, 2, 9);
        response["locale"] = json!(locale);
        server.expect(&response, "stored").await;
        server.expect(&response, "duplicate").await;
    }
    let each = server.read_json("/v1/surveys/nps/scores?segment=locale").await;
    let found: Vec<_> =
        each["periods"].as_array().unwrap().iter().map(|p| (&p["segment"], &p["n"])).collect();
    assert_eq!(found, [(&json!("locale:zh-Hant"), &json!(2)), (&json!("locale:zh-Hant-TW"), &json!(1))]);
    let one = server.read_json("/v1/surveys/nps/scores?segment=locale:zh-hant").await;
    assert_eq!((&one["total"]["n"], &one["total"]["segment"]), (&json!(2), &json!("locale:zh-Hant")));
}

#[tokio::test]
async fn segments_times_periods_have_a_limit_that_is_named() {
    let server = spawn().await;
    for n in 0..11 {
        let mut response = nps(n, 2, 9);
        response["touchpoint"] = json!(format!("t{n}"));
        server.expect(&response, "stored").await;
    }
    let now = jiff::Timestamp::now().round(jiff::Unit::Hour).unwrap();
    let hour = |n: i64| now + jiff::SignedDuration::from_hours(n);
    let path = |hours: i64| {
        let (from, to) = (hour(10 - hours), hour(10));
        format!("/v1/surveys/nps/scores?segment=touchpoint&interval=hour&from={from}&to={to}")
    };
    let response = server.read(&path(1_000)).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem = problem(response).await;
    assert_eq!(problem["field"], "segment");
    assert!(problem["expected"].as_str().unwrap().contains("at most 10000"), "{problem}");
    let scores = server.read_json(&path(900)).await;
    assert_eq!(scores["periods"].as_array().unwrap().len(), 9_900);
}

#[tokio::test]
async fn periods_begin_in_the_time_zone_and_empty_ones_say_so() {
    let server = spawn().await;
    server.expect(&nps(1, 2, 9), "stored").await;
    let now = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Asia/Tehran").unwrap());
    let (today, tomorrow) = (now.date(), now.date().tomorrow().unwrap());
    let from = today.yesterday().unwrap();
    let path = format!("/v1/surveys/nps/scores?from={from}&to={tomorrow}&interval=day&timezone=Asia/Tehran");
    let scores = server.read_json(&path).await;
    let periods = scores["periods"].as_array().unwrap();
    assert_eq!(periods.len(), 2);
    assert_eq!((&periods[0]["n"], &periods[0]["reason"]), (&json!(0), &json!("no_data")));
    assert_eq!(
        (&periods[1]["n"], &periods[1]["from"]),
        (&json!(1), &json!(format!("{today}T00:00:00+03:30")))
    );
    assert_eq!(periods[1]["to"], json!(format!("{tomorrow}T00:00:00+03:30")));
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let server = spawn().await;
    for (path, field) in [
        ("scores?from=yesterday", "from"),
        ("scores?to=2026-13-01", "to"),
        ("scores?from=2026-11-02&to=2026-11-01", "from"),
        ("scores?interval=year", "interval"),
        ("scores?from=2000-01-01&to=2026-01-01&interval=hour", "interval"),
        ("scores?segment=mood", "segment"),
        ("scores?timezone=Mars/Olympus", "timezone"),
        ("scores?question=why", "question"),
        ("scores?intervall=day", "intervall"),
        ("scores?min_n=0", "min_n"),
        ("scores?min_n=1000001", "min_n"),
        ("responses?limit=0", "limit"),
        ("responses?limit=ten", "limit"),
        ("scores?from=2026-01-01T00:00:00%2B25:00", "from"),
        ("scores?to=2026-01-01T00:00:00-24:00", "to"),
        ("responses?before=x", "before"),
        ("responses?before=1_zzzz", "before"),
        ("responses?before=1_0192f5e47c1b7a44800000000000000000f1", "before"),
        ("responses?before=1_0192f5e4-7c1b-7a44-8000-00000000000F", "before"),
        ("responses?before=1_0192f5e4-7c1b-7a44-8000-0000000000001", "before"),
        ("responses?before=x_0192f5e4-7c1b-7a44-8000-000000000001", "before"),
    ] {
        let response = server.read(&format!("/v1/surveys/nps/{path}")).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(problem(response).await["field"], field, "{path}");
    }
    for (path, detail) in [
        ("responses?unanswered=1", "unanswered: expected true or false"),
        ("responses?limit=x", "limit: expected an integer from 1 to 500"),
        ("responses?before=1_zzzz", "before: expected the next of an earlier page"),
        ("responses?limit=1&limit=2", "limit: expected the parameter once"),
        ("scores?site=shpo", "there is no site \"shpo\" here"),
        ("responses?site=shpo", "there is no site \"shpo\" here"),
        ("scores?segment=site:shpo", "there is no site \"shpo\" here"),
        (
            "scores?to=9999-12-31",
            "to: expected a time such as 2026-11-01T00:00:00Z or a date such as 2026-11-01, 9999-12-30 at the latest",
        ),
        (
            "scores?bogus=1",
            "bogus: expected one of from, to, interval, segment, timezone, site, workspace, question, min_n",
        ),
        ("scores?min_n=few", "min_n: expected an integer from 1 to 1000000"),
    ] {
        let response = server.read(&format!("/v1/surveys/nps/{path}")).await;
        assert_eq!(problem(response).await["detail"], detail, "{path}");
    }
    let asked = problem(server.read("/v1/surveys/nps/scores?site=shpo").await).await;
    assert_eq!((&asked["status"], &asked["expected"]), (&json!(404), &json!("one of default, shop")));
    server.read_json("/v1/surveys/nps/scores?to=9999-12-30").await;
    // The id of an answer that became anonymous is of no version.
    let before = "1_0192f5e4-7c1b-ea44-0000-00000000000f";
    server.read_json(&format!("/v1/surveys/nps/responses?before={before}")).await;
    for version in ["x", "0", "4294967296"] {
        let detail =
            &problem(server.get(&format!("/v1/surveys/nps?version={version}")).await).await["detail"];
        assert_eq!(detail, "version: expected an integer from 1 to 4294967295");
    }
    for what in ["scores", "responses"] {
        let response = server.read(&format!("/v1/surveys/none/{what}")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(problem(response).await["field"], "survey");
    }
}

#[tokio::test]
async fn the_newest_responses_come_first_and_pages_meet() {
    let server = spawn().await;
    for n in 1..=5 {
        server.expect(&nps(n, 2, 9), "stored").await;
    }
    let mut shown = nps(6, 1, 9);
    (shown["state"], shown["answers"]) = (json!("shown"), json!([]));
    server.expect(&shown, "stored").await;
    let ids = |page: &Value| -> Vec<String> {
        page["responses"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap()[35..].into()).collect()
    };
    let first = server.read_json("/v1/surveys/nps/responses?limit=3").await;
    let next = first["next"].as_str().unwrap();
    let second = server.read_json(&format!("/v1/surveys/nps/responses?limit=3&before={next}")).await;
    assert_eq!(
        (ids(&first), ids(&second)),
        (vec!["5".into(), "4".into(), "3".into()], vec!["2".into(), "1".into()])
    );
    assert_eq!(second["next"], Value::Null);
    assert_eq!(ids(&server.read_json("/v1/surveys/nps/responses?unanswered=true").await).len(), 6);
}

#[tokio::test]
async fn what_the_token_reads_is_cached_nowhere() {
    let server = spawn().await;
    for what in ["scores", "responses"] {
        let response = server.read(&format!("/v1/surveys/nps/{what}")).await;
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}

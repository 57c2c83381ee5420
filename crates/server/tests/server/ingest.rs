use crate::spawn::{nps, spawn, wire_json};
use reqwest::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn the_golden_responses_are_stored_as_they_are() {
    for name in ["shown.json", "partial.json", "complete.json", "dismissed.json"] {
        let server = spawn().await;
        let sent = wire_json(name);
        server.expect(&sent, "stored").await;
        let stored = server.stored().await;
        let expected: candor_survey::Response = serde_json::from_value(sent).unwrap();
        assert_eq!(stored, [expected], "{name}");
    }
}

#[tokio::test]
async fn one_respondents_way_is_one_response() {
    let server = spawn().await;
    for (name, rate) in [("shown.json", 0.0), ("partial.json", 1.0), ("complete.json", 1.0)] {
        server.expect(&wire_json(name), "stored").await;
        let scores = server.read_json("/v1/surveys/checkout-csat/scores").await;
        assert_eq!(
            (&scores["total"]["shown"], &scores["total"]["response_rate"]),
            (&json!(1), &json!(rate)),
            "{name}"
        );
    }
    server.expect(&wire_json("dismissed.json"), "stored").await;
    let total = &server.read_json("/v1/surveys/checkout-csat/scores").await["total"];
    assert_eq!(total["counts"], json!([0, 0, 0, 0, 1]));
    assert_eq!(
        (&total["shown"], &total["dismissed"], &total["response_rate"]),
        (&json!(2), &json!(1), &json!(0.5))
    );
}

#[tokio::test]
async fn the_same_response_five_times_and_revisions_out_of_order_are_one_response() {
    let server = spawn().await;
    server.expect(&nps(1, 3, 7), "stored").await;
    for _ in 0..4 {
        server.expect(&nps(1, 3, 7), "duplicate").await;
    }
    server.expect(&nps(1, 5, 9), "stored").await;
    server.expect(&nps(1, 2, 0), "superseded").await;
    server.expect(&nps(1, 4, 1), "superseded").await;
    let stored = server.stored().await;
    assert_eq!((stored.len(), stored[0].answers[0].rating), (1, Some(9)));
    let total = &server.read_json("/v1/surveys/nps/scores").await["total"];
    assert_eq!((&total["n"], &total["counts"][9]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_superseded_revision_learns_which_one_is_kept() {
    let server = spawn().await;
    server.expect(&nps(1, 5, 9), "stored").await;
    let receipt: Value = server.post(nps(1, 2, 0).to_string()).await.json().await.unwrap();
    assert_eq!(receipt["revision"], 5);
}

#[tokio::test]
async fn five_at_once_are_one_response() {
    let server = std::sync::Arc::new(spawn().await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let server = server.clone();
        tasks
            .spawn(async move { server.post(nps(1, 2, 9).to_string()).await.json::<Value>().await.unwrap() });
    }
    let receipts = tasks.join_all().await;
    assert_eq!(receipts.iter().filter(|receipt| receipt["status"] == "stored").count(), 1, "{receipts:?}");
    assert_eq!(server.stored().await.len(), 1);
}

#[tokio::test]
async fn age_is_no_content() {
    let server = spawn().await;
    let aged = |age_ms: u32| {
        let mut response = nps(1, 2, 9);
        response["age_ms"] = age_ms.into();
        response
    };
    server.expect(&aged(10), "stored").await;
    server.expect(&aged(60_000), "duplicate").await;
}

#[tokio::test]
async fn a_scale_that_is_named_is_the_same_answer_as_one_that_is_not() {
    let server = spawn().await;
    let on_scale = |n: u64| {
        let mut response = nps(n, 2, 9);
        response["answers"][0]["scale"] = json!("0-10");
        response
    };
    // A widget of before and one of now, which sends again what the other has sent.
    server.expect(&nps(1, 2, 9), "stored").await;
    server.expect(&on_scale(1), "duplicate").await;
    server.expect(&on_scale(2), "stored").await;
    server.expect(&nps(2, 2, 9), "duplicate").await;
    assert_eq!(server.read_json("/v1/surveys/nps/scores").await["total"]["n"], 2);
}

#[tokio::test]
async fn a_page_is_kept_without_query_and_fragment() {
    let server = spawn().await;
    let mut response = nps(1, 2, 9);
    response["page"] = json!("https://a.example/thanks?email=me@a.example#top");
    server.expect(&response, "stored").await;
    assert_eq!(server.stored().await[0].page.as_deref(), Some("https://a.example/thanks"));
}

#[tokio::test]
async fn a_response_that_is_tried_out_is_listed_and_not_counted() {
    let server = spawn().await;
    let mut response = nps(1, 2, 9);
    response["test"] = json!(true);
    server.expect(&response, "stored").await;
    assert_eq!(server.read_json("/v1/surveys/nps/responses").await["responses"][0]["test"], true);
    assert_eq!(server.read_json("/v1/surveys/nps/scores").await["total"]["shown"], 0);
}

#[tokio::test]
async fn a_get_never_records() {
    let server = spawn().await;
    for path in ["/v1/surveys/nps?q0=8", "/v1/sites/shop", "/v1/responses", "/candor.js"] {
        server.get(path).await;
    }
    assert_eq!(server.stored().await, []);
    assert_eq!(server.get("/healthz").await.status(), StatusCode::OK);
}

use crate::spawn::{SHOP, problem, spawn, wire_json};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_definition_comes_in_one_language_as_the_golden_file_has_it() {
    let server = spawn().await;
    let response = server.get("/v1/surveys/checkout-csat?locale=zh-TW").await;
    assert_eq!(response.headers()["content-language"], "zh-Hant");
    assert_eq!(response.json::<Value>().await.unwrap(), wire_json("survey.json"));
}

#[tokio::test]
async fn a_sites_list_is_as_the_golden_file_has_it() {
    let server = spawn().await;
    assert_eq!(server.get("/v1/sites/shop").await.json::<Value>().await.unwrap(), wire_json("site.json"));
    let default: Value = server.get("/v1/sites/default").await.json().await.unwrap();
    assert_eq!(default, json!({"site": "default", "surveys": []}));
}

#[tokio::test]
async fn the_language_is_the_best_that_the_survey_has() {
    let server = spawn().await;
    for (locale, header, expect) in [
        (Some("zh-CN,zh-HK,en"), None, "zh-Hant"),
        (Some("zh-CN"), None, "en"),
        (Some("fi"), Some("zh-TW"), "en"),
        (None, Some("fa, zh-TW;q=0.8, en;q=0.9"), "en"),
        (None, Some("zh-Hant-TW, en;q=0.9"), "zh-Hant"),
        (None, Some("!!;q=7"), "en"),
        (None, None, "en"),
    ] {
        let query = locale.map_or_else(String::new, |locale| format!("?locale={locale}"));
        let mut request = server.request(Method::GET, &format!("/v1/surveys/checkout-csat{query}"));
        if let Some(header) = header {
            request = request.header("accept-language", header);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-language"], expect, "{locale:?} {header:?}");
        let vary: Vec<_> = response.headers().get_all("vary").iter().collect();
        assert_eq!(vary.iter().any(|v| *v == "Accept-Language"), locale.is_none(), "{vary:?}");
    }
}

#[tokio::test]
async fn a_preset_is_everywhere_and_has_no_language() {
    let server = spawn().await;
    let response = server.get("/v1/surveys/ces?locale=fa").await;
    assert!(!response.headers().contains_key("content-language"));
    let survey: Value = response.json().await.unwrap();
    assert_eq!((&survey["metric"], &survey["questions"][0]["id"]), (&json!("ces"), &json!("ces")));
}

#[tokio::test]
async fn a_version_can_be_asked_for() {
    let server = spawn().await;
    let survey: Value = server.get("/v1/surveys/relationship-nps?version=3").await.json().await.unwrap();
    assert_eq!(survey["version"], 3);
    for version in ["2", "4"] {
        let response = server.get(&format!("/v1/surveys/relationship-nps?version={version}")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(problem(response).await["field"], "survey_version");
    }
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let server = spawn().await;
    for path in ["/v1/surveys/checkout-csat?locale=en", "/v1/sites/shop", "/v1/surveys/nps"] {
        let first = server.get(path).await;
        let tag = first.headers()["etag"].clone();
        assert_eq!(first.headers()["cache-control"], "public, max-age=60", "{path}");
        for (given, status) in [
            (tag.to_str().unwrap().to_owned(), 304),
            (format!("\"x\", W/{}", tag.to_str().unwrap()), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
        ] {
            let request =
                server.request(Method::GET, path).header("if-none-match", &given).header("origin", SHOP);
            let response = request.send().await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{path} {given}");
            assert_eq!(response.headers()["etag"], tag);
            assert!(response.headers().contains_key("access-control-allow-origin"));
            assert_eq!(response.text().await.unwrap().is_empty(), status == 304);
        }
    }
    let chinese = server.get("/v1/surveys/checkout-csat?locale=zh-TW").await;
    let english = server.get("/v1/surveys/checkout-csat?locale=en").await;
    assert_ne!(chinese.headers()["etag"], english.headers()["etag"]);
}

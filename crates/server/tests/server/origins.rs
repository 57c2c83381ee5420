use crate::spawn::{SHOP, Spawned, config, nps, problem, spawn, spawn_with, wire};
use candor_server::DefaultSite;
use reqwest::{Method, Response, StatusCode};

async fn post(server: &Spawned, origin: &str, body: String) -> Response {
    let request = server.request(Method::POST, "/v1/responses").header("origin", origin);
    request.header("content-type", "text/plain").body(body).send().await.unwrap()
}

fn allowed(response: &Response) -> Option<&str> {
    response.headers().get("access-control-allow-origin").map(|origin| origin.to_str().unwrap())
}

#[tokio::test]
async fn a_page_of_the_sites_origin_may_answer() {
    let server = spawn().await;
    for origin in [SHOP, "http://127.0.0.1:8080"] {
        let response = post(&server, origin, wire("complete.json")).await;
        assert_eq!((response.status(), allowed(&response)), (StatusCode::OK, Some(origin)));
        assert!(response.headers().get_all("vary").iter().any(|vary| vary == "Origin"));
        let exposed = response.headers()["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.contains("Retry-After"), "{exposed}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_and_nothing_is_stored() {
    let server = spawn().await;
    for origin in [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://shop.example:8443",
        "null",
    ] {
        let response = post(&server, origin, wire("complete.json")).await;
        // The refusal may be read, so that its page can say what is wrong; it holds nothing of the site.
        assert_eq!((response.status(), allowed(&response)), (StatusCode::FORBIDDEN, Some(origin)));
        assert!(response.headers().get_all("vary").iter().any(|vary| vary == "Origin"));
        let problem = problem(response).await;
        assert_eq!(problem["field"], "Origin");
        let detail = format!("the origins of the site don't include {origin}");
        assert_eq!(problem["detail"], detail);
        for path in ["/v1/sites/shop", "/v1/surveys/checkout-csat"] {
            let response = server.request(Method::GET, path).header("origin", origin).send().await.unwrap();
            assert_eq!(
                (response.status(), allowed(&response)),
                (StatusCode::FORBIDDEN, Some(origin)),
                "{path}"
            );
            assert_eq!(response.headers()["cache-control"], "no-store");
            let body = response.text().await.unwrap().replace(origin, "");
            assert!(!body.contains("checkout") && !body.contains(SHOP), "{body}");
        }
    }
    assert_eq!(server.stored().await, []);
}

#[tokio::test]
async fn the_default_site_is_open_to_every_origin() {
    let server = spawn().await;
    for origin in ["https://any.example", "null"] {
        let response = post(&server, origin, nps(1, 2, 9).to_string()).await;
        assert_eq!((response.status(), allowed(&response)), (StatusCode::OK, Some("*")));
    }
}

#[tokio::test]
async fn a_default_site_that_is_closed_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    config.surveys.default_site = DefaultSite::Closed;
    let server = spawn_with(folder, config).await;
    let posted = post(&server, SHOP, nps(1, 2, 9).to_string()).await;
    for response in [posted, server.get("/v1/sites/default").await, server.get("/v1/sites/nowhere").await] {
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(problem(response).await["field"], "site");
    }
    assert_eq!(server.stored().await, []);
    // What was answered before can be read.
    server.read_json("/v1/surveys/nps/scores?site=default").await;
    // Presets go on under the sites of files.
    let of_shop = nps(1, 2, 9).to_string().replace("\"default\"", "\"shop\"");
    assert_eq!(post(&server, SHOP, of_shop).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_refused_body_can_be_read_by_its_page() {
    // The browser drops what can never be accepted, and must see the status for that.
    let server = spawn().await;
    for (body, status) in [("{", 400), ("{}", 422), (&"x".repeat(500_000), 413)] {
        let response = post(&server, SHOP, body.into()).await;
        assert_eq!((response.status().as_u16(), allowed(&response)), (status, Some("*")));
    }
    let wrong_rating = wire("complete.json").replace("\"rating\": 5", "\"rating\": 6");
    let response = post(&server, SHOP, wrong_rating).await;
    assert_eq!((response.status().as_u16(), allowed(&response)), (422, Some(SHOP)));
}

#[tokio::test]
async fn a_preflight_is_answered_for_every_route_of_the_api() {
    let server = spawn().await;
    for (path, method) in [("/v1/responses", "POST"), ("/v1/surveys/nps/scores", "GET")] {
        let request = server.request(Method::OPTIONS, path).header("origin", "https://any.example");
        let request = request.header("access-control-request-method", method);
        let response = request.header("access-control-request-headers", "content-type").send().await.unwrap();
        assert_eq!((response.status(), allowed(&response)), (StatusCode::NO_CONTENT, Some("*")), "{path}");
        assert!(response.headers()["access-control-allow-methods"].to_str().unwrap().contains(method));
        let headers = response.headers()["access-control-allow-headers"].to_str().unwrap();
        assert!(headers.contains("content-type") && headers.contains("authorization"));
    }
}

#[tokio::test]
async fn who_names_no_origin_is_let_in() {
    let server = spawn().await;
    let response = server.post(wire("complete.json")).await;
    assert_eq!((response.status(), allowed(&response)), (StatusCode::OK, None));
}

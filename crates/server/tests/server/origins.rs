use crate::spawn::{SHOP, Spawned, TOKEN, address, config, nps, problem, spawn, spawn_with, wire};
use candor_server::{Audience, DefaultSite, ROUTES};
use reqwest::{Method, Response, StatusCode};

async fn post(server: &Spawned, origin: &str, body: String) -> Response {
    let request = server.request(Method::POST, "/v1/responses").header("origin", origin);
    request.header("content-type", "text/plain").body(body).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn allowed(response: &Response) -> Option<&str> {
    header(response, "access-control-allow-origin")
}

fn varies(response: &Response, name: &str) -> bool {
    let all = response.headers().get_all("vary").iter().map(|vary| vary.to_str().unwrap());
    all.flat_map(|vary| vary.split(", ")).any(|vary| vary == name)
}

/// Whether a page of this origin may read the answer to a fetch with credentials: a browser refuses `*` then.
fn opens(response: &Response, origin: &str) -> bool {
    allowed(response) == Some(origin)
        && header(response, "access-control-allow-credentials") == Some("true")
        && varies(response, "Origin")
}

/// What a browser asks before a page may send these headers.
async fn preflight(server: &Spawned, path: &str, method: &str, headers: &str) -> Response {
    let request = server.request(Method::OPTIONS, path).header("origin", SHOP);
    let request = request.header("access-control-request-method", method);
    request.header("access-control-request-headers", headers).send().await.unwrap()
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
        assert_eq!((response.status(), allowed(&response)), (StatusCode::OK, Some(origin)));
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
    let wrong_rating = wire("complete.json").replace("\"rating\": 5", "\"rating\": 6");
    for (body, status) in [("{", 400), ("{}", 422), (&"x".repeat(520_000), 413), (&wrong_rating, 422)] {
        let response = post(&server, SHOP, body.into()).await;
        assert_eq!(response.status(), status);
        assert!(opens(&response, SHOP), "{status}: {:?}", response.headers());
    }
}

#[tokio::test]
async fn any_header_and_credentials_are_answered_on_files_and_on_the_respondents_routes_alone() {
    // As tools for tracing add them to each fetch of a page.
    const ASKED: &str = "baggage,content-type,traceparent,x-datadog-trace-id";
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    // With pages to be had.
    std::fs::write(folder.path().join("index.html"), "a page").unwrap();
    config.demo.demo = Some(folder.path().to_owned());
    config.demo.playground = Some(folder.path().join("index.html"));
    let server = spawn_with(folder, config).await;
    for route in ROUTES {
        let (pattern, path) = (route.path, address(route));
        let is_respondents = matches!(route.audience, Audience::Respondent | Audience::File);
        for method in ["GET", "HEAD", "POST"] {
            let before = preflight(&server, &path, method, ASKED).await;
            let asked = header(&before, "access-control-allow-headers");
            if is_respondents {
                assert_eq!((before.status(), asked), (StatusCode::NO_CONTENT, Some(ASKED)), "{pattern}");
                assert!(opens(&before, SHOP), "{pattern}: {:?}", before.headers());
                assert!(varies(&before, "Access-Control-Request-Headers"), "{pattern}");
            } else if route.audience == Audience::Reader {
                assert_eq!(asked, Some("authorization, content-type"), "{pattern}");
                assert_eq!((before.status(), allowed(&before)), (StatusCode::NO_CONTENT, Some("*")));
            } else {
                assert_eq!((asked, allowed(&before)), (None, None), "{pattern}");
            }
            let mut answers = vec![before];
            for token in [None, Some(TOKEN), Some("a-wrong-token")] {
                let method = method.parse().unwrap();
                let mut request = server.request(method, &path).header("origin", SHOP);
                request = request.header("traceparent", "00-1-2-01").header("cookie", "session=1");
                if let Some(token) = token {
                    request = request.bearer_auth(token);
                }
                answers.push(request.send().await.unwrap());
            }
            for answer in &answers {
                let what = format!("{method} {pattern}: {} {:?}", answer.status(), answer.headers());
                assert_eq!(opens(answer, SHOP), is_respondents, "{what}");
                let credentials = header(answer, "access-control-allow-credentials");
                assert_eq!(credentials.is_some(), is_respondents, "{what}");
                let origin = match route.audience {
                    Audience::Respondent | Audience::File => Some(SHOP),
                    Audience::Reader => Some("*"),
                    Audience::Operator | Audience::Public => None,
                };
                assert_eq!(allowed(answer), origin, "{what}");
            }
            // A cache must not give a page what it has got for no page.
            let nobodys = server.request(method.parse().unwrap(), &path).send().await.unwrap();
            assert_eq!(header(&nobodys, "access-control-allow-credentials"), None, "{pattern}");
            assert!([None, Some("*")].contains(&allowed(&nobodys)), "{pattern}");
            assert_eq!(varies(&nobodys, "Origin"), is_respondents, "{pattern}");
        }
    }
}

#[tokio::test]
async fn a_site_refuses_pages_of_other_origins_with_credentials_and_any_header_too() {
    let server = spawn().await;
    let evil = "https://evil.example";
    for path in ["/v1/sites/shop", "/v1/surveys/checkout-csat", "/v1/responses"] {
        let method = if path == "/v1/responses" { Method::POST } else { Method::GET };
        let request = server.request(method, path).header("origin", evil).header("traceparent", "00-1-2-01");
        let request = request.header("cookie", "session=1").header("content-type", "text/plain");
        let response = request.body(wire("complete.json")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(opens(&response, evil), "{path}: {:?}", response.headers());
        assert_eq!(problem(response).await["field"], "Origin");
    }
    assert_eq!(server.stored().await, []);
}

#[tokio::test]
async fn a_preflight_that_asks_for_no_list_of_headers_or_a_long_one_gets_the_usual_ones() {
    let server = spawn().await;
    let long = vec!["x-header"; 114].join(",");
    assert!(long.len() > 1_024);
    for path in ["/v1/responses", "/candor.js"] {
        for asked in ["", ",", "a,,b", "a b", "content-type, x:y", "x\u{e9}", &long] {
            let response = preflight(&server, path, "POST", asked).await;
            assert_eq!(
                header(&response, "access-control-allow-headers"),
                Some("authorization, content-type"),
                "{asked}"
            );
            assert!(opens(&response, SHOP), "{asked}");
        }
        for asked in ["x-a", "x-a, X-B ,\tx-c", &long[..1_016]] {
            let response = preflight(&server, path, "POST", asked).await;
            assert_eq!(header(&response, "access-control-allow-headers"), Some(asked));
        }
    }
}

#[tokio::test]
async fn options_are_answered_for_files_by_whomever_they_are_asked() {
    let server = spawn().await;
    for path in ["/candor.js", "/w/latest/en.json", "/w/000000000000/candor.wasm"] {
        let response = server.request(Method::OPTIONS, path).send().await.unwrap();
        assert_eq!((response.status(), allowed(&response)), (StatusCode::NO_CONTENT, Some("*")), "{path}");
        assert_eq!(header(&response, "access-control-allow-credentials"), None);
        assert!(varies(&response, "Origin"));
    }
}

#[tokio::test]
async fn who_names_no_origin_is_let_in() {
    let server = spawn().await;
    let response = server.post(wire("complete.json")).await;
    assert_eq!((response.status(), allowed(&response)), (StatusCode::OK, None));
}

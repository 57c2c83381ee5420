use crate::spawn::{SHOP, Spawned, TOKEN, config, nps, problem, spawn, spawn_with, wire_json};
use candor_server::Config;
use candor_store::{Arrival, Store};
use candor_survey::{NewResponse, preset};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

#[tokio::test]
async fn more_answers_from_one_address_than_may_be_are_refused_for_a_while_and_nobody_elses() {
    let server = spawn_but(|config| {
        config.limits.answers_per_minute = 2;
        config.limits.client_address_header = Some("x-real-ip".parse().unwrap());
    })
    .await;
    let post = |body: String, address: &str| {
        let request = server.request(Method::POST, "/v1/responses").header("origin", SHOP);
        let request = request.header("content-type", "text/plain").header("x-real-ip", address.to_owned());
        async move { request.body(body).send().await.unwrap() }
    };
    let answer = |n| nps(n, 2, 9).to_string();
    // What is no answer does not count, nor what the site's origins keep out.
    for _ in 0..3 {
        assert_eq!(post("{}".into(), "203.0.113.7").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    for n in 1..=2 {
        assert_eq!(post(answer(n), "203.0.113.7").await.status(), StatusCode::OK);
    }
    let refused = post(answer(3), "203.0.113.7").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["access-control-allow-origin"], SHOP);
    assert!(refused.headers()["access-control-expose-headers"].to_str().unwrap().contains("Retry-After"));
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let problem = problem(refused).await;
    assert!(!problem.to_string().contains("203.0.113.7"), "{problem}");
    assert_eq!(server.stored().await.len(), 2);
    // Another address, and another site.
    assert_eq!(post(answer(3), "203.0.113.8").await.status(), StatusCode::OK);
    let of_shop = answer(4).replace("\"default\"", "\"shop\"");
    assert_eq!(post(of_shop, "203.0.113.7").await.status(), StatusCode::OK);
    let metrics = server.read("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("candor_refusals_total{reason=\"too_many\"} 1\n"), "{metrics}");
}

#[tokio::test]
async fn without_a_header_that_names_them_the_clients_of_a_proxy_are_not_limited_and_0_is_no_limit() {
    for (answers_per_minute, header) in [(2, None), (0, Some("x-real-ip"))] {
        let server = spawn_but(|config| {
            config.limits.answers_per_minute = answers_per_minute;
            config.limits.client_address_header = header.map(|header| header.parse().unwrap());
        })
        .await;
        for n in 1..=5 {
            let request = server.request(Method::POST, "/v1/responses").header("x-real-ip", "203.0.113.7");
            let request = request.header("content-type", "text/plain").body(nps(n, 2, 9).to_string());
            assert_eq!(request.send().await.unwrap().status(), StatusCode::OK, "{answers_per_minute}");
        }
    }
}

async fn spawn_but(change: impl FnOnce(&mut Config)) -> Spawned {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    change(&mut config);
    spawn_with(folder, config).await
}

/// A response whose body is some 100 kB long.
fn large(n: u64) -> String {
    let entries: serde_json::Map<_, _> =
        (0..32).map(|i| (format!("k{i}"), json!("\u{1}".repeat(256)))).collect();
    let mut response = nps(n, 2, 9);
    response["context"] = entries.into();
    response["answers"] =
        json!([{"question": "nps", "rating": 9}, {"question": "why", "text": "\u{1}".repeat(5_000)}]);
    response.to_string()
}

#[tokio::test]
async fn those_who_keep_the_server_waiting_make_room_for_those_who_ask() {
    let server = spawn_but(|config| config.http.max_connections = 8).await;
    let mut idle = Vec::new();
    for start in ["", "GET /hea", "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"] {
        for _ in 0..10 {
            let mut stream = TcpStream::connect(&server.address).await.unwrap();
            stream.write_all(start.as_bytes()).await.unwrap();
            idle.push(stream);
        }
        assert_eq!(server.get("/healthz").await.status(), StatusCode::OK, "{start}");
    }
    server.expect(&nps(1, 2, 9), "stored").await;
    let mut closed = 0;
    for mut stream in idle {
        let mut rest = Vec::new();
        closed += u32::from(timeout(Duration::from_millis(50), stream.read_to_end(&mut rest)).await.is_ok());
    }
    assert!(closed >= 22, "{closed} of 30 were closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_waited_too_long_is_refused_and_one_that_waits_for_its_client_is_in_nobodys_way() {
    let server = spawn_but(|config| config.http.max_requests = 1).await;
    // Parts of requests, which may never become whole.
    let mut parts = Vec::new();
    for part in [
        "",
        "POST /v1/resp",
        "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n{",
    ] {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(part.as_bytes()).await.unwrap();
        parts.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.expect(&nps(1, 2, 9), "stored").await;

    // While nothing can be written, one waits for the database and the others for it.
    let lock = rusqlite::Connection::open(server.folder.path().join("candor.sqlite")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let first = async {
        let response = server.post(nps(2, 2, 9).to_string()).await;
        (response.status(), problem(response).await["detail"].clone())
    };
    let second = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let asked = std::time::Instant::now();
        let request = server.request(Method::POST, "/v1/responses").header("origin", SHOP);
        let request = request.header("content-type", "text/plain").body(nps(3, 2, 9).to_string());
        let response = request.send().await.unwrap();
        assert!(asked.elapsed() < Duration::from_secs(1), "the database gives up after two");
        assert_eq!(response.headers()["retry-after"], "2");
        // Its page may know, with credentials too.
        assert_eq!(response.headers()["access-control-allow-origin"], SHOP);
        assert_eq!(response.headers()["access-control-allow-credentials"], "true");
        let refused = (response.status(), problem(response).await["detail"].clone());
        assert_eq!(server.get("/healthz").await.status(), StatusCode::OK);
        assert_eq!(server.read("/v1/surveys/nps/scores").await.status(), StatusCode::OK);
        refused
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.0, second.0), (StatusCode::SERVICE_UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE));
    lock.execute_batch("ROLLBACK").unwrap();
    for n in [2, 3] {
        server.expect(&nps(n, 2, 9), "stored").await;
    }
    let metrics = server.read("/metrics").await.text().await.unwrap();
    for line in ["candor_refusals_total{reason=\"busy\"} 1", "candor_refusals_total{reason=\"database\"} 1"] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}

#[tokio::test]
async fn whoever_takes_no_answer_holds_no_place_by_asking_on() {
    let server = spawn_but(|config| config.http.max_requests = 1).await;
    for n in 0..60 {
        server.expect(&serde_json::from_str(&large(n)).unwrap(), "stored").await;
    }
    let mut greedy = TcpStream::connect(&server.address).await.unwrap();
    let list = "GET /v1/surveys/nps/responses?limit=500 HTTP/1.1\r\nHost: x\r\n";
    greedy.write_all(format!("{list}Authorization: Bearer {TOKEN}\r\n\r\n").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    // The answer waits to be taken. More than this does not come.
    greedy.write_all(b"G").await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    for n in 100..105 {
        server.expect(&nps(n, 2, 9), "stored").await;
    }
}

#[tokio::test]
async fn whoever_asks_once_does_not_wait_for_those_who_send_many_requests_ahead() {
    const HEALTHZ: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let server = spawn().await;
    let mut greedy = Vec::new();
    let mut answer = [0; 4_096];
    for _ in 0..20 {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(HEALTHZ).await.unwrap();
        assert!(stream.read(&mut answer).await.unwrap() > 0);
        greedy.push(stream);
    }
    let mut polite = greedy.pop().unwrap();
    // One thread runs all: the server learns of everything at once, and of the polite one last.
    for stream in &greedy {
        assert_eq!(stream.try_write(&HEALTHZ.repeat(60)).unwrap(), 60 * HEALTHZ.len());
    }
    assert_eq!(polite.try_write(HEALTHZ).unwrap(), HEALTHZ.len());
    assert!(polite.read(&mut answer).await.unwrap() > 0);
    let mut answered = 0;
    for stream in &greedy {
        let mut bytes = vec![0; 64 * 1024];
        let n = stream.try_read(&mut bytes).unwrap_or(0);
        answered += String::from_utf8_lossy(&bytes[..n]).matches("HTTP/1.1 200").count();
    }
    assert!((1..100).contains(&answered), "{answered} of {} were answered before one", 60 * greedy.len());
}

#[tokio::test]
async fn requests_that_come_together_are_answered_one_after_the_other() {
    let server = spawn_but(|config| config.http.max_requests = 1).await;
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let post = |n| {
        let body = nps(n, 2, 9).to_string();
        let length = body.len();
        format!(
            "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("{}{}{}{last}", post(1), post(2), post(3)).as_bytes()).await.unwrap();
    let mut answers = String::new();
    timeout(Duration::from_secs(5), stream.read_to_string(&mut answers)).await.unwrap().unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 4, "{answers}");
    assert_eq!(answers.matches("\"stored\"").count(), 3, "{answers}");
}

#[tokio::test]
async fn large_bodies_share_their_room_and_small_ones_need_none() {
    let server = spawn_but(|config| config.http.max_body_bytes = 128 * 1024).await;
    // It holds its room for as long as its last byte is missing.
    let body = large(1);
    assert!(body.len() > 64 * 1024 && body.len() < 128 * 1024, "{}", body.len());
    let (first, last) = body.split_at(body.len() - 1);
    let mut holder = TcpStream::connect(&server.address).await.unwrap();
    let head = format!(
        "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{first}",
        body.len()
    );
    holder.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;

    let refused = server.post(large(2)).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "2");
    problem(refused).await;
    server.expect(&nps(3, 2, 9), "stored").await;

    holder.write_all(last.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64];
    let read = timeout(Duration::from_secs(5), holder.read(&mut answer)).await.unwrap().unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(server.post(large(2)).await.status(), StatusCode::OK, "the room is free again");
}

#[tokio::test]
async fn a_head_has_a_size() {
    let server = spawn().await;
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let head = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(64 * 1024));
    // It may be closed before all of it is sent.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = vec![0; 12];
    let read = timeout(Duration::from_secs(5), stream.read(&mut answer)).await.unwrap().unwrap_or(0);
    assert!(!answer[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn answers_with_the_token_wait_for_their_place_and_get_it() {
    let server = spawn_but(|config| config.store.max_reads = 1).await;
    for n in 0..200 {
        server.expect(&serde_json::from_str(&large(n)).unwrap(), "stored").await;
    }
    // Some 4 MB, of which nothing is read: it holds the only place.
    let mut greedy = TcpStream::connect(&server.address).await.unwrap();
    let request = format!(
        "GET /v1/surveys/nps/responses?limit=500 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    );
    greedy.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let waits = timeout(Duration::from_millis(300), server.read("/v1/surveys/nps/scores")).await;
    assert!(waits.is_err(), "it was served although there was no place");
    server.expect(&nps(900, 2, 9), "stored").await;
    drop(greedy);
    assert_eq!(server.read("/v1/surveys/nps/scores").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn answers_dated_by_a_clock_that_was_years_ahead_are_left_out_unless_asked_for_and_that_is_said() {
    let server = spawn().await;
    server.expect(&nps(1, 2, 9), "stored").await;
    let path = server.folder.path().join("candor.sqlite");
    let store = Store::open_beside(&format!("sqlite://{}", path.display())).await.unwrap();
    let response: NewResponse = serde_json::from_value(nps(2, 2, 9)).unwrap();
    let response = response.check(&preset("nps").unwrap()).unwrap();
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    assert_eq!(server.read_json("/v1/surveys/nps/scores").await.get("later_until"), None);
    store
        .save(vec![Arrival {
            declared: Vec::new(),
            scope: candor_store::Scope::DEFAULT,
            response,
            received_ms: now_ms + 10 * 366 * 86_400_000,
        }])
        .await
        .unwrap();
    let days = server.read_json("/v1/surveys/nps/scores?interval=day").await;
    assert_eq!((&days["total"]["n"], days["periods"].as_array().unwrap().len()), (&1.into(), 1));
    let later_until = days["later_until"].as_str().unwrap();
    let all = format!("/v1/surveys/nps/scores?to={later_until}");
    let all = server.read_json(&all).await;
    assert_eq!((&all["total"]["n"], &all["total"]["to"]), (&2.into(), &days["later_until"]));
    assert_eq!(all.get("later_until"), None);
}

#[tokio::test]
async fn a_surveys_list_knows_its_site() {
    let server = spawn().await;
    server.expect(&wire_json("complete.json"), "stored").await;
    let list = "/v1/surveys/checkout-csat/responses";
    assert_eq!(
        server.read_json(&format!("{list}?site=shop")).await["responses"],
        server.read_json(list).await["responses"]
    );
    let response = server.read(&format!("{list}?site=default")).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(problem(response).await["expected"], "shop, whose survey this is");
    server.expect(&nps(1, 2, 9), "stored").await;
    for (site, n) in [("default", 1), ("shop", 0)] {
        let found = server.read_json(&format!("/v1/surveys/nps/responses?site={site}")).await;
        assert_eq!(found["responses"].as_array().unwrap().len(), n, "{site}");
    }
}

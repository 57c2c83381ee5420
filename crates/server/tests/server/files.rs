use crate::spawn::{SHOP, config, problem, spawn, spawn_with};
use reqwest::{Method, StatusCode};
use std::fs;

#[tokio::test]
async fn the_widgets_files_are_served_or_said_to_be_missing() {
    let server = spawn().await;
    let response = server.get("/candor.js").await;
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("timing-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(response.headers()[name], value, "{name}");
    }
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        // Built without the widget, as on a fresh clone.
        let problem = problem(response).await;
        assert!(problem["detail"].as_str().unwrap().contains("cargo xtask build"), "{problem}");
        return;
    }
    assert_eq!(response.headers()["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    let tag = response.headers()["etag"].clone();
    let loader = response.text().await.unwrap();

    let brotli =
        server.request(Method::GET, "/candor.js").header("accept-encoding", "gzip, br").send().await.unwrap();
    if brotli.headers().contains_key("content-encoding") {
        assert_eq!(
            (&brotli.headers()["content-encoding"], &brotli.headers()["vary"]),
            (&"br".parse().unwrap(), &"Accept-Encoding".parse().unwrap())
        );
        assert_ne!(brotli.headers()["etag"], tag);
        assert!(brotli.bytes().await.unwrap().len() < loader.len());
    }
    let head = server.request(Method::HEAD, "/candor.js").send().await.unwrap();
    assert_eq!((head.status(), &head.headers()["content-length"]), (StatusCode::OK, &loader.len().into()));
    let again = server.request(Method::GET, "/candor.js").header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

    let pinned = server.get(&format!("/candor-{}.js", env!("CARGO_PKG_VERSION"))).await;
    assert_eq!(pinned.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(pinned.text().await.unwrap(), loader);

    // `w/` and the twelve digits of the version.
    let version =
        |part: &str| part.get(..12).filter(|v| v.bytes().all(|b| b.is_ascii_hexdigit())).map(str::to_owned);
    let folder = format!("w/{}", loader.split("w/").find_map(version).unwrap());
    let wasm = server.get(&format!("/{folder}/candor.wasm")).await;
    assert_eq!(
        (wasm.status(), &wasm.headers()["content-type"]),
        (StatusCode::OK, &"application/wasm".parse().unwrap())
    );
    assert_eq!(wasm.headers()["cache-control"], "public, max-age=31536000, immutable");
    let latest = server.get("/w/latest/candor.wasm").await;
    assert_eq!(latest.headers()["cache-control"], "public, max-age=300");
    assert_eq!(latest.bytes().await.unwrap(), wasm.bytes().await.unwrap());
}

#[tokio::test]
async fn a_file_of_another_version_is_gone_and_not_cached() {
    let server = spawn().await;
    for path in ["/w/000000000000/candor.wasm", "/w/latest/other.js", "/w/latest/..%2fcandor.js"] {
        let response = server.request(Method::GET, path).header("origin", SHOP).send().await.unwrap();
        if response.status() != StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(response.headers()["cache-control"], "no-store");
        // The loader looks at the status, with credentials too.
        assert_eq!(response.headers()["access-control-allow-origin"], SHOP);
        assert_eq!(response.headers()["access-control-allow-credentials"], "true");
        problem(response).await;
    }
}

#[tokio::test]
async fn the_demos_pages_are_served_from_their_folder_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    fs::create_dir_all(pages.join("en")).unwrap();
    for (name, text) in
        [("index.html", "start"), ("scores.html", "scores"), ("en/shop.html", "shop"), (".secret", "no")]
    {
        fs::write(pages.join(name), text).unwrap();
    }
    fs::write(folder.path().join("playground.html"), "play").unwrap();
    let mut config = config(&folder);
    config.demo.demo = Some(pages);
    config.demo.playground = Some(folder.path().join("playground.html"));
    let server = spawn_with(folder, config).await;
    for (path, text) in [("/demo/", "start"), ("/demo/en/shop.html", "shop"), ("/playground", "play")] {
        let response = server.get(path).await;
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8", "{path}");
        assert_eq!(response.text().await.unwrap(), text);
    }
    for (path, to) in [("/", "/demo/"), ("/scores", "/demo/scores.html")] {
        assert_eq!(server.get(path).await.headers()["location"], to);
    }
    for path in [
        "/demo/.secret",
        "/demo/..%2fcandor.sqlite",
        "/demo/%2e%2e/candor.sqlite",
        "/demo//etc/passwd",
        "/demo/en%00",
        "/..%2fcandor",
    ] {
        assert_eq!(server.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

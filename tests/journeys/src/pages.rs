use crate::http::{self, HeaderMap, Response, Server};
use anyhow::Result;
use candor_survey::{LANGUAGES, Language};
use hyper::{
    StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A page made up by a test.
#[derive(Clone, Debug, Default)]
pub struct Page {
    html: String,
    headers: HeaderMap,
}

impl Page {
    /// A page with this source.
    #[must_use]
    pub fn new(html: impl Into<String>) -> Self {
        Self { html: html.into(), headers: HeaderMap::new() }
    }

    /// An English page with a heading, a button, a link, and this in its body.
    #[must_use]
    pub fn with_body(body: &str) -> Self {
        Self::in_language("en", body)
    }

    /// A page in this language, with a heading, a button, a link, and this in its body.
    ///
    /// Its direction is that of the language, as on a real page; of one that Candor does not speak, that of English.
    #[must_use]
    pub fn in_language(lang: &str, body: &str) -> Self {
        let language = Language::negotiate(&[lang.to_owned()], &LANGUAGES).tag;
        let dir = crate::word(language, "dir").unwrap_or_else(|_| "ltr".to_owned());
        Self::new(format!(
            "<!doctype html><html lang=\"{lang}\" dir=\"{dir}\"><head><meta charset=\"utf-8\"><title>Host</title>\
             <meta name=\"viewport\" content=\"width=device-width\">{}</head><body><main><h1>Host</h1>\
             <p><button id=\"button\">Button</button> <a id=\"link\" href=\"/elsewhere\">Elsewhere</a></p></main>\
             {body}</body></html>",
            crate::browser::witness()
        ))
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(HeaderName::from_static(name), value);
        }
        self
    }
}

type Rewrite = (String, String);

/// The host site: pages made up by a test, before the files of `www/demo`.
#[derive(Debug)]
pub struct Pages {
    server: Server,
    made_up: Arc<Mutex<HashMap<String, Page>>>,
    rewrites: Arc<Mutex<Vec<Rewrite>>>,
}

impl Pages {
    /// Serves the demo's pages, and `/elsewhere`, a page that knows nothing of Candor.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let made_up: Arc<Mutex<HashMap<String, Page>>> = Arc::default();
        let rewrites: Arc<Mutex<Vec<Rewrite>>> = Arc::default();
        let (pages, words) = (Arc::clone(&made_up), Arc::clone(&rewrites));
        let server = Server::start(move |request| {
            let page = pages.lock().unwrap_or_else(PoisonError::into_inner).get(request.route()).cloned();
            let words = words.lock().unwrap_or_else(PoisonError::into_inner).clone();
            async move {
                match page {
                    Some(page) => {
                        let html = Response::new(page.html.into());
                        let mut response = typed(html, "text/html; charset=utf-8");
                        response.headers_mut().extend(page.headers);
                        response
                    }
                    // Chromium asks for it, and a 404 would be an error in the page's console.
                    None if request.route() == "/favicon.ico" => http::status(StatusCode::NO_CONTENT),
                    None => file(request.route(), &words).await,
                }
            }
        })
        .await?;
        let pages = Self { server, made_up, rewrites };
        pages.set(
            "/elsewhere",
            Page::new("<!doctype html><title>Elsewhere</title><p>Nothing of Candor here."),
        );
        Ok(pages)
    }

    /// Puts a page at this path, in place of what was there.
    pub fn set(&self, path: &str, page: Page) {
        self.made_up.lock().unwrap_or_else(PoisonError::into_inner).insert(path.into(), page);
    }

    /// Replaces this text in every file of the demo from now on.
    pub fn rewrite(&self, from: &str, to: &str) {
        self.rewrites.lock().unwrap_or_else(PoisonError::into_inner).push((from.into(), to.into()));
    }

    /// The address of this path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.origin())
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<http::Request> {
        self.server.requests()
    }
}

fn typed(mut response: Response, content_type: &'static str) -> Response {
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

async fn file(route: &str, words: &[Rewrite]) -> Response {
    let demo = crate::root().join("www/demo");
    let mut path = demo.join(route.trim_start_matches('/'));
    if route.contains("..") {
        return http::status(StatusCode::NOT_FOUND);
    }
    if path.is_dir() {
        path.push("index.html");
    }
    let Ok(mut bytes) = tokio::fs::read(&path).await else { return http::status(StatusCode::NOT_FOUND) };
    let content_type = match path.extension().and_then(|e| e.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    if let Ok(mut text) = String::from_utf8(bytes.clone()) {
        for (from, to) in words {
            text = text.replace(from, to);
        }
        bytes = text.into_bytes();
    }
    let mut response = typed(Response::new(bytes.into()), content_type);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

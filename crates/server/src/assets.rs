//! The widget's files, embedded by `build.rs`.

use crate::{cors, etag, problem::Problem, refusals::Reason, routes::params::Name};
use axum::{
    body::Bytes,
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, VARY},
    },
    middleware::Next,
    response::Response,
};

struct File {
    /// `w/3f2a…/element.js`
    path: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/dist.rs"));

/// For what may change with the next deployment.
const SHORT: &str = "public, max-age=300";
/// For what is another address when it changes.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// `GET /candor.js`
pub(crate) async fn loader(headers: HeaderMap) -> Result<Response, Problem> {
    respond(&headers, "candor.js", SHORT)
}

/// `GET /candor-X.Y.Z.js`, for pages that pin it by its hash.
pub(crate) async fn pinned(headers: HeaderMap) -> Result<Response, Problem> {
    respond(&headers, concat!("candor-", env!("CARGO_PKG_VERSION"), ".js"), IMMUTABLE)
}

/// `GET /w/{version}/{file}`; the version `latest` is the current one, for loaders whose own is gone.
pub(crate) async fn module(
    Name((version, file)): Name<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if version == "latest" {
        return respond(&headers, &format!("{LATEST}/{file}"), SHORT);
    }
    respond(&headers, &format!("w/{version}/{file}"), IMMUTABLE)
}

fn respond(headers: &HeaderMap, path: &str, cache_control: &'static str) -> Result<Response, Problem> {
    if FILES.is_empty() {
        let detail =
            "the widget's files are not in this binary: run `cargo xtask build`, then build the server again";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).reason(Reason::NoFiles));
    }
    let Some(file) = FILES.iter().find(|file| file.path == path) else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "there is no such file of the widget here"));
    };
    let brotli = file.brotli.filter(|_| accepts_brotli(headers));
    let tag = etag::tag(brotli.unwrap_or(file.plain));
    let body = Bytes::from_static(brotli.unwrap_or(file.plain));
    let mut response = etag::respond(headers, body, tag, media_type(path), cache_control);
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if brotli.is_some() && response.status() == StatusCode::OK {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    Ok(response)
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        // `q=0`, `q=0.0` … say that it is not wanted; RFC 9110, section 12.4.2.
        let refused =
            weight.trim().strip_prefix("q=").is_some_and(|q| q.bytes().all(|b| b == b'0' || b == b'.'));
        name.trim().eq_ignore_ascii_case("br") && !refused
    })
}

/// The media type of a file, by its name's ending.
pub(crate) fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// Any page may load the files and see how long that took, errors included.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let mut response = cors::respondents(request, next).await;
    let headers = response.headers_mut();
    for (name, value) in [("cross-origin-resource-policy", "cross-origin"), ("timing-allow-origin", "*")] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    debug_assert!(response.status() != StatusCode::OK || response.headers().contains_key(ETAG));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_sent_only_to_those_who_want_it() {
        for (header, expect) in [
            ("gzip, deflate, br, zstd", true),
            ("gzip;q=1.0, BR;q=0.5", true),
            ("br;q=0", false),
            ("br; q=0.000", false),
            ("gzip, brotli", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, header.parse().unwrap());
            assert_eq!(accepts_brotli(&headers), expect, "{header}");
        }
    }
}

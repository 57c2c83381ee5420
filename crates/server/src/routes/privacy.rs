//! Global Privacy Control (<https://www.w3.org/TR/gpc/>): a respondent's browser asks that nobody be told who they are.

use axum::{
    http::{
        HeaderMap,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::IntoResponse,
};

/// `lastUpdate` is the day since which it is so.
const SUPPORT: &str = r#"{"gpc": true, "lastUpdate": "2026-11-28"}"#;

/// Whether the respondent asks for it. The header has no other value.
pub(crate) fn is_private(headers: &HeaderMap) -> bool {
    headers.get("sec-gpc").is_some_and(|value| value == "1")
}

/// `GET /.well-known/gpc.json`, for everyone: that this server does as it is asked.
pub(crate) async fn show() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=86400")], SUPPORT)
}

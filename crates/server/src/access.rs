use crate::{App, problem::Problem, refusals::Reason};
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::FromRequestParts,
    http::{
        HeaderValue,
        header::{AUTHORIZATION, CACHE_CONTROL},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use candor_store::StoreError;
use hyper::body::{Frame, SizeHint};
use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use subtle::ConstantTimeEq;
use tokio::sync::OwnedSemaphorePermit;

/// The token that reads scores and responses.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// The operator's own.
    pub(crate) fn parse(token: String) -> anyhow::Result<Self> {
        anyhow::ensure!(
            token.len() >= 8 && token.bytes().all(|b| b.is_ascii_graphic()),
            "--token: expected at least 8 visible ASCII characters, no spaces"
        );
        Ok(Self(token))
    }

    /// One that nobody can guess: 128 random bits.
    pub(crate) fn random() -> anyhow::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|e| anyhow::anyhow!("the system gives no random numbers: {e}"))?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// In constant time, so that how long it takes doesn't tell how many characters were right.
    fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Proof that the request bore the token: a handler that takes it can't be reached without. It holds a place among the
/// answers that are in memory at once.
#[derive(Debug)]
pub(crate) struct Reader(OwnedSemaphorePermit);

impl Reader {
    /// Marks what only the token's bearer may see, so that no cache keeps it, and gives the place back once it was taken.
    pub(crate) fn private(self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response().map(|body| Body::new(Held { body, _place: self.0 }));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// A body with something that is given back with its last byte.
struct Held {
    body: Body,
    _place: OwnedSemaphorePermit,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let missing = || {
            let detail = "expected the header Authorization: Bearer and the token";
            Problem::unauthorized(detail, "Bearer").reason(Reason::NoToken)
        };
        let header = parts.headers.get(AUTHORIZATION).ok_or_else(missing)?;
        let (scheme, token) = header.to_str().ok().and_then(|h| h.split_once(' ')).ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        if !app.token.is(token.trim()) {
            return Err(Problem::unauthorized("this is not the token", "Bearer error=\"invalid_token\""));
        }
        let place = Arc::clone(&app.reads).acquire_owned().await;
        place.map(Self).map_err(|_| Problem::from(StoreError::Closed))
    }
}

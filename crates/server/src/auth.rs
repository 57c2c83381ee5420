use crate::{app::App, connections::Meter, problem::Problem, refusals::Reason};
use axum::{
    body::Bytes,
    extract::FromRequestParts,
    http::{
        HeaderValue, StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use serde::Serialize;
use std::{fmt, sync::Arc, time::Duration};
use subtle::ConstantTimeEq;
use tokio::sync::OwnedSemaphorePermit;

/// How long a read waits for a place. Those that have one read and are taken in less, unless their clients don't mean it.
const PLACE_TIMEOUT: Duration = Duration::from_secs(5);

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
        Ok(Self(HEXLOWER.encode(&bytes)))
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

/// What [`Reader::json`] is to answer.
pub(crate) fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    let mut json = Vec::new();
    to_json_in(value, &mut json)?;
    Ok(json)
}

/// The same at the end of what is there already.
pub(crate) fn to_json_in(value: &impl Serialize, json: &mut Vec<u8>) -> Result<(), Problem> {
    serde_json::to_writer(json, value).map_err(|error| Problem::fault(error.to_string()))
}

/// Proof that the request bore the token: a handler that takes it can't be reached without. It holds a place among the
/// answers that are in memory at once.
#[derive(Debug)]
pub(crate) struct Reader(OwnedSemaphorePermit);

impl Reader {
    /// An answer as JSON that only the token's bearer may see. It is made on a thread where nobody else waits: a large one
    /// takes longer than hundreds of small ones.
    pub(crate) async fn json(
        self,
        make: impl FnOnce() -> Result<Vec<u8>, Problem> + Send + 'static,
    ) -> Result<Response, Problem> {
        let made = tokio::task::spawn_blocking(move || {
            let mut json = make()?;
            // It grew by doubling, and may stay for as long as its client takes it.
            json.shrink_to_fit();
            Ok(self.answer("application/json", json))
        });
        made.await.map_err(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Problem::fault(error.to_string()),
        })?
    }

    /// An answer that no cache keeps. Its place is given back when its last byte was taken, or its client is gone.
    pub(crate) fn answer(self, content_type: &'static str, bytes: Vec<u8>) -> Response {
        let bytes = Bytes::from_owner(Held { bytes, _place: self.0 });
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, bytes).into_response()
    }
}

/// Bytes with something that is given back with them. A body would be too soon: it is dropped once its bytes wait to be
/// written.
struct Held {
    bytes: Vec<u8>,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
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
        // Reads have places of their own, for which ingest must not wait.
        if let Some(meter) = parts.extensions.get::<Arc<Meter>>() {
            meter.pass.release();
        }
        let place = tokio::time::timeout(PLACE_TIMEOUT, Arc::clone(&app.reads).acquire_owned()).await;
        place.ok().and_then(Result::ok).map(Self).ok_or_else(|| {
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many answers wait to be taken: try again later",
            )
            .closing()
        })
    }
}

use crate::refusals::{Reason, Refusal};
use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use candor_store::StoreError;
use candor_survey::Invalid;
use serde::Serialize;

/// Why a request is not answered as asked, for the reader at the other end: an RFC 9457 problem document.
///
/// What the operator should know goes with it, as a [`Refusal`].
#[derive(Debug)]
pub(crate) struct Problem(Box<Content>);

// Boxed, because a `Result` is as large as its larger half.
#[derive(Debug)]
struct Content {
    status: StatusCode,
    reason: Reason,
    detail: String,
    /// For the log, in place of `detail`.
    cause: Option<String>,
    field: Option<String>,
    expected: Option<String>,
    header: Option<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Document<'a> {
    // The title says all that the type would; RFC 9457, section 4.2.1.
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
}

/// The longest that a field's name can be is 87 characters: `respondent.attributes.` and a name of 64.
const MAX_FIELD: usize = 128;
/// Room for the names of all parameters of an address.
const MAX_EXPECTED: usize = 256;

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Content {
            status,
            reason: Reason::of(status),
            detail: detail.into(),
            cause: None,
            field: None,
            expected: None,
            header: None,
        }))
    }

    /// 422: a value is not what it must be.
    pub(crate) fn invalid(field: impl Into<String>, expected: impl Into<String>) -> Self {
        let (field, expected) = (short(field, MAX_FIELD), short(expected, MAX_EXPECTED));
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{field}: expected {expected}"))
            .field(field)
            .expected(expected)
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(short(field, MAX_FIELD));
        self
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(short(expected, MAX_EXPECTED));
        self
    }

    /// What it counts as, where the status doesn't say it.
    pub(crate) fn reason(mut self, reason: Reason) -> Self {
        self.0.reason = reason;
        self
    }

    /// What is reported to the operator and not to the client: no visitor's address, token or answer.
    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    fn header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.0.header = Some((name, value.into()));
        self
    }

    /// Whoever gets it has to connect again.
    pub(crate) fn closing(self) -> Self {
        self.header(CONNECTION, HeaderValue::from_static("close"))
    }

    /// 500: what should not happen did.
    pub(crate) fn fault(cause: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server is at fault; its log says more").cause(cause)
    }

    /// 429: more came from there than may, and the next may come in so many seconds.
    pub(crate) fn too_many(seconds: u64) -> Self {
        let detail = "too many answers come from this address: try again later";
        Self::new(StatusCode::TOO_MANY_REQUESTS, detail).header(RETRY_AFTER, seconds)
    }

    /// 401: no token, or not the one. `challenge` is what RFC 6750 wants said in `WWW-Authenticate`.
    pub(crate) fn unauthorized(detail: &str, challenge: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }
}

/// What a client sent, short enough to be sent back and logged.
pub(crate) fn short(text: impl Into<String>, most: usize) -> String {
    let mut text = text.into();
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
    }
    text
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.field, invalid.expected)
    }
}

/// The database's trouble is temporary as far as a browser is concerned: it tries again.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let reason = match error {
            StoreError::Busy => Reason::Busy,
            StoreError::TooLong => {
                let detail = "this takes too long to read: ask for fewer periods or segments";
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).reason(Reason::TooSlow);
            }
            _ => Reason::Database,
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server can't do this now: try again in a moment")
            .reason(reason)
            .cause(error.to_string())
            .header(RETRY_AFTER, 2_u64)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Content { status, reason, detail, cause, field, expected, header } = *self.0;
        let document = Document {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            detail: &detail,
            field: field.as_deref(),
            expected: expected.as_deref(),
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = header {
            headers.insert(name, value);
        }
        response.extensions_mut().insert(Refusal { reason, detail: cause.unwrap_or(detail) });
        response
    }
}

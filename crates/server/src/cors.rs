//! Which pages may use the server: cross-origin resource sharing, by the origins of the site that is asked for.
//!
//! The answer to a preflight is the same for everyone, because it comes before the site is known; whether the request
//! itself is let in is decided by its handler.

use crate::problem::{Problem, short};
use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
            VARY,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Who may read a response. Those without one may be read by anyone: they say nothing of a site.
#[derive(Clone, Debug)]
pub(crate) enum Grant {
    /// Pages of every origin.
    Anyone,
    /// Pages of this origin.
    Origin(HeaderValue),
    /// Whoever names no origin, which is no page.
    NoPage,
}

impl Grant {
    /// Lets the request to a site with these origins in, or says why not.
    pub(crate) fn decide(headers: &HeaderMap, site: &str, origins: &[String]) -> Result<Self, Refused> {
        if origins.iter().any(|allowed| allowed == "*") {
            return Ok(Self::Anyone);
        }
        let Some(origin) = headers.get(ORIGIN) else { return Ok(Self::NoPage) };
        if origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
            return Ok(Self::Origin(origin.clone()));
        }
        Err(Refused { origin: origin.clone(), site: site.to_owned() })
    }

    /// Marks a response with who may read it.
    pub(crate) fn on(self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The site does not let pages of this origin in. They may read that, and no more: a developer would otherwise see a
/// failed request without a reason.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    origin: HeaderValue,
    site: String,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let origin = short(String::from_utf8_lossy(self.origin.as_bytes()), 128);
        let problem =
            Problem::new(StatusCode::FORBIDDEN, format!("the origins of the site don't include {origin}"))
                // Whoever asked for a survey may not know whose it is.
                .cause(format!("the origins of the site {} don't include {origin}", self.site))
                .field("Origin")
                .expected("one of the origins in the site's file: scheme, host and port must be the same");
        Grant::Origin(self.origin).on(problem)
    }
}

/// Answers preflights and writes the headers of all other responses.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if preflight {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
        return response;
    }
    let mut response = next.run(request).await;
    let grant = response.extensions_mut().remove().unwrap_or(Grant::Anyone);
    let headers = response.headers_mut();
    let origin = match grant {
        Grant::Anyone => Some(HeaderValue::from_static("*")),
        Grant::Origin(origin) => Some(origin),
        Grant::NoPage => None,
    };
    if origin.as_ref().is_none_or(|origin| origin != "*") {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Content-Language, ETag, Retry-After"),
        );
    }
    response
}

//! Which pages may use the server: cross-origin resource sharing, by whose a route is, and by the origins of the site that
//! is asked for.
//!
//! The answer to a preflight is the same for all sites, because it comes before the site is known; whether the request
//! itself is let in is decided by its handler.

use crate::problem::{Problem, short};
use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
            ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, COOKIE, ORIGIN,
            VARY,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

const ANYONE: HeaderValue = HeaderValue::from_static("*");
const EXPOSED: HeaderValue = HeaderValue::from_static("Content-Language, ETag, Retry-After");
/// The headers of our own clients.
const USUAL: HeaderValue = HeaderValue::from_static("authorization, content-type");
/// The longest list of headers that a preflight is answered, in bytes: several tools for tracing add less than half of it.
const MAX_ASKED: usize = 1_024;

/// Who may read a response of the respondent's routes. Those without one may be read by any page: they say nothing of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// The page that asked.
    Page,
    /// Whoever names no origin, which is no page.
    NoPage,
}

impl Grant {
    /// Lets the request to a site with these origins in, or says why not.
    pub(crate) fn decide(headers: &HeaderMap, site: &str, origins: &[String]) -> Result<Self, Refused> {
        if origins.iter().any(|allowed| allowed == "*") {
            return Ok(Self::Page);
        }
        let Some(origin) = headers.get(ORIGIN) else { return Ok(Self::NoPage) };
        if origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
            return Ok(Self::Page);
        }
        Err(Refused { origin: origin.clone(), site: site.to_owned() })
    }

    /// Marks a response with who may read it.
    pub(crate) fn on(self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        if self == Self::NoPage {
            response.extensions_mut().insert(self);
        }
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
        Problem::new(StatusCode::FORBIDDEN, format!("the origins of the site don't include {origin}"))
            // Whoever asked for a survey may not know whose it is.
            .cause(format!("the origins of the site {} don't include {origin}", self.site))
            .field("Origin")
            .expected("one of the origins in the site's file: scheme, host and port must be the same")
            .into_response()
    }
}

/// For the respondent's routes and the files: answers preflights and lets the page that asks read all else, refusals too.
///
/// What a page puts around `fetch` adds headers of its own and sends requests again with credentials, for which browsers want
/// the page's origin and not `*`. It may, because nothing here looks at them.
pub(crate) async fn respondents(mut request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let mut response = if request.method() == Method::OPTIONS {
        let mut response = preflight(asked(request.headers()).unwrap_or(USUAL));
        response.headers_mut().insert(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
        response
    } else {
        // Any page may send these with its request, so that they must not decide anything.
        for credentials in [COOKIE, AUTHORIZATION] {
            request.headers_mut().remove(credentials);
        }
        next.run(request).await
    };
    let grant = response.extensions_mut().remove().unwrap_or(Grant::Page);
    let headers = response.headers_mut();
    // Without an origin, too: a cache must not give that answer to a page that names one.
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if origin.is_some() {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    if origin.is_some() || grant == Grant::Page {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.unwrap_or(ANYONE));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

/// For the routes that read the token: pages that have it may send it in its header, and nothing that a browser adds by itself.
pub(crate) async fn readers(request: Request, next: Next) -> Response {
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight { preflight(USUAL) } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    response
}

fn preflight(allowed: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// The headers that a preflight asks for, if they are a list of names.
fn asked(headers: &HeaderMap) -> Option<HeaderValue> {
    let asked = headers.get(ACCESS_CONTROL_REQUEST_HEADERS)?;
    let mut names = asked.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let is_sane = asked.len() <= MAX_ASKED && names.all(|name| HeaderName::from_bytes(name).is_ok());
    is_sane.then(|| asked.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, middleware::from_fn, routing::get};
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    #[tokio::test]
    async fn what_a_browser_adds_by_itself_gets_nowhere_near_an_answer_with_credentials() {
        async fn seen(headers: HeaderMap) -> StatusCode {
            let names = [COOKIE, AUTHORIZATION];
            if names.iter().any(|name| headers.contains_key(name)) {
                return StatusCode::IM_A_TEAPOT;
            }
            StatusCode::OK
        }
        let routes = Router::new().route("/", get(seen)).layer(from_fn(respondents));
        let request = Request::get("/").header(ORIGIN, "https://shop.example");
        let request = request.header(COOKIE, "a=1").header(COOKIE, "b=2").header(AUTHORIZATION, "Basic x");
        let response = TowerToHyperService::new(routes).call(request.body(Body::empty()).unwrap()).await;
        let response = response.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    }
}

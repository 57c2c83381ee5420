//! Every network call of the Wasm.

use super::{Attempt, message_of, settled};
use crate::{
    clock,
    js::{self, Made, window},
    text::{concat, decimal},
};
use js_sys::{Array, Function, JSON, Promise};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Response};

/// After this an attempt counts as failed. The server may still have got it: it knows the id when it comes again.
const TIMEOUT_MS: u32 = 30_000;

/// Posts a response so that it outlives the page and needs no preflight: `keepalive`, `text/plain`.
///
/// Browsers give all requests with `keepalive` together about 64 KiB; one that is refused for that is sent again without.
pub(super) async fn post(url: &str, body: &str, keepalive: bool) -> Attempt {
    let init = js::object()
        .with("method", "POST")
        .with("body", body)
        // A redirect would turn the POST into a GET that records nothing.
        .with("redirect", "error")
        .with("keepalive", keepalive);
    let response = match response_of(fetch(url, init)).await {
        Ok(response) => response,
        Err(why) => return Attempt::Failed { why, retry_after_ms: None },
    };
    let status = response.status();
    if is_ok(status) {
        return Attempt::Accepted;
    }
    // What is wrong with the answer itself will not heal; a survey that is not deployed yet (404) may.
    if matches!(status, 400 | 409 | 410 | 413 | 415 | 422) {
        return Attempt::Rejected { status, problem: text_of(&response).await.unwrap_or_default() };
    }
    let retry_after = response.headers().get("retry-after").ok().flatten();
    let retry_after_ms =
        retry_after.and_then(|value| retry_after_ms(&value, clock::now(), js_sys::Date::parse));
    Attempt::Failed { why: refusal(&response).await, retry_after_ms }
}

/// Hands a response to the browser when a fetch was refused on leaving. Nobody hears what became of it, so that the
/// entry stays and the next page sends it again.
pub(super) fn beacon(url: &str, body: &str) {
    if let Some(window) = window() {
        let _ = window.navigator().send_beacon_with_opt_str(url, Some(body));
    }
}

/// Whether the page is going away or may be at any moment.
pub(super) fn is_leaving() -> bool {
    window().and_then(|window| window.document()).is_some_and(|document| document.hidden())
}

/// A JSON document on its way.
pub(crate) struct Download {
    url: String,
    response: Result<JsFuture, String>,
}

impl Download {
    /// Asks for it now.
    pub(crate) fn start(url: String) -> Self {
        Self { response: fetch(&url, js::object()), url }
    }

    /// Waits for it.
    ///
    /// # Errors
    /// The address and what went wrong.
    pub(crate) async fn json(self) -> Result<JsValue, String> {
        let why = match response_of(self.response).await {
            Ok(response) if !is_ok(response.status()) => refusal(&response).await,
            Ok(response) => match text_of(&response).await.map(|text| JSON::parse(&text)) {
                Ok(Ok(json)) => return Ok(json),
                Ok(Err(error)) => message_of(&error),
                Err(why) => why,
            },
            Err(why) => why,
        };
        Err(concat(&[&self.url, ": ", &why]))
    }
}

/// Asks for a lock that one tab of this origin holds at a time. The first of what is returned settles when it is held, at
/// once where the browser has no locks; the second gives it back, and so does the end of the page.
pub(super) fn lock(name: &str) -> (JsFuture, Option<Function>) {
    let (held, release) = pending();
    let (granted, grant) = pending();
    // The lock is held until what this returns is settled.
    let holding = Closure::once_into_js(move || {
        let _ = grant.map(|grant| grant.call0(&JsValue::UNDEFINED));
        held
    });
    // Refused in sandboxed frames, at once or later; their storage is refused as well, so that no other tab sees what is
    // kept there.
    let ended = locks("request", &Array::of2(&name.into(), &holding));
    (JsFuture::from(Promise::race(&Array::of2(&granted, &ended))), release)
}

/// The locks that the tabs of this origin hold, each with its `name`.
pub(super) async fn locked() -> Array {
    let state = settled(locks("query", &Array::new())).await.unwrap_or_default();
    js::get(&state, "held").and_then(|held| held.dyn_into().ok()).unwrap_or_default()
}

/// What a method of the browser's locks gives; nothing where there are none.
fn locks(method: &str, arguments: &Array) -> Promise {
    let answer = || {
        let locks = js::get(&window()?.navigator(), "locks")?;
        js::get(&locks, method)?.dyn_into::<Function>().ok()?.apply(&locks, arguments).ok()
    };
    Promise::resolve(&answer().unwrap_or_default())
}

/// A promise and what resolves it.
fn pending() -> (Promise, Option<Function>) {
    let mut resolves = None;
    let promise = Promise::new(&mut |resolve, _| resolves = Some(resolve));
    (promise, resolves)
}

/// Listened to from the start: a failure that nobody awaits yet must not become the page's unhandled rejection.
fn fetch(url: &str, init: Made) -> Result<JsFuture, String> {
    let window = window().ok_or_else(String::new)?;
    let init = init
        // No cookie ever goes along.
        .with("credentials", "omit")
        // Nor the page's path and query.
        .with("referrerPolicy", "strict-origin")
        .with("signal", AbortSignal::timeout_with_u32(TIMEOUT_MS))
        .done();
    // Called by hand, because a page may have put in its place a function that throws.
    let fetch = js::get(&window, "fetch")
        .and_then(|fetch| fetch.dyn_into::<Function>().ok())
        .ok_or_else(String::new)?;
    let promise = fetch.call2(&window, &url.into(), &init).map_err(|error| message_of(&error))?;
    Ok(JsFuture::from(Promise::resolve(&promise)))
}

async fn response_of(fetched: Result<JsFuture, String>) -> Result<Response, String> {
    let response = fetched?.await.map_err(|error| message_of(&error))?;
    response.dyn_into().map_err(|_| "fetch gave no response".into())
}

fn is_ok(status: u16) -> bool {
    (200..300).contains(&status)
}

/// The body, as far as it is a text; what went wrong.
async fn text_of(response: &Response) -> Result<String, String> {
    let text = response.text().map_err(|error| message_of(&error))?;
    Ok(settled(text).await?.as_string().unwrap_or_default())
}

/// The status, with what a problem document says of it.
async fn refusal(response: &Response) -> String {
    let status = status_text(response.status());
    let problem = text_of(response).await.ok().and_then(|text| JSON::parse(&text).ok());
    match problem.and_then(|problem| js::text(&problem, "detail")) {
        Some(detail) => concat(&[&status, ": ", &detail]),
        None => status,
    }
}

fn status_text(status: u16) -> String {
    concat(&["status ", &decimal(status.into())])
}

/// Seconds or a date (RFC 9110, section 10.2.3), at most a day.
fn retry_after_ms(value: &str, now: f64, parse_date: fn(&str) -> f64) -> Option<f64> {
    let seconds = value.trim_ascii().parse::<u32>().ok().map(|seconds| f64::from(seconds) * 1_000.0);
    let ms = seconds.unwrap_or_else(|| parse_date(value) - now);
    (ms > 0.0).then_some(ms.min(86_400_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let date = |value: &str| if value == "Wed, 21 Oct 2015 07:28:00 GMT" { 5_000.0 } else { f64::NAN };
        let check = |value, expect| assert_eq!(retry_after_ms(value, 2_000.0, date), expect, "{value}");
        check("120", Some(120_000.0));
        check("Wed, 21 Oct 2015 07:28:00 GMT", Some(3_000.0));
        check("4000000000", Some(86_400_000.0));
        check("0", None);
        check("soon", None);
    }

    #[test]
    fn a_status_is_told() {
        assert_eq!(status_text(503), "status 503");
    }
}

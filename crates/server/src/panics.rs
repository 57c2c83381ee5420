//! A panic is a mistake of ours. Its request is answered all the same, and the log has one line that says where it was.

use crate::{problem::Problem, refusals::Reason};
use axum::response::{IntoResponse, Response};
use std::{any::Any, cell::Cell, panic::PanicHookInfo};
use tower_http::catch_panic::CatchPanicLayer;

tokio::task_local! {
    /// What the hook has seen of the request that is handled; what unwinds does not know where it began.
    static SEEN: Cell<Option<String>>;
}

/// Says panics in the log instead of on standard error; those of handlers are left to [`layer`].
pub(crate) fn to_log() {
    std::panic::set_hook(Box::new(|info| {
        let what = describe(info);
        if let Err(what) = SEEN.try_with(|seen| seen.set(Some(what.clone()))).map_err(|_| what) {
            tracing::error!(what, "a thread panicked");
        }
    }));
}

/// Where it was, and what was said if that stands in the code: a text made at run time may hold a visitor's.
fn describe(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    match info.payload().downcast_ref::<&'static str>() {
        Some(words) => format!("a panic at {place}: {words}"),
        None => format!("a panic at {place}"),
    }
}

/// Runs what handles one request.
pub(crate) async fn noted<T>(request: impl Future<Output = T>) -> T {
    SEEN.scope(Cell::default(), request).await
}

pub(crate) type Handler = fn(Box<dyn Any + Send>) -> Response;

/// Makes a panic a problem document.
pub(crate) fn layer() -> CatchPanicLayer<Handler> {
    CatchPanicLayer::custom(answer)
}

fn answer(_: Box<dyn Any + Send>) -> Response {
    let seen = SEEN.try_with(Cell::take).ok().flatten();
    let problem = Problem::fault(seen.unwrap_or_else(|| "a panic".to_owned())).reason(Reason::Panic);
    problem.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{self, AssertUnwindSafe};

    #[tokio::test]
    async fn a_panic_is_described_by_its_place_and_without_what_was_made_at_run_time() {
        let before = panic::take_hook();
        to_log();
        let seen = |end: fn(&str)| {
            noted(async move {
                let _ = panic::catch_unwind(AssertUnwindSafe(|| end("a visitor's words")));
                SEEN.with(Cell::take).unwrap()
            })
        };
        let literal = seen(|_| panic!("in the code")).await;
        let formatted = seen(|text| panic!("made of {text}")).await;
        panic::set_hook(before);
        assert!(literal.contains(file!()) && literal.ends_with(": in the code"), "{literal}");
        assert!(formatted.contains(file!()) && !formatted.contains("words"), "{formatted}");
    }
}

//! The server's clock. It dates the answers of browsers whose own can't be trusted.

use crate::{problem::Problem, refusals::Reason};
use axum::http::StatusCode;
use jiff::Timestamp;
use std::ops::Range;

/// 2026 to 2099, in milliseconds since 1970. A clock outside of it has not been set yet, or has lost its battery.
const PLAUSIBLE_MS: Range<i64> = 1_767_225_600_000..4_102_444_800_000;

pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Milliseconds since 1970.
///
/// # Errors
/// 503 if that can't be: an answer dated by it would be lost to every period. Browsers send it again.
pub(crate) fn now_ms() -> Result<i64, Problem> {
    plausible(Timestamp::now().as_millisecond())
}

/// Whether a clock that says so has been set.
pub(crate) fn is_plausible(now_ms: i64) -> bool {
    PLAUSIBLE_MS.contains(&now_ms)
}

fn plausible(now_ms: i64) -> Result<i64, Problem> {
    if is_plausible(now_ms) {
        return Ok(now_ms);
    }
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the server's clock is wrong: try again later")
        .reason(Reason::Fault)
        .cause(format!("the clock of this machine is wrong: {now_ms} milliseconds since 1970")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_decades_off_is_not_believed() {
        let year = |year: i64| (year - 1970) * 31_557_600_000;
        for (now_ms, expect) in [(0, false), (year(1966), false), (year(2027), true), (year(2299), false)] {
            assert_eq!(plausible(now_ms).is_ok(), expect, "{now_ms}");
        }
        assert!(now_ms().is_ok());
    }
}

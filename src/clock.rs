//! The browser's clocks.

use crate::js::window;

/// Milliseconds since 1970 by the respondent's clock, which may be wrong and may be set back.
pub(crate) fn now() -> f64 {
    js_sys::Date::now()
}

/// Milliseconds that only ever grow within this page.
pub(crate) fn monotonic() -> f64 {
    window().and_then(|w| w.performance()).map_or_else(now, |p| p.now())
}

//! The `candor:*` events by which the page hears of a survey. They bubble and cross the shadow root.

use crate::js::{self, window};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CustomEvent, EventTarget, HtmlElement};

/// Something failed; `code` is one of `definition`, `pack`, `config`, `storage`, `rejected`, `undelivered`,
/// `expired`.
pub(crate) fn error(host: Option<&HtmlElement>, code: &str, message: &str) {
    emit(host, "candor:error", js::object().with("code", code).with("message", message).into());
}

/// Dispatches on the host, or on the document once the host has left it.
pub(crate) fn emit(host: Option<&HtmlElement>, name: &str, detail: JsValue) {
    let init = js::object().with("bubbles", true).with("composed", true).with("detail", detail).done();
    let host = host.filter(|host| host.is_connected()).map(AsRef::<EventTarget>::as_ref).cloned();
    let target = host.or_else(|| Some(window()?.document()?.into()));
    if let (Some(target), Ok(event)) =
        (target, CustomEvent::new_with_event_init_dict(name, init.unchecked_ref()))
    {
        // A listener of the page that throws is reported by the browser and does not come back here.
        let _ = target.dispatch_event(&event);
    }
}

//! Tasks.

use gloo::timers::callback::Timeout;
use js_sys::Promise;
use std::pin::Pin;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// Runs a task of its own. Boxed, because the executor is compiled again for each type of future.
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    wasm_bindgen_futures::spawn_local(task);
}

/// Waits.
pub(crate) async fn sleep(ms: u32) {
    let mut timeout = None;
    let awake = Promise::new(&mut |resolve, _| {
        timeout = Some(Timeout::new(ms, move || {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }));
    });
    let _ = JsFuture::from(awake).await;
}

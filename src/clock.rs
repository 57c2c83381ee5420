//! The browser's clock, dice and tasks.

use gloo::timers::callback::Timeout;
use js_sys::Promise;
use std::pin::Pin;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Runs a task of its own. Boxed, because the executor is compiled anew for each type of future.
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

/// The page's window; `None` outside a page.
pub(crate) fn window() -> Option<web_sys::Window> {
    js_sys::global().dyn_into().ok()
}

/// Milliseconds since 1970 by the respondent's clock, which may be wrong and may be set back.
pub(crate) fn now() -> f64 {
    js_sys::Date::now()
}

/// Milliseconds that only ever grow within this page.
pub(crate) fn monotonic() -> f64 {
    window().and_then(|w| w.performance()).map_or_else(now, |p| p.now())
}

/// A new UUIDv7 (RFC 9562, section 5.7) of now.
pub(crate) fn uuid_v7() -> String {
    let mut random = [0; 10];
    let drawn = window()
        .and_then(|w| w.crypto().ok())
        .and_then(|c| c.get_random_values_with_u8_array(&mut random).ok());
    if drawn.is_none() {
        random = random.map(|_| (js_sys::Math::random() * 256.0) as u8);
    }
    uuid_v7_of(now() as u64, random)
}

fn uuid_v7_of(ms: u64, random: [u8; 10]) -> String {
    let [a, b, c, rest @ ..] = random;
    let version_and_variant = [0x70 | (a & 0x0f), b, 0x80 | (c & 0x3f)];
    let bytes = ms.to_be_bytes().into_iter().skip(2).chain(version_and_variant).chain(rest);
    let mut id = String::with_capacity(36);
    for (i, byte) in bytes.enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        push_hex(&mut id, byte);
    }
    id
}

/// Appends a byte as two hexadecimal digits; `format!` would bring more code than all else here.
pub(crate) fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.extend(char::from_digit(digit.into(), 16));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_7() {
        // The example of RFC 9562, appendix A.6.
        let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        assert_eq!(uuid_v7_of(0x017F_22E2_79B0, random), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn ids_sort_by_time() {
        assert!(uuid_v7_of(1, [0xff; 10]) < uuid_v7_of(2, [0; 10]));
    }
}

//! `storage.js`: browser storage, or memory in its place.

use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/storage.js")]
extern "C" {
    pub(crate) fn share(memory: &JsValue);
    pub(crate) fn get(key: &str) -> Option<String>;
    pub(crate) fn set(key: &str, text: &str) -> bool;
    pub(crate) fn keep(key: &str, text: &str) -> bool;
    pub(crate) fn remove(key: &str);
    pub(crate) fn keys(prefix: &str) -> Array;
}

/// The moment that is marked under a key, in whole milliseconds since 1970.
pub(crate) fn moment(key: &str) -> Option<f64> {
    get(key)?.parse::<u64>().ok().map(|moment| moment as f64)
}

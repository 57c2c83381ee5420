//! `client.js`: every network call of the Wasm, and the locks between tabs. The browser does most of it, and in Rust each thing it is
//! asked for goes back and forth.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/delivery/client.js")]
extern "C" {
    pub(super) fn post(url: &str, body: &str, keepalive: bool) -> Promise;
    pub(super) fn leave(url: &str, body: &str);
    pub(crate) fn get(url: &str) -> Promise;
    #[wasm_bindgen(js_name = isOwn)]
    pub(super) fn is_own(key: &str) -> bool;
    pub(super) fn claim(key: &str, alone: bool);
    pub(super) fn release(key: &str);
    pub(super) fn lock(name: &str) -> Promise;
    pub(super) fn locked() -> Promise;
}

//! The widget in headless browsers: `wasm-pack test --headless --chrome`, or `--firefox`.
#![cfg(target_arch = "wasm32")]
// Clippy knows `#[test]`, not `#[wasm_bindgen_test]`.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test may fail loudly")]

mod accessible;
mod config;
mod delivery;
mod keyboard;
mod page;
mod pages;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

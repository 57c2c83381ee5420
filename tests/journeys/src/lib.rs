//! What every journey stands on: a real Chromium or Firefox, and the three origins it meets.
//!
//! | Look for | In |
//! |---|---|
//! | a browser with its own empty profile, steered through WebDriver | [`Browser`], [`Options`] |
//! | the same story in Firefox | [`also_in_firefox!`] |
//! | what two engines find that keeps people out | [`Browser::violations`] |
//! | the prompt inside its shadow root: reading it, clicking it | [`Browser::widget`], [`Browser::click`] |
//! | the host site: the demo's pages and pages made up by a test | [`Pages`], [`Page`] |
//! | `candor serve` with a database of its own, killed and started again | [`Candor`] |
//! | an endpoint that misbehaves on request | [`Endpoint`], [`Reply`] |
//! | plain HTTP, both ways | [`http`] |
//!
//! The journeys need Chromium, Firefox and their drivers on the path (`CHROMEDRIVER` and `GECKODRIVER` name others), the
//! browser files made by `cargo xtask build`, and the `candor` binary: `CANDOR_BIN`, else the `debug/candor` of this target
//! folder. Whatever is missing fails the test with a sentence; nothing is skipped.

mod bidi;
mod browser;
mod candor;
mod checkers;
mod driver;
mod endpoint;
pub mod http;
mod pages;
mod whole;
mod widget;

pub use browser::{Browser, Options, in_firefox, in_webkit};
pub use candor::{Candor, TOKEN};
pub use endpoint::{Endpoint, Reply};
pub use fantoccini::key::Key;
pub use pages::{Page, Pages};
pub use whole::{CUT_TEXTS, OUTSIDE, small_targets, whole};
pub use widget::CODE_OF_OUTBOX;

use anyhow::Context;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a journey waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().and_then(Path::parent).unwrap_or(here).to_path_buf()
}

/// The words of the widget in this language, as `cargo xtask locales` made them.
///
/// # Errors
/// When there is no such pack.
pub fn pack(language: &str) -> anyhow::Result<serde_json::Value> {
    let path = root().join("locales").join(language).join("pack.json");
    let text = std::fs::read_to_string(&path).with_context(|| format!("no words at {}", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// A text without the marks that keep names and numbers out of its direction.
#[must_use]
pub fn without_isolates(text: &str) -> String {
    text.replace(['\u{2068}', '\u{2069}'], "")
}

/// One of the words of a pack.
///
/// # Errors
/// When the pack has no such key.
pub fn word(language: &str, key: &str) -> anyhow::Result<String> {
    let pack = pack(language)?;
    let text = pack.get(key).and_then(serde_json::Value::as_str);
    Ok(text.with_context(|| format!("{language} has no words for {key}"))?.to_owned())
}

/// The folder of build outputs that this test was built into: `target`, or what `CARGO_TARGET_DIR` says.
///
/// # Errors
/// When the test's own path cannot be told.
pub fn target() -> anyhow::Result<PathBuf> {
    // …/target/debug/deps/checkout-0123456789abcdef
    let test = std::env::current_exe()?;
    let target = test.ancestors().nth(3).map(Path::to_path_buf);
    target.ok_or_else(|| anyhow::anyhow!("{} does not lie in a target folder", test.display()))
}

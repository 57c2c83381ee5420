//! The long proofs of the server, and their short forms on every test run: the real binary, real signals, a real disk.
//!
//! | Look for | In |
//! |---|---|
//! | killed at random moments, nothing acknowledged is lost, nothing counts twice | `kill.rs` |
//! | the power is cut at random moments, the same holds | `power.rs`; the disk that loses what was not synced, `power/` |
//! | clients that hold what they can get | `hostile.rs` |
//! | backup and restore while answers come in | `backup.rs` |
//! | no 200 before its sync, by the system calls | `synced.rs` |
//!
//! What browsers send, know and count in the first two stands in `browsers.rs`.
//!
//! `cargo xtask torture server` runs the long forms on the release build, and `cargo xtask torture power` the cuts, which have no
//! short form. There timings decide; in the short forms never.

#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests may fail loudly; clippy.toml lets test functions, but not their helpers"
)]

mod backup;
mod browsers;
mod hostile;
mod kill;
mod power;
mod process;
mod synced;

/// Whether this is the long form, in which timings decide.
fn is_long() -> bool {
    std::env::var_os("CANDOR_TORTURE").is_some()
}

/// A whole number from the environment.
fn number(name: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{name}: expected a whole number, not {text:?}"))
}

/// What a run's chances begin with: `CANDOR_SEED` repeats it.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    number("CANDOR_SEED", u64::from(now.subsec_nanos()))
}

/// The date, and the commit of this checkout.
fn header() -> String {
    let git = std::process::Command::new("git")
        .args(["describe", "--always", "--dirty", "--exclude", "*"])
        .output();
    let commit = git
        .ok()
        .filter(|git| git.status.success())
        .map_or_else(|| "unknown".to_owned(), |git| String::from_utf8_lossy(&git.stdout).trim().to_owned());
    format!("{}, commit {commit}", jiff::Timestamp::now().strftime("%F %H:%M UTC"))
}

/// A response to the preset `nps` with this number for its id.
fn nps(n: u64, rating: u64) -> serde_json::Value {
    serde_json::json!({
        "v": 1, "id": format!("0192f5e4-7c1b-7a44-8000-{n:012x}"), "revision": 2, "state": "partial",
        "site": "default", "survey": "nps", "survey_version": 1, "locale": "en",
        "answers": [{"question": "nps", "rating": rating}],
        "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
    })
}

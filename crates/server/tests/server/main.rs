//! The server as its clients meet it: real sockets, a real database.
//!
//! | Look for | In |
//! |---|---|
//! | each wrong request and its problem document | `bad_input.rs` |
//! | one response, however often and in whatever order it is sent | `ingest.rs` |
//! | who may read, and what they get | `reading.rs` |
//! | definitions, languages, caching | `definitions.rs` |
//! | several questions, scales, choices; several sites with a survey of one id | `several.rs` |
//! | pages of other origins | `origins.rs` |
//! | the widget's files and the demo's pages | `files.rs` |
//! | mistakes in TOML files, `candor check` | `surveys.rs` |
//! | surveys that are read again | `reload.rs` |
//! | what one client may take | `limits.rs` |
//! | who answers: signed by the site, or nobody's business | `identity.rs` |
//! | what the operator sees: metrics, refusals, the log | `operator.rs` |
//! | kill, stop, restart, slow clients | `process.rs` |
//! | a database of an earlier build | `versions.rs` |

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may fail loudly; clippy.toml lets test functions, but not their helpers"
)]

mod bad_input;
mod changes;
mod definitions;
mod files;
mod identity;
mod ingest;
mod keeping;
mod limits;
mod operator;
mod origins;
mod process;
mod reading;
#[cfg(unix)]
mod reload;
mod segments;
mod several;
mod spawn;
mod surveys;
mod versions;

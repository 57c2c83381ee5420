//! The server: takes answers, gives scores, serves the widget's files.
//!
//! | Look for | In |
//! |---|---|
//! | every route | `router.rs` |
//! | every flag and environment variable | [`Config`] |
//! | what a request gets when it is wrong | `problem.rs` |
//! | what the operator sees | `metrics.rs`, `refusals.rs`, `log.rs` |
//! | sites and surveys, as the handlers see them | `catalog.rs` |
//! | TOML files of surveys | `surveys.rs` |
//! | numbers on the command line | [`score`] |
//! | connections, time limits and the end of them | [`Server`] |
//!
//! No address of a visitor is read, logged or kept anywhere in here.

mod access;
mod assets;
mod calendar;
mod catalog;
mod config;
mod cors;
mod fresh;
mod languages;
pub mod log;
mod metrics;
mod panics;
mod problem;
mod refusals;
mod router;
mod routes;
pub mod score;
mod serve;
pub mod shutdown;
mod surveys;

pub use config::{
    AccessConfig, Config, DemoConfig, HttpConfig, LogConfig, LogFormat, StoreConfig, SurveysConfig,
};
pub use serve::Server;

use access::Token;
use catalog::Catalog;
use metrics::Metrics;
use routes::health::Readiness;
use std::sync::Arc;

/// What every handler can reach.
#[derive(Clone, Debug)]
struct App(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: candor_store::Store,
    catalog: Catalog,
    token: Token,
    readiness: Readiness,
    metrics: Arc<Metrics>,
    http: HttpConfig,
    demo: DemoConfig,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

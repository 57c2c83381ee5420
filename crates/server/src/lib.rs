//! The server: takes answers, gives scores, serves the widget's files.
//!
//! | Look for | In |
//! |---|---|
//! | every route | `router.rs` |
//! | every flag and environment variable | [`Config`] |
//! | what a request gets when it is wrong | `problem.rs` |
//! | what the operator sees | `metrics.rs`, `refusals.rs`, `log.rs` |
//! | sites and surveys, as the handlers see them | `catalog.rs` |
//! | TOML files of surveys | `surveys.rs`, one of them `site_file.rs` |
//! | what SIGHUP does | `reload.rs` |
//! | numbers on the command line | [`score`] |
//! | copies of the database | [`copy`] |
//! | how many connections, and their deadlines | `connections.rs` |
//! | how many requests at once, and who is next | `gate.rs` |
//! | start, stop | [`Server`] |
//!
//! No address of a visitor is read, logged or kept anywhere in here.

mod access;
mod assets;
mod bodies;
mod calendar;
mod catalog;
pub mod check;
mod clock;
mod config;
mod connections;
pub mod copy;
mod cors;
mod fresh;
mod gate;
mod languages;
pub mod log;
mod metrics;
mod panics;
mod problem;
mod refusals;
mod reload;
mod router;
mod routes;
pub mod score;
mod serve;
pub mod shutdown;
mod site_file;
mod surveys;

pub use config::{
    AccessConfig, CheckConfig, Config, DefaultSite, DemoConfig, HttpConfig, LogConfig, LogFormat,
    StoreConfig, SurveysConfig,
};
pub use serve::Server;

use access::Token;
use bodies::Bodies;
use catalog::Catalog;
use connections::Connections;
use metrics::Metrics;
use routes::health::Readiness;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Semaphore;

/// What every handler can reach.
#[derive(Clone, Debug)]
struct App(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: candor_store::Store,
    catalog: RwLock<Arc<Catalog>>,
    token: Token,
    readiness: Readiness,
    metrics: Arc<Metrics>,
    config: Config,
    /// Answers what would be kept without keeping it. No setting leads here: it is what benches measure the store against.
    without_store: bool,
    /// Places for answers to requests with the token.
    reads: Arc<Semaphore>,
    bodies: Bodies,
    connections: Arc<Connections>,
}

impl Shared {
    /// The sites and surveys of this moment. Whoever asks twice keeps the first, so that a reload doesn't mix the two.
    fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

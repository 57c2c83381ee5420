//! The server: takes answers, gives scores, serves the widget's files.
//!
//! | Look for | In |
//! |---|---|
//! | every route | `router.rs` |
//! | every flag and environment variable | [`Config`] |
//! | what a request gets when it is wrong | `problem.rs`, `wrong_shape.rs` |
//! | what the operator sees | `metrics.rs`, `refusals.rs`, `log.rs` |
//! | what every handler can reach | `app.rs` |
//! | who answers, as far as the site has signed it | `identity.rs` |
//! | sites and surveys, as the handlers see them | `survey_index.rs` |
//! | TOML files of surveys | `import.rs`, one of them `site_file.rs` |
//! | what SIGHUP does | `reload.rs` |
//! | numbers on the command line | [`score`] |
//! | copies of the database | [`copy`] |
//! | what analysts change by hand | [`changes`] |
//! | how many connections, and their deadlines | `connections.rs` |
//! | how many requests at once, and who is next | `gate.rs` |
//! | how many answers from one address | `limits.rs` |
//! | start, stop | [`Server`] |
//!
//! The address of a visitor is read in `limits.rs` alone, and neither logged nor kept anywhere in here.

mod accept_language;
mod app;
mod assets;
mod auth;
mod bodies;
mod calendar;
pub mod changes;
pub mod check;
mod clock;
mod config;
mod connections;
pub mod copy;
mod cors;
mod etag;
mod gate;
mod identity;
mod import;
pub mod keeping;
mod limits;
pub mod log;
mod metrics;
mod panics;
mod problem;
mod refusals;
mod reload;
mod retention;
mod router;
mod routes;
pub mod score;
mod serve;
pub mod shutdown;
mod site_file;
mod survey_index;
mod wrong_shape;

pub use config::{
    AccessConfig, CheckConfig, Config, DefaultSite, DemoConfig, HttpConfig, LimitsConfig, LogConfig,
    LogFormat, StoreConfig, SurveysConfig,
};
#[doc(hidden)]
pub use router::{Audience, ROUTES, Route};
pub use serve::Server;

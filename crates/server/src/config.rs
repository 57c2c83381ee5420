use clap::{Args, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};

/// Everything that `candor serve` can be told, one struct for each topic. Each field's flag has an environment variable
/// of the same name: `--listen` is `CANDOR_LISTEN`.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Connections.
    #[command(flatten)]
    pub http: HttpConfig,
    /// The database.
    #[command(flatten)]
    pub store: StoreConfig,
    /// The surveys.
    #[command(flatten)]
    pub surveys: SurveysConfig,
    /// Who may read.
    #[command(flatten)]
    pub access: AccessConfig,
    /// The log.
    #[command(flatten)]
    pub log: LogConfig,
    /// The demo pages.
    #[command(flatten)]
    pub demo: DemoConfig,
}

/// Connections.
#[derive(Clone, Debug, Args)]
pub struct HttpConfig {
    /// The address to listen on, with its port; port 0 takes a free one, which the log names.
    #[arg(long, env = "CANDOR_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:7878")]
    pub listen: SocketAddr,
    /// How long a client may take to send a request's headers, or to start the next request, in milliseconds.
    #[arg(long, env = "CANDOR_HEADER_TIMEOUT_MS", value_name = "MS", default_value_t = 15_000)]
    pub header_timeout_ms: u64,
    /// How long a client may take to send a request's body, in milliseconds.
    #[arg(long, env = "CANDOR_BODY_TIMEOUT_MS", value_name = "MS", default_value_t = 15_000)]
    pub body_timeout_ms: u64,
    /// How long requests under way may take to finish once the server was told to stop, in milliseconds.
    #[arg(long, env = "CANDOR_SHUTDOWN_TIMEOUT_MS", value_name = "MS", default_value_t = 20_000)]
    pub shutdown_timeout_ms: u64,
}

/// The database.
#[derive(Clone, Debug, Args)]
pub struct StoreConfig {
    /// Where responses are kept: sqlite:// and the path of a file, which is made if it isn't there.
    #[arg(long, env = "CANDOR_DATABASE", value_name = "URL", default_value = "sqlite://candor.sqlite")]
    pub database: String,
}

/// The surveys.
#[derive(Clone, Debug, Args)]
pub struct SurveysConfig {
    /// A folder of TOML files, one for each site, read at start and on SIGHUP. Without it the database's surveys go on as they are.
    #[arg(long, env = "CANDOR_SURVEYS", value_name = "FOLDER")]
    pub surveys: Option<PathBuf>,
    /// Whether there is the built-in site default, for pages that name no site. It takes answers from pages of every
    /// origin: close it once all pages name a site of a file, so that no other page fills the database.
    #[arg(long, env = "CANDOR_DEFAULT_SITE", value_name = "STATE", default_value = "open")]
    pub default_site: DefaultSite,
}

/// Whether the site `default` is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DefaultSite {
    /// To pages of every origin.
    #[default]
    Open,
    /// To nobody.
    Closed,
}

/// What `candor check` is told.
#[derive(Clone, Debug, Args)]
pub struct CheckConfig {
    /// The folder of TOML files that would be given to `candor serve --surveys`.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Say also what this database would refuse, such as an edited version that has answers. It must be there, and
    /// is only read.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// Who may read.
#[derive(Clone, Debug, Args)]
pub struct AccessConfig {
    /// The bearer token that reads scores and responses, at least 8 characters. Without it one is made up for this
    /// run and logged.
    #[arg(long, env = "CANDOR_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// The log, on standard output.
#[derive(Clone, Debug, Args)]
pub struct LogConfig {
    /// How lines are written.
    #[arg(long, env = "CANDOR_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// What is logged: error, warn, info, debug or trace, or per module as in candor_server=debug,info.
    #[arg(long, env = "CANDOR_LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,
}

/// How the lines of the log are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The demo pages. They are read anew for each request, so that an edit shows on reload.
#[derive(Clone, Debug, Default, Args)]
pub struct DemoConfig {
    /// A folder of pages to serve under /demo/. / leads there, and /scores to its scores.html.
    #[arg(long, env = "CANDOR_DEMO", value_name = "FOLDER")]
    pub demo: Option<PathBuf>,
    /// A page to serve at /playground.
    #[arg(long, env = "CANDOR_PLAYGROUND", value_name = "FILE")]
    pub playground: Option<PathBuf>,
}

use axum::http::HeaderName;
use clap::{Args, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};

/// A time limit: up to a day.
fn millis(text: &str) -> Result<u64, String> {
    let expected = "expected milliseconds, a whole number from 1 to 86400000";
    text.parse().ok().filter(|ms| (1..=86_400_000).contains(ms)).ok_or_else(|| expected.to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n >= 1).ok_or_else(|| "expected a whole number from 1".to_owned())
}

/// Up to what the clock of the limit can tell apart.
fn minutes(text: &str) -> Result<u32, String> {
    let expected = "expected a whole number from 0 to 1000000";
    text.parse().ok().filter(|n| *n <= 1_000_000).ok_or_else(|| expected.to_owned())
}

fn header(text: &str) -> Result<HeaderName, String> {
    text.parse().map_err(|_| "expected the name of a header, such as X-Real-IP".to_owned())
}

/// Every setting of `candor serve`, one struct for each topic. Each field's flag has an environment variable
/// of the same name: `--listen` is `CANDOR_LISTEN`.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Connections.
    #[command(flatten)]
    pub http: HttpConfig,
    /// What one client may send.
    #[command(flatten)]
    pub limits: LimitsConfig,
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

impl Config {
    /// Says in one line what is in force, by the names of the flags. Nothing is left out: each struct is taken apart as a
    /// whole, so that a new field does not compile until it is named here.
    pub(crate) fn log_settings(&self) {
        let Self { http, limits, store, surveys, access, log, demo } = self;
        let HttpConfig {
            listen,
            max_connections,
            max_requests,
            queue_timeout_ms,
            max_body_bytes,
            header_timeout_ms,
            request_timeout_ms,
            write_timeout_ms,
            response_timeout_ms,
            shutdown_timeout_ms,
        } = http;
        let LimitsConfig { answers_per_minute, client_address_header } = limits;
        let StoreConfig { database, read_timeout_ms, max_reads } = store;
        let SurveysConfig { surveys, default_site } = surveys;
        let AccessConfig { token } = access;
        let LogConfig { log_format, log } = log;
        let DemoConfig { demo, playground } = demo;
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        tracing::info!(
            %listen,
            max_connections,
            max_requests,
            queue_timeout_ms,
            max_body_bytes,
            header_timeout_ms,
            request_timeout_ms,
            write_timeout_ms,
            response_timeout_ms,
            shutdown_timeout_ms,
            answers_per_minute,
            client_address_header = client_address_header.as_ref().map(HeaderName::as_str),
            database,
            read_timeout_ms,
            max_reads,
            surveys = path(surveys),
            ?default_site,
            token = if token.is_some() { "given" } else { "made for this run" },
            ?log_format,
            log,
            demo = path(demo),
            playground = path(playground),
            "settings"
        );
    }
}

/// Connections. All that waits for a client has a deadline, because a client that stalls costs memory and a file handle.
#[derive(Clone, Debug, Args)]
pub struct HttpConfig {
    /// The address to listen on, with its port; port 0 takes a free one, which the log names.
    #[arg(long, env = "CANDOR_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:7878")]
    pub listen: SocketAddr,
    /// How many connections may be open. When one more comes, those go that have kept the server waiting longest; while all
    /// of them are being served, it waits. The limit of open files is raised for it as far as the system allows.
    #[arg(long, env = "CANDOR_MAX_CONNECTIONS", value_name = "N", default_value_t = 4_096, value_parser = at_least_one)]
    pub max_connections: usize,
    /// How many requests may be in work at once. The others wait unread; reads with the token and bodies that come slowly
    /// don't count.
    #[arg(long, env = "CANDOR_MAX_REQUESTS", value_name = "N", default_value_t = 256, value_parser = at_least_one)]
    pub max_requests: usize,
    /// How long a request may wait for its turn, in milliseconds. Answers are then refused with 503, and browsers send them
    /// again later; the next one on the same connection may wait for 4 seconds.
    #[arg(long, env = "CANDOR_QUEUE_TIMEOUT_MS", value_name = "MS", default_value_t = 150, value_parser = millis)]
    pub queue_timeout_ms: u64,
    /// How many bytes of request bodies may be in memory, beyond the first 4,096 of each, which always fit. Larger ones are
    /// then refused for the moment with 503. A body may have 512,000 bytes.
    #[arg(long, env = "CANDOR_MAX_BODY_BYTES", value_name = "BYTES", default_value_t = 32 * 1024 * 1024)]
    pub max_body_bytes: usize,
    /// How long a client may take to send a request's headers, or to start the next request, in milliseconds.
    #[arg(long, env = "CANDOR_HEADER_TIMEOUT_MS", value_name = "MS", default_value_t = 10_000, value_parser = millis)]
    pub header_timeout_ms: u64,
    /// How long a client may take to send a whole request, from its first byte to the last one of its body, in milliseconds.
    #[arg(long, env = "CANDOR_REQUEST_TIMEOUT_MS", value_name = "MS", default_value_t = 15_000, value_parser = millis)]
    pub request_timeout_ms: u64,
    /// How long a client may take no byte of an answer that is being written, in milliseconds.
    #[arg(long, env = "CANDOR_WRITE_TIMEOUT_MS", value_name = "MS", default_value_t = 10_000, value_parser = millis)]
    pub write_timeout_ms: u64,
    /// How long a client may take for a whole answer, in milliseconds: a minute, for phones where a few kB come in a second.
    #[arg(long, env = "CANDOR_RESPONSE_TIMEOUT_MS", value_name = "MS", default_value_t = 60_000, value_parser = millis)]
    pub response_timeout_ms: u64,
    /// How long requests under way may take to finish once the server was told to stop, and then the database to close, in
    /// milliseconds each.
    #[arg(long, env = "CANDOR_SHUTDOWN_TIMEOUT_MS", value_name = "MS", default_value_t = 4_000, value_parser = millis)]
    pub shutdown_timeout_ms: u64,
}

/// What one client may send.
#[derive(Clone, Debug, Args)]
pub struct LimitsConfig {
    /// How many answers to one site may come from one address (IPv6: the first 64 bits) in a minute, all of them at once if need be.
    /// Others are refused with 429, and browsers send them again. 0: no limit. Whoever comes from this machine or a private
    /// network is not limited, because that is a proxy: --client-address-header tells whom it stands for.
    #[arg(long, env = "CANDOR_ANSWERS_PER_MINUTE", value_name = "N", default_value_t = 600, value_parser = minutes)]
    pub answers_per_minute: u32,
    /// The header in which the proxy says who the client is, such as X-Real-IP or X-Forwarded-For, of which the last address is
    /// taken. The proxy must set it itself: otherwise clients say who they are.
    #[arg(long, env = "CANDOR_CLIENT_ADDRESS_HEADER", value_name = "NAME", value_parser = header)]
    pub client_address_header: Option<HeaderName>,
}

/// The database.
#[derive(Clone, Debug, Args)]
pub struct StoreConfig {
    /// Where responses are kept: sqlite:// and the path of a file, which is made if it isn't there.
    #[arg(long, env = "CANDOR_DATABASE", value_name = "URL", default_value = "sqlite://candor.sqlite")]
    pub database: String,
    /// How long reading scores or responses may take before it is given up, in milliseconds.
    #[arg(long, env = "CANDOR_READ_TIMEOUT_MS", value_name = "MS", default_value_t = 10_000, value_parser = millis)]
    pub read_timeout_ms: u64,
    /// How many answers to requests with the token may be in memory at once, of some MB each. Others wait until one was taken,
    /// for 5 seconds at most.
    #[arg(long, env = "CANDOR_MAX_READS", value_name = "N", default_value_t = 8, value_parser = at_least_one)]
    pub max_reads: usize,
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

/// The settings of `candor check`.
#[derive(Clone, Debug, Args)]
pub struct CheckConfig {
    /// The folder of TOML files that would be given to `candor serve --surveys`.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Say also what this database would refuse, such as an edited version that has answers, and which scales have changed. It
    /// must be there, and is only read.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// Who may read.
#[derive(Clone, Debug, Args)]
pub struct AccessConfig {
    /// The bearer token that reads scores, responses and metrics, at least 8 characters. Without it one is made up for this
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

/// The demo pages. They are read again for each request, so that an edit shows on reload.
#[derive(Clone, Debug, Default, Args)]
pub struct DemoConfig {
    /// A folder of pages to serve under /demo/. / leads there, and /scores to its scores.html.
    #[arg(long, env = "CANDOR_DEMO", value_name = "FOLDER")]
    pub demo: Option<PathBuf>,
    /// A page to serve at /playground.
    #[arg(long, env = "CANDOR_PLAYGROUND", value_name = "FILE")]
    pub playground: Option<PathBuf>,
}

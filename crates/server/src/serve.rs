use crate::{
    app::{App, Shared},
    auth::Token,
    bodies::Bodies,
    config::Config,
    connections::{Connections, Socket, that_fit},
    gate::Gate,
    import,
    limits::{Limits, Peer},
    metrics::Metrics,
    reload::{self, Hangups},
    retention,
    router::router,
    routes::health::Readiness,
    survey_index::SurveyIndex,
};
use anyhow::Context;
use candor_store::{Observer, Settings, Store};
use hyper::{
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown, service::TowerToHyperService};
use std::{
    net::SocketAddr,
    sync::{Arc, RwLock},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
};

/// The longest head of a request, and the most that waits in memory to be written: a request is an address and a few headers,
/// and hyper would take 400 kB of either.
const MAX_BUFFER: usize = 16 * 1024;
/// How many new connections the system holds until they are accepted, if it lets that many: others try again only after a
/// second, or three.
const BACKLOG: u32 = 4_096;

/// A server that listens. Its requests are answered once it [runs](Self::run).
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    token: String,
    app: App,
    hangups: Hangups,
}

impl Server {
    /// Opens the database, imports the surveys and takes the address.
    ///
    /// # Errors
    /// If any of these fails; the words are for the operator.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        config.log_settings();
        let hangups = Hangups::listen();
        let token = match config.access.token.clone() {
            Some(token) => Token::parse(token)?,
            None => {
                anyhow::ensure!(
                    tracing::enabled!(tracing::Level::INFO) || !tracing::enabled!(tracing::Level::ERROR),
                    "--token: expected one, because the log (--log {}) would not tell one that is made up",
                    config.log.log
                );
                let token = Token::random()?;
                tracing::info!(
                    token = token.reveal(),
                    "no --token was given: this one reads scores during this run"
                );
                token
            }
        };
        if let Some(folder) = &config.demo.demo {
            anyhow::ensure!(folder.is_dir(), "--demo {}: there is no such folder", folder.display());
        }
        if let Some(page) = &config.demo.playground {
            anyhow::ensure!(page.is_file(), "--playground {}: there is no such file", page.display());
        }
        let database = &config.store.database;
        let metrics = Arc::new(Metrics::new());
        let commits = Arc::clone(&metrics);
        let settings = Settings {
            read_timeout: Duration::from_millis(config.store.read_timeout_ms),
            observer: Some(Observer::new(move |commit| {
                commits.commit_seconds.observe(commit.duration.as_secs_f64());
            })),
        };
        let store =
            Store::open_with(database, settings).await.with_context(|| format!("--database {database}"))?;
        let index = import::load(&store, &config.surveys).await?;
        index.log_changes(
            &SurveyIndex::new(candor_store::Catalog::default(), crate::DefaultSite::Closed),
            "surveys loaded",
        );
        let listen = config.http.listen;
        let listener = bind(listen).with_context(|| format!("--listen {listen}"))?;
        let address = listener.local_addr()?;
        let revealed = token.reveal().to_owned();
        let app = App(Arc::new(Shared {
            store,
            index: RwLock::new(Arc::new(index)),
            token,
            readiness: Readiness::default(),
            reads: Arc::new(Semaphore::new(config.store.max_reads.clamp(1, Semaphore::MAX_PERMITS))),
            bodies: Bodies::new(config.http.max_body_bytes),
            limits: Limits::new(&config.limits),
            connections: Arc::new(Connections::new(
                that_fit(config.http.max_connections),
                Gate::new(&config.http),
            )),
            metrics,
            without_store: false,
            config,
        }));
        Ok(Self { listener, address, token: revealed, app, hangups })
    }

    /// Where it listens; the port is a real one.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token that reads scores and responses.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Reads, parses and checks responses, says that they are stored, and drops them: the bench's reference.
    #[doc(hidden)]
    #[must_use]
    pub fn without_store(mut self) -> Self {
        if let Some(app) = Arc::get_mut(&mut self.app.0) {
            app.without_store = true;
        }
        self
    }

    /// Answers requests until `stop` ends; then finishes those under way, keeps what waits to be kept, and closes the
    /// database.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let app = self.app;
        let http = &app.config.http;
        let mut builder = http1::Builder::new();
        // The time is kept by `Connections`, for all of them together.
        builder.header_read_timeout(None).max_buf_size(MAX_BUFFER);
        let clock = tokio::spawn({
            let (app, header_timeout) = (app.clone(), Duration::from_millis(http.header_timeout_ms));
            async move {
                let closed = |n| _ = app.metrics.connections_closed.too_slow.inc_by(n as u64);
                app.connections.keep_time(header_timeout, closed).await;
            }
        });
        let router = TowerToHyperService::new(router(app.clone()));
        let ending = GracefulShutdown::new();
        let metrics = Arc::clone(&app.metrics);
        let reporter = tokio::spawn(async move { metrics.refusals.report().await });
        let forgetting = tokio::spawn({
            let app = app.clone();
            async move { app.limits.forget().await }
        });
        let reloads = tokio::spawn(reload::run(app.clone(), self.hangups));
        let retention = tokio::spawn(retention::run(app.clone()));
        tracing::info!(address = %self.address, "listening");

        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = async {
                let accepted = self.listener.accept().await;
                let closed = app.connections.room().await;
                app.metrics.connections_closed.no_room.inc_by(u64::try_from(closed).unwrap_or(0));
                accepted
            };
            let (stream, peer) = tokio::select! {
                accepted = accepted => match accepted {
                    Ok((stream, peer)) => (stream, Peer(peer.ip())),
                    Err(error) => {
                        // Too many open files, for one: they become fewer.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
                () = &mut stop => break,
            };
            serve(&app, (stream, peer), &builder, router.clone(), &ending);
        }

        tracing::info!("stopping");
        reloads.abort();
        retention.abort();
        drop(self.listener);
        let shutdown_timeout = Duration::from_millis(app.config.http.shutdown_timeout_ms);
        if tokio::time::timeout(shutdown_timeout, ending.shutdown()).await.is_err() {
            tracing::warn!(
                connections = app.connections.count(),
                "some requests took too long and were cut off"
            );
            app.connections.abort();
        }
        // A disk that hangs would keep the process until it is killed, without a word.
        if tokio::time::timeout(shutdown_timeout, app.store.close()).await.is_err() {
            tracing::error!(
                waiting = app.store.waiting(),
                "the disk does not answer, so the database was not closed: answers that wait may be lost, and browsers send \
                them again; all that were acknowledged are kept"
            );
        }
        clock.abort();
        reporter.abort();
        forgetting.abort();
        app.metrics.refusals.finish();
        tracing::info!("stopped");
    }
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that starts again takes the address of the one before.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers the requests of one connection, in a task of its own.
fn serve(
    app: &App,
    (stream, peer): (TcpStream, Peer),
    builder: &http1::Builder,
    router: TowerToHyperService<axum::Router>,
    ending: &GracefulShutdown,
) {
    // An answer is one small packet that should not wait for more; without it, it is merely later.
    let _ = stream.set_nodelay(true);
    app.connections.spawn(|meter| {
        let socket = Socket::new(stream, Arc::clone(&meter), &app.config.http);
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            meter.serve();
            request.extensions_mut().insert(Arc::clone(&meter));
            request.extensions_mut().insert(peer);
            let (answer, meter) = (router.call(request), Arc::clone(&meter));
            async move {
                meter.enter_if_outside().await;
                let answer = answer.await;
                meter.answered();
                answer
            }
        });
        let connection = ending.watch(builder.serve_connection(TokioIo::new(socket), service));
        let metrics = Arc::clone(&app.metrics);
        async move {
            if let Err(error) = connection.await {
                if is_too_slow(&error) {
                    metrics.connections_closed.too_slow.inc();
                }
                tracing::debug!(%error, "a connection ended early");
            }
        }
    });
}

/// Whether the client took too long for the answer, as the socket sees.
fn is_too_slow(error: &hyper::Error) -> bool {
    let io = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut)
}

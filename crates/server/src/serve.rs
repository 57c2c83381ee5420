use crate::{
    App, Config, Shared, access::Token, catalog::Catalog, reload, reload::Hangups, router::router,
    routes::health::Readiness, surveys,
};
use anyhow::Context;
use candor_store::Store;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{
    net::SocketAddr,
    sync::{Arc, RwLock},
    time::Duration,
};
use tokio::net::TcpListener;

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
        let hangups = Hangups::listen();
        let token = match config.access.token.clone() {
            Some(token) => Token::parse(token)?,
            None => {
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
        let store = Store::open(database).await.with_context(|| format!("--database {database}"))?;
        let catalog = surveys::load(&store, &config.surveys).await?;
        catalog.log_changes(&Catalog::default(), "surveys loaded");
        let listen = config.http.listen;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("--listen {listen}"))?;
        let address = listener.local_addr()?;
        let revealed = token.reveal().to_owned();
        let app = App(Arc::new(Shared {
            store,
            catalog: RwLock::new(Arc::new(catalog)),
            surveys: config.surveys,
            token,
            readiness: Readiness::default(),
            http: config.http,
            demo: config.demo,
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

    /// Answers requests until `stop` ends; then finishes those under way, keeps what waits to be kept, and closes the
    /// database.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let http = &self.app.http;
        let header_timeout = Duration::from_millis(http.header_timeout_ms);
        let shutdown_timeout = Duration::from_millis(http.shutdown_timeout_ms);
        let mut builder = hyper::server::conn::http1::Builder::new();
        // Without the timer hyper drops the limit and says nothing, and a client that stalls is kept for ever.
        builder.timer(TokioTimer::new()).header_read_timeout(header_timeout);
        let router = router(self.app.clone());
        let reloads = tokio::spawn(reload::run(self.app.clone(), self.hangups));
        let connections = GracefulShutdown::new();
        tracing::info!(address = %self.address, "listening");

        let mut stop = std::pin::pin!(stop);
        loop {
            let stream = tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        // Too many open files, for one: they become fewer.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
                () = &mut stop => break,
            };
            // An answer is one small packet that should not wait for more; without it, it is merely later.
            let _ = stream.set_nodelay(true);
            let service = TowerToHyperService::new(router.clone());
            let connection = connections.watch(builder.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended early");
                }
            });
        }

        tracing::info!("stopping");
        reloads.abort();
        drop(self.listener);
        if tokio::time::timeout(shutdown_timeout, connections.shutdown()).await.is_err() {
            tracing::warn!("some requests took too long and were cut off");
        }
        self.app.store.close().await;
        tracing::info!("stopped");
    }
}

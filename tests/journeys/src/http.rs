//! Plain HTTP for the tests: a server on a free port whose handler is a closure, and a client for one request.

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
pub use hyper::{HeaderMap, Method, StatusCode, body::Bytes};
use hyper::{Uri, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{net::TcpListener, task::JoinSet};

/// An answer as [`Server`] sends it.
pub type Response = hyper::Response<Full<Bytes>>;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// All of its body.
    pub body: Bytes,
}

impl Request {
    /// Path without the query.
    #[must_use]
    pub fn route(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A server on `127.0.0.1` and a free port, ended on drop.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Serves what `handler` answers and remembers every request.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start<F, A>(handler: F) -> Result<Self>
    where
        F: Fn(Request) -> A + Send + Sync + 'static,
        A: Future<Output = Response> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port on 127.0.0.1")?;
        let address = listener.local_addr()?;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (handler, seen) = (Arc::new(handler), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            // Dropped with this task, and with it every connection.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (handler, seen) = (Arc::clone(&handler), Arc::clone(&seen));
                connections.spawn(async move {
                    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                        let (handler, seen) = (Arc::clone(&handler), Arc::clone(&seen));
                        async move {
                            let (head, body) = request.into_parts();
                            let request = Request {
                                method: head.method,
                                path: head.uri.to_string(),
                                headers: head.headers,
                                body: body.collect().await.map(|all| all.to_bytes()).unwrap_or_default(),
                            };
                            seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
                            Ok::<_, Infallible>(handler(request).await)
                        }
                    });
                    // A browser that hangs up is none of the test's business.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Ok(Self { address, requests, task })
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An empty answer with this status.
#[must_use]
pub fn status(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// Sends one request and reads the whole answer.
///
/// # Errors
/// When the address is none or nobody answers.
pub async fn send(
    method: Method,
    url: &str,
    headers: &HeaderMap,
    body: impl Into<Bytes>,
) -> Result<hyper::Response<Bytes>> {
    let uri: Uri = url.parse().with_context(|| format!("{url} is no address"))?;
    let mut request = hyper::Request::builder().method(method).uri(uri).body(Full::new(body.into()))?;
    request.headers_mut().extend(headers.clone());
    let client =
        hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let response = client.request(request).await.with_context(|| format!("{url} does not answer"))?;
    let (head, body) = response.into_parts();
    Ok(hyper::Response::from_parts(head, body.collect().await?.to_bytes()))
}

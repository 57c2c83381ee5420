use crate::http::{self, Method, Request, Response, Server, StatusCode};
use anyhow::{Result, bail};
use hyper::header::{self, HeaderValue};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What an [`Endpoint`] does with the next responses that it gets.
#[derive(Clone, Debug)]
pub enum Reply {
    /// This status without a body.
    Status(u16),
    /// 200 and a page, as a form's "thank you" would be.
    Html,
    /// 302 to this address.
    Redirect(String),
    /// 200 without the headers that would let the page read it.
    WithoutCors,
    /// What the Candor server at this origin answers, after this long.
    Forward(String, Duration),
}

/// Somebody else's endpoint, on its own origin.
#[derive(Debug)]
pub struct Endpoint {
    server: Server,
    reply: Arc<Mutex<Reply>>,
}

impl Endpoint {
    /// An endpoint that answers so to every POST.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(reply: Reply) -> Result<Self> {
        let reply = Arc::new(Mutex::new(reply));
        let current = Arc::clone(&reply);
        let server = Server::start(move |request| {
            let reply = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
            answer(request, reply)
        })
        .await?;
        Ok(Self { server, reply })
    }

    /// Answers so from now on.
    pub fn set(&self, reply: Reply) {
        *self.reply.lock().unwrap_or_else(PoisonError::into_inner) = reply;
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// The address for `data-endpoint`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/collect", self.origin())
    }

    /// Every POST so far, whatever was answered.
    #[must_use]
    pub fn posts(&self) -> Vec<Request> {
        self.server.requests().into_iter().filter(|r| r.method == Method::POST).collect()
    }

    /// The bodies of every POST so far.
    #[must_use]
    pub fn bodies(&self) -> Vec<Value> {
        self.posts().iter().map(Request::json).collect()
    }

    /// Waits until a POST has come for which `wanted` holds, and gives its body.
    ///
    /// # Errors
    /// When none comes in time; says what came.
    pub async fn received(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let deadline = tokio::time::Instant::now() + crate::PATIENCE;
        loop {
            let bodies = self.bodies();
            if let Some(body) = bodies.iter().find(|body| wanted(body)) {
                return Ok(body.clone());
            }
            if tokio::time::Instant::now() > deadline {
                bail!("the endpoint never got {what}; it got {bodies:#?}");
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

async fn answer(request: Request, reply: Reply) -> Response {
    let response = match reply {
        Reply::WithoutCors => return http::status(StatusCode::OK),
        Reply::Redirect(to) if request.method == Method::POST => {
            let mut response = http::status(StatusCode::FOUND);
            if let Ok(to) = HeaderValue::from_str(&to) {
                response.headers_mut().insert(header::LOCATION, to);
            }
            response
        }
        _ if request.method != Method::POST => http::status(StatusCode::NO_CONTENT),
        Reply::Status(code) => http::status(StatusCode::from_u16(code).unwrap_or(StatusCode::IM_A_TEAPOT)),
        Reply::Html => {
            let mut response = Response::new("<!doctype html><title>Thank you</title>".into());
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
            response
        }
        Reply::Redirect(_) => http::status(StatusCode::OK),
        Reply::Forward(origin, after) => {
            tokio::time::sleep(after).await;
            let mut headers = http::HeaderMap::new();
            for name in [header::CONTENT_TYPE, header::ORIGIN] {
                if let Some(value) = request.headers.get(&name) {
                    headers.insert(name, value.clone());
                }
            }
            let url = format!("{origin}/v1/responses");
            match http::send(Method::POST, &url, &headers, request.body.clone()).await {
                Ok(answer) => {
                    let (head, body) = answer.into_parts();
                    let mut response = Response::new(body.into());
                    *response.status_mut() = head.status;
                    response
                }
                Err(_) => http::status(StatusCode::BAD_GATEWAY),
            }
        }
    };
    with_cors(&request, response)
}

fn with_cors(request: &Request, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let origin = request.headers.get(header::ORIGIN).cloned().unwrap_or(HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    response
}

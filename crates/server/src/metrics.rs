//! What a monitoring system reads of this server: `GET /metrics`.

use crate::{app::App, auth::Reader, problem::Problem, refusals::Refusals};
use axum::{
    extract::State,
    http::{Method, StatusCode},
    response::Response,
};
use candor_store::Outcome;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::{fmt, time::Duration};

/// From a cached definition to the longest that a body may take, in seconds.
const REQUEST_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
/// From a disk with a cache that outlives a power cut to one that is in trouble, in seconds.
const COMMIT_BUCKETS: [f64; 12] =
    [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Every number, one set for each server. The fields are handles: adding to one is an atomic operation.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabel, Histogram, fn() -> Histogram>,
    answers: Answers,
    pub(crate) refusals: Refusals,
    /// These three are looked at when somebody asks.
    connections: Gauge,
    body_bytes: Gauge,
    queue: Gauge,
    pub(crate) connections_closed: ConnectionsClosed,
    pub(crate) commit_seconds: Histogram,
}

#[derive(Debug)]
struct Answers {
    stored: Counter,
    duplicate: Counter,
    superseded: Counter,
    erased: Counter,
    conflict: Counter,
}

/// Connections that the server closed before their time.
#[derive(Debug)]
pub(crate) struct ConnectionsClosed {
    /// The client took too long.
    pub(crate) too_slow: Counter,
    /// There were too many.
    pub(crate) no_room: Counter,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("candor");
        let r = &mut registry;

        let requests = Family::default();
        r.register("requests", "Requests that were answered, refusals included", requests.clone());
        let request_seconds: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(REQUEST_BUCKETS));
        let help = "From a request's headers to those of its answer";
        r.register_with_unit("request_duration", help, Unit::Seconds, request_seconds.clone());

        let outcomes = ["stored", "duplicate", "superseded", "erased", "conflict"];
        let help = "Answers that were taken, by what became of them";
        let [stored, duplicate, superseded, erased, conflict] =
            counters(r, "answers", help, "outcome", outcomes);
        let refusals = Refusals::new(r);

        let connections = Gauge::default();
        r.register("connections", "Connections that are open", connections.clone());
        let help = "Connections that the server closed before their time";
        let [too_slow, no_room] = counters(r, "connections_closed", help, "why", ["too_slow", "no_room"]);
        let body_bytes = Gauge::default();
        let help = "Request bodies in memory, beyond the first 4,096 bytes of each";
        r.register_with_unit("body", help, Unit::Bytes, body_bytes.clone());
        let queue = Gauge::default();
        r.register("queue", "Answers that wait to be kept", queue.clone());
        let commit_seconds = Histogram::new(COMMIT_BUCKETS);
        let help = "Commits of answers to durable storage";
        r.register_with_unit("commit_duration", help, Unit::Seconds, commit_seconds.clone());

        Self {
            requests,
            request_seconds,
            answers: Answers { stored, duplicate, superseded, erased, conflict },
            refusals,
            connections,
            connections_closed: ConnectionsClosed { too_slow, no_room },
            body_bytes,
            queue,
            commit_seconds,
            registry,
        }
    }

    /// Counts a request that was answered. The route is the pattern and never the address, of which there is no end.
    pub(crate) fn request(&self, route: Option<&str>, method: &Method, status: StatusCode, took: Duration) {
        let by_route = RouteLabel { route: route.unwrap_or("none").to_owned() };
        self.request_seconds.get_or_create(&by_route).observe(took.as_secs_f64());
        let route = by_route.route;
        let labels = RequestLabels { route, method: method_name(method), status: status.as_u16() };
        self.requests.get_or_create(&labels).inc();
    }

    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Counts what became of an answer.
    pub(crate) fn answer(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Stored => &self.answers.stored,
            Outcome::Duplicate => &self.answers.duplicate,
            Outcome::Superseded { .. } => &self.answers.superseded,
            Outcome::Erased => &self.answers.erased,
            Outcome::ContentConflict | Outcome::OtherSurvey => &self.answers.conflict,
        };
        counter.inc();
    }
}

/// One counter for each value of a label. All are there from the start, at 0: a rate needs a number before the first event.
pub(crate) fn counters<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
    values: [&'static str; N],
) -> [Counter; N] {
    let family = Family::<[(&'static str, &'static str); 1], Counter>::default();
    let counters = values.map(|value| family.get_or_create_owned(&[(label, value)]));
    registry.register(name, help, family);
    counters
}

/// A client may invent methods without end, and each would be kept for ever.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `GET /metrics`, for the token's bearer: how much traffic there is, is the operator's business.
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Result<Response, Problem> {
    let gauge = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    app.metrics.connections.set(gauge(app.connections.count()));
    app.metrics.body_bytes.set(gauge(app.bodies.held()));
    app.metrics.queue.set(gauge(app.store.waiting()));
    let text = app
        .metrics
        .text()
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written"))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(reader.answer(kind, text.into_bytes()))
}

use crate::{
    app::App,
    assets, cors, metrics,
    metrics::Metrics,
    panics,
    problem::{Problem, short},
    refusals::Refusal,
    routes,
};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, StatusCode, header::X_CONTENT_TYPE_OPTIONS},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::{MethodRouter, get, post},
};
use std::{sync::Arc, time::Instant};
use tracing::Level;

/// A route, and whose it is.
#[derive(Debug)]
pub struct Route {
    /// The pattern, as `/v1/surveys/{id}`.
    pub path: &'static str,
    /// Whose it is.
    pub audience: Audience,
    handler: fn() -> MethodRouter<App>,
}

/// Whose a route is. That decides what pages of other origins may do with it, and tests hold it to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The respondent's widget, on pages of other origins.
    Respondent,
    /// As the respondent's, for a file of the widget.
    File,
    /// Whoever has the token, pages of other origins too: they send it in a header.
    Reader,
    /// Whoever has the token, and no page of another origin.
    Operator,
    /// Everyone but pages of other origins.
    Public,
}

/// Every route there is: the router has no other.
pub static ROUTES: &[Route] = {
    use Audience::{File, Operator, Public, Reader, Respondent};
    const PINNED: &str = concat!("/candor-", env!("CARGO_PKG_VERSION"), ".js");
    &[
        Route::new("/v1/responses", Respondent, || post(routes::responses::create)),
        Route::new("/v1/sites/{site}", Respondent, || get(routes::sites::show)),
        Route::new("/v1/surveys/{id}", Respondent, || get(routes::surveys::show)),
        Route::new("/v1/surveys/{id}/scores", Reader, || get(routes::scores::show)),
        Route::new("/v1/surveys/{id}/bursts", Reader, || get(routes::bursts::show)),
        Route::new("/v1/surveys/{id}/responses", Reader, || get(routes::responses::list)),
        Route::new("/candor.js", File, || get(assets::loader)),
        Route::new(PINNED, File, || get(assets::pinned)),
        Route::new("/w/{version}/{file}", File, || get(assets::module)),
        Route::new("/.well-known/gpc.json", Public, || get(routes::privacy::show)),
        Route::new("/healthz", Public, || get(routes::health::alive)),
        Route::new("/readyz", Public, || get(routes::health::ready)),
        Route::new("/metrics", Operator, || get(metrics::show)),
        Route::new("/", Public, || get(routes::demo::home)),
        Route::new("/demo/", Public, || get(routes::demo::index)),
        Route::new("/demo/{*path}", Public, || get(routes::demo::page)),
        Route::new("/playground", Public, || get(routes::demo::playground)),
    ]
};

impl Route {
    const fn new(path: &'static str, audience: Audience, handler: fn() -> MethodRouter<App>) -> Self {
        Self { path, audience, handler }
    }
}

pub(crate) fn router(app: App) -> Router {
    let metrics = app.metrics.clone();
    let others = Router::new().fallback(routes::demo::shortcut).layer(panics::layer());
    let all = ROUTES.iter().fold(others, |all, route| {
        let one = Router::new().route(route.path, (route.handler)());
        all.merge(shared(one, route.audience))
    });
    watched(all, metrics).with_state(app)
}

/// Lets pages of other origins read what these routes answer, as far as they are its audience. That is done around all
/// else: they may read that a method is wrong, and that a panic was answered.
fn shared<S: Clone + Send + Sync + 'static>(routes: Router<S>, audience: Audience) -> Router<S> {
    let routes = routes.method_not_allowed_fallback(wrong_method).layer(panics::layer());
    match audience {
        Audience::Respondent => routes.layer(from_fn(cors::respondents)),
        Audience::File => routes.layer(from_fn(assets::layer)),
        Audience::Reader => routes.layer(from_fn(cors::readers)),
        Audience::Operator | Audience::Public => routes,
    }
}

/// No request passes unseen.
fn watched<S: Clone + Send + Sync + 'static>(routes: Router<S>, metrics: Arc<Metrics>) -> Router<S> {
    routes.layer(from_fn_with_state(metrics, common))
}

async fn wrong_method(request: Request) -> Problem {
    let method = short(request.method().as_str(), 32);
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} does not work here"))
        .expected("one of the methods in the header Allow")
}

/// What all requests have in common: they are counted, refusals by their reason too; a line in the log at level debug, and
/// a header.
async fn common(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let path = tracing::enabled!(Level::DEBUG).then(|| request.uri().path().to_owned());
    let mut response = panics::noted(next.run(request)).await;
    let (status, took) = (response.status(), start.elapsed());
    metrics.request(route.as_ref().map(MatchedPath::as_str), &method, status, took);
    let refusal = response.extensions_mut().remove::<Refusal>();
    debug_assert_eq!(refusal.is_some(), status.is_client_error() || status.is_server_error());
    if let Some(refusal) = refusal {
        metrics.refusals.add(refusal);
    }
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(%method, path, status = status.as_u16(), duration_ms, "request");
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    #[tokio::test]
    async fn a_panic_is_one_problem_that_is_counted_and_whose_route_it_was_may_read_it() {
        async fn broken() -> StatusCode {
            panic!("broken by the test")
        }
        for (audience, origin, credentials) in [
            (Audience::Respondent, Some("https://shop.example"), Some("true")),
            (Audience::File, Some("https://shop.example"), Some("true")),
            (Audience::Reader, Some("*"), None),
            (Audience::Operator, None, None),
            (Audience::Public, None, None),
        ] {
            let metrics = Arc::new(Metrics::new());
            let routes = shared(Router::new().route("/broken", get(broken)), audience);
            let service = TowerToHyperService::new(watched(routes, metrics.clone()));
            let request = Request::get("/broken").header("origin", "https://shop.example");
            let response = service.call(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!(header("content-type"), Some("application/problem+json"));
            assert_eq!(header("access-control-allow-origin"), origin, "{audience:?}");
            assert_eq!(header("access-control-allow-credentials"), credentials, "{audience:?}");
            let body = to_bytes(response.into_body(), 1_000).await.unwrap();
            assert!(!String::from_utf8_lossy(&body).contains("broken"), "{body:?}");
            let text = metrics.text().unwrap();
            for sample in [
                "candor_refusals_total{reason=\"panic\"} 1\n",
                "candor_requests_total{route=\"/broken\",method=\"GET\",status=\"500\"} 1\n",
            ] {
                assert!(text.contains(sample), "{text}");
            }
        }
    }
}

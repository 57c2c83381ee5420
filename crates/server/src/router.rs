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
    routing::{get, post},
};
use std::{sync::Arc, time::Instant};
use tracing::Level;

/// Every route there is.
pub(crate) fn router(app: App) -> Router {
    let api = Router::new()
        .route("/v1/responses", post(routes::responses::create))
        .route("/v1/sites/{site}", get(routes::sites::show))
        .route("/v1/surveys/{id}", get(routes::surveys::show))
        .route("/v1/surveys/{id}/scores", get(routes::scores::show))
        .route("/v1/surveys/{id}/responses", get(routes::responses::list))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(cors::layer));
    let files = Router::new()
        .route("/candor.js", get(assets::loader))
        .route(concat!("/candor-", env!("CARGO_PKG_VERSION"), ".js"), get(assets::pinned))
        .route("/w/{version}/{file}", get(assets::module))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(assets::layer));
    let metrics = app.metrics.clone();
    let all = Router::new()
        .merge(api)
        .merge(files)
        .route("/healthz", get(routes::health::alive))
        .route("/readyz", get(routes::health::ready))
        .route("/metrics", get(metrics::show))
        .route("/", get(routes::demo::home))
        .route("/demo/", get(routes::demo::index))
        .route("/demo/{*path}", get(routes::demo::page))
        .route("/playground", get(routes::demo::playground))
        .method_not_allowed_fallback(wrong_method)
        .fallback(routes::demo::shortcut);
    watched(all, metrics).with_state(app)
}

/// No request passes unseen, and none ends a connection by a panic.
fn watched<S: Clone + Send + Sync + 'static>(routes: Router<S>, metrics: Arc<Metrics>) -> Router<S> {
    routes.layer(panics::layer()).layer(from_fn_with_state(metrics, common))
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
    async fn a_panic_is_one_problem_that_is_counted() {
        async fn broken() -> StatusCode {
            panic!("broken by the test")
        }
        let metrics = Arc::new(Metrics::new());
        let routes = Router::new().route("/broken", get(broken));
        let service = TowerToHyperService::new(watched(routes, metrics.clone()));
        let response = service.call(Request::get("/broken").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
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

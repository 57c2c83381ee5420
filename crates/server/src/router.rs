use crate::{App, assets, cors, problem::Problem, routes};
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header::X_CONTENT_TYPE_OPTIONS},
    middleware::{Next, from_fn},
    response::Response,
    routing::{get, post},
};
use std::time::Instant;

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
    Router::new()
        .merge(api)
        .merge(files)
        .route("/healthz", get(routes::health::alive))
        .route("/readyz", get(routes::health::ready))
        .route("/", get(routes::demo::home))
        .route("/demo/", get(routes::demo::index))
        .route("/demo/{*path}", get(routes::demo::page))
        .route("/playground", get(routes::demo::playground))
        .method_not_allowed_fallback(wrong_method)
        .fallback(routes::demo::shortcut)
        .layer(from_fn(common))
        .with_state(app)
}

async fn wrong_method(request: Request) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not work here", request.method()))
        .expected("one of the methods in the header Allow")
}

/// What all requests have in common: a line in the log at level debug, and a header.
async fn common(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let start = Instant::now();
    let mut response = next.run(request).await;
    let duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(%method, path, status = response.status().as_u16(), duration_ms, "request");
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

//! The demo's pages, for as long as `--demo` asks for them.

use super::params::Name;
use crate::{app::App, assets::media_type, problem::Problem};
use axum::{
    extract::State,
    http::{
        HeaderValue, Method, StatusCode, Uri,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Redirect, Response},
};
use std::path::Path;

/// `GET /`
pub(crate) async fn home(State(app): State<App>) -> Result<Redirect, Problem> {
    if app.config.demo.demo.is_none() {
        return Err(nothing());
    }
    Ok(Redirect::temporary("/demo/"))
}

/// `GET /demo/`
pub(crate) async fn index(State(app): State<App>) -> Result<Response, Problem> {
    folder_file(&app, "index.html").await
}

/// `GET /demo/{*path}`
pub(crate) async fn page(State(app): State<App>, Name(path): Name) -> Result<Response, Problem> {
    folder_file(&app, &path).await
}

/// `GET /playground`
pub(crate) async fn playground(State(app): State<App>) -> Result<Response, Problem> {
    file(app.config.demo.playground.as_deref().ok_or_else(nothing)?).await
}

/// Any other address: `/scores` leads to `/demo/scores.html` if there is such a page.
pub(crate) async fn shortcut(State(app): State<App>, method: Method, uri: Uri) -> Result<Response, Problem> {
    let name = uri.path().trim_matches('/');
    if method == Method::GET
        && let Some(folder) = &app.config.demo.demo
        && is_inside(name)
        && !name.contains('.')
    {
        for page in [format!("{name}.html"), format!("{name}/index.html")] {
            if tokio::fs::try_exists(folder.join(&page)).await.unwrap_or(false) {
                return Ok(Redirect::temporary(&format!("/demo/{page}")).into_response());
            }
        }
    }
    Err(nothing())
}

async fn folder_file(app: &App, path: &str) -> Result<Response, Problem> {
    let folder = app.config.demo.demo.as_deref().ok_or_else(nothing)?;
    let path = path.trim_end_matches('/');
    if !is_inside(path) {
        return Err(nothing());
    }
    let full = folder.join(path);
    if full.is_dir() {
        return Ok(Redirect::temporary(&format!("/demo/{path}/index.html")).into_response());
    }
    file(&full).await
}

/// Neither upwards nor into hidden files, nor to a drive or share of Windows.
fn is_inside(path: &str) -> bool {
    !path.contains(['\\', ':', '\0'])
        && path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
}

async fn file(path: &Path) -> Result<Response, Problem> {
    let bytes = tokio::fs::read(path).await.map_err(|_| nothing())?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(&path.to_string_lossy())));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

fn nothing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address")
}

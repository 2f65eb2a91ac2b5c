//! Files of the page, compiled in.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets"]
#[include = "*.js"]
#[include = "*.css"]
struct Assets;

/// `GET /assets/{name}`: kept by the browser, asked about anew each time, sent when it changed.
pub(crate) async fn asset(headers: HeaderMap, Path(name): Path<String>) -> Response {
    let Some(file) = Assets::get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let hash = file.metadata.sha256_hash();
    let tag =
        format!("\"{:032x}\"", u128::from_be_bytes(hash[..16].try_into().expect("32 bytes hold 16: this is a bug")));
    let kept = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|sent| sent.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    let is_sheet = std::path::Path::new(&name).extension().is_some_and(|end| end == "css");
    let media = if is_sheet { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
    ([(header::CONTENT_TYPE, media)], kept, file.data).into_response()
}

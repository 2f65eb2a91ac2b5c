//! `/api/data/...`, each a question to the source.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::DataSource;
use super::shapes::{DataDiff, DataPicture, DataSets, DataSlices, DataTrends, DataVersions, MapPart, NoMap};
use crate::Panel;
use crate::answer::Refused;

/// Versions where nothing is said, and at most.
const LIMIT: u32 = 20;
const MOST: u32 = 100;
/// Whether a newer map is being made.
const WORKING: HeaderName = HeaderName::from_static("x-hivis-working");

type Answer<T> = Result<Json<T>, Refused>;

fn source(panel: &Panel) -> Result<&Arc<dyn DataSource>, Refused> {
    let said = "this listener shows no data";
    panel.sources.data.as_ref().ok_or_else(|| Refused::new(StatusCode::SERVICE_UNAVAILABLE, said))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// At most so many, up to 100.
    limit: Option<u32>,
    /// Older than the version of this name.
    before: Option<String>,
}

/// Versions of the data, newest first.
#[utoipa::path(get, path = "/api/data/versions", tag = "data",
    params(("limit" = Option<u32>, Query, description = "at most so many, up to 100"),
        ("before" = Option<String>, Query, description = "older than the version of this name")),
    responses((status = 200, body = DataVersions), (status = 404, description = "no such version")))]
pub(super) async fn versions(State(panel): State<Panel>, Query(page): Query<Page>) -> Answer<DataVersions> {
    let limit = page.limit.unwrap_or(LIMIT).clamp(1, MOST);
    Ok(Json(source(&panel)?.versions(limit, page.before).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair {
    /// The first version, `v1.2.3` or its whole name.
    from: String,
    /// The second one.
    to: String,
}

/// What changes from one version to another.
#[utoipa::path(get, path = "/api/data/diff", tag = "data",
    params(("from" = String, Query, description = "the first version, `v1.2.3` or its whole name"),
        ("to" = String, Query, description = "the second one")),
    responses((status = 200, body = DataDiff), (status = 404, description = "no such version"),
        (status = 422, description = "more differs than a page shows")))]
pub(super) async fn diff(State(panel): State<Panel>, Query(pair): Query<Pair>) -> Answer<DataDiff> {
    Ok(Json(source(&panel)?.diff(pair.from, pair.to).await?))
}

/// Accuracy and coverage by slice.
#[utoipa::path(get, path = "/api/data/slices", tag = "data", responses((status = 200, body = DataSlices)))]
pub(super) async fn slices(State(panel): State<Panel>) -> Answer<DataSlices> {
    Ok(Json(source(&panel)?.slices().await?))
}

/// How the gate's figures, acceptance and reward went.
#[utoipa::path(get, path = "/api/data/trends", tag = "data", responses((status = 200, body = DataTrends)))]
pub(super) async fn trends(State(panel): State<Panel>) -> Answer<DataTrends> {
    Ok(Json(source(&panel)?.trends().await?))
}

/// Data sets and their contradictions.
#[utoipa::path(get, path = "/api/data/sets", tag = "data", responses((status = 200, body = DataSets)))]
pub(super) async fn sets(State(panel): State<Panel>) -> Answer<DataSets> {
    Ok(Json(source(&panel)?.sets().await?))
}

/// Places and marks of the map's points.
///
/// Little-endian: `HIVISMAP`, version u32 (1), points u32, length of the legend u32, the legend (JSON, padded with spaces
/// to a multiple of 4), then for each point x (u16), for each y (u16), and for each label, source, reason and part, a byte
/// each that is a place in the legend's lists.
#[utoipa::path(get, path = "/api/data/map", tag = "data",
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 202, description = "there is none yet", body = NoMap),
        (status = 304, description = "as the ETag says")))]
pub(super) async fn map(State(panel): State<Panel>, headers: HeaderMap) -> Result<Response, Refused> {
    part(&panel, &headers, MapPart::Points).await
}

/// The SHA-256 of the map's points, 32 bytes each, in their order.
#[utoipa::path(get, path = "/api/data/map/ids", tag = "data",
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 202, description = "there is none yet", body = NoMap),
        (status = 304, description = "as the ETag says")))]
pub(super) async fn map_ids(State(panel): State<Panel>, headers: HeaderMap) -> Result<Response, Refused> {
    part(&panel, &headers, MapPart::Ids).await
}

async fn part(panel: &Panel, headers: &HeaderMap, part: MapPart) -> Result<Response, Refused> {
    let map = source(panel)?.map(part).await?;
    if !map.said.is_empty() {
        return Ok((StatusCode::ACCEPTED, Json(NoMap { said: map.said, working: map.working })).into_response());
    }
    let tag = format!("\"{}\"", map.tag);
    let working = if map.working { "1" } else { "0" };
    let kept = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (WORKING, working.to_owned()),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|sent| sent.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let body = axum::body::Bytes::from_owner(Owned(map.body));
    Ok((kept, [(header::CONTENT_TYPE, "application/octet-stream")], body).into_response())
}

/// Bytes that many answers share.
struct Owned(Arc<Vec<u8>>);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// One picture's story.
#[utoipa::path(get, path = "/api/data/picture/{id}", tag = "data",
    params(("id" = String, Path, description = "the picture's SHA-256, 64 hex digits")),
    responses((status = 200, body = DataPicture), (status = 404, description = "no such picture")))]
pub(super) async fn picture(State(panel): State<Panel>, Path(sha256): Path<String>) -> Answer<DataPicture> {
    Ok(Json(source(&panel)?.picture(sha256).await?))
}

/// One picture's bytes, when they are those of a JPEG, PNG or WebP.
#[utoipa::path(get, path = "/api/data/picture/{id}/bytes", tag = "data",
    params(("id" = String, Path, description = "the picture's SHA-256, 64 hex digits")),
    responses((status = 200, content_type = "image/*", body = Vec<u8>), (status = 404, description = "no such picture")))]
pub(super) async fn picture_bytes(State(panel): State<Panel>, Path(sha256): Path<String>) -> Result<Response, Refused> {
    let picture = source(&panel)?.bytes(sha256).await?;
    crate::review::shown_picture(picture.bytes)
}

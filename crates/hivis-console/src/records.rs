//! `/records/{id}/picture`: the recorded picture, as it came from the wire.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hivis_types::RecordId;

use crate::Panel;

/// Only these are shown; whatever a stranger sent under another name is not.
const SHOWN: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// `GET /records/{id}/picture`
pub(crate) async fn picture(State(panel): State<Panel>, Path(id): Path<uuid::Uuid>) -> Response {
    let story = match panel.ledger.story_of(RecordId(id)).await {
        Ok(story) => story,
        Err(error) => {
            tracing::debug!(%error, %id, "no such record");
            return StatusCode::NOT_FOUND.into_response();
        }
    };
    match story.stored.record.picture {
        Some(picture) if !picture.bytes.is_empty() && SHOWN.contains(&picture.media.as_str()) => {
            let headers =
                [(header::CONTENT_TYPE, picture.media), (header::CACHE_CONTROL, "private, max-age=86400".to_owned())];
            (headers, picture.bytes).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

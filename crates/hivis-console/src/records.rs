//! `/records/{id}/picture`: the recorded picture, as it came from the wire.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hivis_types::RecordId;

use crate::Panel;

/// A stranger's bytes get no rights at all, whatever a browser takes them for.
const SANDBOX: &str = "default-src 'none'; sandbox";

/// `GET /records/{id}/picture`
pub(crate) async fn picture(State(panel): State<Panel>, Path(id): Path<uuid::Uuid>) -> Response {
    let bytes = match panel.ledger.picture_of(RecordId(id)).await {
        Ok(Some(picture)) => panel.ledger.picture_bytes(picture).await,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => Err(error),
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::debug!(%error, %id, "a picture cannot be shown");
            return StatusCode::NOT_FOUND.into_response();
        }
    };
    let Some(media) = media(&bytes) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CACHE_CONTROL, "private, max-age=86400"),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
    ];
    (headers, bytes).into_response()
}

/// By the first bytes; whatever a stranger sent under the name of a picture is not shown.
pub(crate) fn media(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

//! What a request may bring: little, and soon.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};

use crate::answer::Refused;

/// Longest body, bytes: a decision, a policy or a note is a few words.
pub(crate) const LONGEST: usize = 16 * 1024;
/// Longest time that a body may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The whole body: 413 for too much (at once, where the length is told), 408 for one that does not come.
pub(crate) async fn read(parts: &Parts, body: Body) -> Result<Bytes, Refused> {
    let told = body.size_hint().lower().max(length(&parts.headers).unwrap_or(0));
    let much = || Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 16 KiB");
    if told > LONGEST as u64 {
        return Err(much());
    }
    match tokio::time::timeout(PATIENCE, Limited::new(body, LONGEST).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(much()),
        Ok(Err(_)) => Err(Refused::new(StatusCode::BAD_REQUEST, "the body broke off")),
        Err(_) => Err(Refused::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
    }
}

/// Is there a body at all?
pub(crate) fn is_there(parts: &Parts, body: &Body) -> bool {
    !body.is_end_stream() && (length(&parts.headers) != Some(0))
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// `application/json`, with or without parameters, and what ends with `+json`.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || media.starts_with("application/") && media.ends_with("+json")
}

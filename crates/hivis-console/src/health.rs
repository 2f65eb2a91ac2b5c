//! `/healthz`, `/readyz`, `/metrics`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

use crate::Panel;
use crate::exposition::Format;

/// A clock further off than this is a warning: nonces depend on it (window 4 s).
const CLOCK_WARNING_S: f64 = 1.0;

/// The process runs and its event loop turns.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 when a challenge that comes now would be judged, else 503; the reasons are in the body either way.
pub(crate) async fn readyz(State(panel): State<Panel>) -> Response {
    let health = panel.axon.health();
    let reasons: Vec<&str> = health.not_ready.iter().map(|r| r.as_str()).collect();
    let mut warnings = Vec::new();
    if let Some(offset) = health.clock_offset_s.filter(|o| o.abs() > CLOCK_WARNING_S) {
        warnings.push(format!("this clock and the validators' differ by {offset:.2} s: check NTP"));
    }
    let alarms: Vec<String> = panel.axon.alarms(Timestamp::now()).iter().map(ToString::to_string).collect();
    let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": health.is_ready(), "not_ready": reasons, "warnings": warnings, "alarms": alarms, "axon": health });
    (status, Json(body)).into_response()
}

/// Every metric: OpenMetrics for who asks for it by `Accept`, else Prometheus text.
pub(crate) async fn metrics(State(panel): State<Panel>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let format = Format::asked(accept);
    ([(header::CONTENT_TYPE, format.content_type())], format.render(&panel.metrics.render())).into_response()
}

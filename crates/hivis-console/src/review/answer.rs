//! Answers of the API: JSON, with a reason where there is none.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::DeskError;

/// A refusal.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    body: Value,
}

impl Refused {
    pub(super) fn new(status: StatusCode, said: &str) -> Self {
        Self { status, body: json!({ "error": said }) }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

impl From<DeskError> for Refused {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::NotFound(said) => Self::new(StatusCode::NOT_FOUND, &said),
            DeskError::Conflict { said, decided } => {
                Self { status: StatusCode::CONFLICT, body: json!({ "error": said, "decided": decided }) }
            }
            DeskError::Unfit(said) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, &said),
            DeskError::Unavailable(said) => Self::new(StatusCode::SERVICE_UNAVAILABLE, &said),
            DeskError::Failed => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "it failed; the log has the reason"),
        }
    }
}

impl From<JsonRejection> for Refused {
    /// 400 for what is no JSON, 413 for too much of it, 415 for another media type, 422 for JSON of another shape.
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), &rejection.body_text())
    }
}

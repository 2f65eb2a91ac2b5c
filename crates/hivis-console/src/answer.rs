//! Answers of the API: JSON, with a reason where there is none.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::SourceError;

/// A refusal.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    body: Value,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, said: &str) -> Self {
        Self { status, body: json!({ "error": said }) }
    }
}

impl Refused {
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason, for a page.
    pub(crate) fn said(&self) -> String {
        self.body["error"].as_str().unwrap_or_default().to_owned()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// What is not there, said to programs and people.
pub(crate) async fn nothing() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "there is nothing at this address; /api lists what is")
}

impl From<SourceError> for Refused {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::NotFound(said) => Self::new(StatusCode::NOT_FOUND, &said),
            SourceError::Conflict { said, decided } => {
                Self { status: StatusCode::CONFLICT, body: json!({ "error": said, "decided": decided }) }
            }
            SourceError::Unfit(said) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, &said),
            SourceError::Unavailable(said) => Self::new(StatusCode::SERVICE_UNAVAILABLE, &said),
            SourceError::Failed => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "it failed; the log has the reason"),
        }
    }
}

impl From<JsonRejection> for Refused {
    /// 400 for what is no JSON, 413 for too much of it, 415 for another media type, 422 for JSON of another shape.
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), &rejection.body_text())
    }
}

//! `/challenge`: one answer's whole story.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::Panel;
use crate::shell::{Shell, render};

/// Whoever knows what this page shows.
pub trait ChallengeSource: Send + Sync {}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new().route("/challenge", get(page))
}

#[derive(Template)]
#[template(path = "challenge.html")]
struct Page {
    shell: Shell,
}

async fn page(State(_panel): State<Panel>, shell: Shell) -> Response {
    render(&Page { shell })
}

//! `/data`: versions, slices, trends, the map.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::Panel;
use crate::shell::{Shell, render};

/// Whoever knows what this page shows.
pub trait DataSource: Send + Sync {}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new().route("/data", get(page))
}

#[derive(Template)]
#[template(path = "data.html")]
struct Page {
    shell: Shell,
}

async fn page(State(_panel): State<Panel>, shell: Shell) -> Response {
    render(&Page { shell })
}

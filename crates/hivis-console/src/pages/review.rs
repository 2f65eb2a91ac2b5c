//! `/review`: the queue, by keyboard.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::Panel;
use crate::shell::{Shell, render};

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new().route("/review", get(page))
}

#[derive(Template)]
#[template(path = "review.html")]
struct Page {
    shell: Shell,
}

async fn page(State(_panel): State<Panel>, shell: Shell) -> Response {
    render(&Page { shell })
}

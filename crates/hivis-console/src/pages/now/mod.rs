//! `/`: is the miner healthy, what does it earn, which picture should one worry about; and challenges as they come.
//!
//! Rendered here with its real content; `assets/live.js` keeps it current. `/api/now` says the same as JSON.

mod figures;
mod source;
mod wheel;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use hivis_store::RecordFilter;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::row::Row;
use crate::Panel;
use crate::door::Who;
use crate::filters;
use crate::shell::{Shell, render};

pub(crate) use figures::figures;
use figures::{CAPTIONS, Figures};
pub use source::{Earned, Look, Money, NowSource, Reward, StationLook, Worry};
use wheel::{Drawing, drawings};

/// Rows of the table, as many as `assets/live.js` keeps.
const ROWS: u32 = 40;

/// Everything on the page but the table.
#[derive(Serialize, ToSchema)]
struct NowView {
    /// Figures of the last hour and the verdict.
    now: Figures,
    /// Reward, earnings, the wheel; none where nobody answers for them.
    look: Option<Look>,
}

/// One figure.
struct Figure {
    name: &'static str,
    caption: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "now.html")]
struct Page {
    shell: Shell,
    now: Figures,
    figures: Vec<Figure>,
    look: Look,
    bar: Option<Bar>,
    wheel: [Drawing; 2],
    rows: Vec<Row>,
    empty: usize,
    newest: String,
}

/// The reward's interval as a drawing: places on a line of 200.
struct Bar {
    low: f64,
    point: f64,
    width: f64,
}

impl Bar {
    fn of(reward: &Reward) -> Self {
        let place = |value: f64| 200.0 * value.clamp(0.0, 1.0);
        let (low, high) = (place(reward.low), place(reward.high));
        Self { low, point: place(reward.point), width: (high - low).max(2.0) }
    }
}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new().route("/", get(page)).routes(routes!(api)).routes(routes!(super::events::stream))
}

/// `GET /`
async fn page(State(panel): State<Panel>, shell: Shell) -> Response {
    let now = figures(&panel).await;
    let figures = CAPTIONS.iter().map(|&(name, caption)| {
        let text = now.texts.get(name).cloned().unwrap_or_default();
        Figure { name, caption, text }
    });
    let look = look(&panel).await.unwrap_or_default();
    let rows = newest(&panel).await;
    render(&Page {
        shell,
        figures: figures.collect(),
        now,
        bar: look.reward.as_ref().map(Bar::of),
        wheel: drawings(&look.stations),
        look,
        newest: rows.first().map(|row| row.id.clone()).unwrap_or_default(),
        empty: usize::from(rows.is_empty()),
        rows,
    })
}

/// How the miner stands
#[utoipa::path(get, path = "/api/now", tag = "now", responses((status = 200, body = NowView)))]
async fn api(State(panel): State<Panel>, _: Who) -> Json<NowView> {
    Json(NowView { now: figures(&panel).await, look: look(&panel).await })
}

/// What the program knows; nothing where nobody answers, or it failed.
async fn look(panel: &Panel) -> Option<Look> {
    let source = panel.sources.now.as_ref()?;
    match source.look(panel.axon.health()).await {
        Ok(look) => Some(look),
        Err(error) => {
            tracing::warn!(?error, "the reward and the wheel are not known");
            None
        }
    }
}

/// What was answered before the page was opened, newest first.
async fn newest(panel: &Panel) -> Vec<Row> {
    let filter = RecordFilter { limit: ROWS, ..RecordFilter::default() };
    let records = panel.ledger.list(&filter).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the ledger could not be read for the page");
        Vec::new()
    });
    records.into_iter().map(Row::from).collect()
}

//! `/drift`: where we stand among the miners, whether each release helped, and whether the world has moved.

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::Refused;
use crate::door::Who;
use crate::filters;
use crate::shell::{Shell, render};
use crate::{Panel, SourceError, SourceFuture};

/// Whoever knows rank and drift.
pub trait DriftSource: Send + Sync {
    /// The newest `windows` values of each question.
    fn drift(&self, windows: u32) -> SourceFuture<'_, DriftView>;
    /// The last `days` days.
    fn rank(&self, days: u32) -> SourceFuture<'_, RankView>;
}

/// How things stand with drift.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DriftView {
    /// The release of the newest window of records.
    pub release: Option<String>,
    /// Records of a window.
    pub window: u32,
    /// Pictures that stand for the training data.
    pub reference: usize,
    /// The share of quiet windows that may be called unusual.
    pub false_alarms: f64,
    /// One for each question.
    pub questions: Vec<DriftQuestion>,
}

/// One question about the newest windows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DriftQuestion {
    /// Its name, such as `input-nearest`.
    pub kind: String,
    /// What is asked.
    pub asks: String,
    /// `waiting`, `learning`, `quiet`, `unusual` or `drifting`.
    pub state: String,
    /// The newest value over its limit: 1 is the limit.
    pub ratio: Option<f64>,
    /// Since when windows are above their limit without a break, UTC.
    pub since: Option<String>,
    /// What is missing, where something is.
    pub missing: Option<String>,
    /// Values, oldest first.
    pub points: Vec<DriftPoint>,
    /// The values as a plot, for the page only.
    #[serde(skip)]
    pub plot: Option<String>,
}

/// One window's value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DriftPoint {
    /// The latest arrival in the window, UTC.
    pub at: String,
    /// The value.
    pub value: f64,
    /// What was unusual then; none while that was learned.
    pub limit: Option<f64>,
}

/// Where we stand among the miners.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct RankView {
    /// Our key.
    pub hotkey: String,
    /// Our rank among the miners, 1 for the best.
    pub rank: Option<u16>,
    /// How many miners there are.
    pub miners: Option<u16>,
    /// Share of the miners' emission.
    pub incentive: Option<f64>,
    /// The block of these figures.
    pub block: Option<u64>,
    /// How far the door is.
    pub door: Option<String>,
    /// TaoStats' newest word: rank and day.
    pub seen: Option<String>,
    /// By day, oldest first.
    pub days: Vec<RankDay>,
    /// Each change of the release, newest first.
    pub releases: Vec<RankRelease>,
    /// The days as a plot, for the page only.
    #[serde(skip)]
    pub plot: Option<String>,
}

/// One UTC day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct RankDay {
    /// Which.
    pub day: String,
    /// Our rank at the last payout that was looked at.
    pub rank: Option<u16>,
    /// How many miners there were.
    pub miners: Option<u16>,
    /// The mean incentive.
    pub incentive: Option<f64>,
    /// TaoStats' word on the rank.
    pub seen_rank: Option<u16>,
}

/// Did a release help?
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct RankRelease {
    /// When it began to serve, UTC.
    pub at: String,
    /// Which.
    pub release: String,
    /// What served before.
    pub before: String,
    /// `helped`, `hurt`, `none`, `early` or `unknown`.
    pub verdict: String,
    /// The same in words.
    pub said: String,
    /// Difference of the measure that decides, with its 90% interval.
    pub difference: Option<[f64; 3]>,
    /// What else changed in those days.
    pub beside: Vec<String>,
}

/// How much is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The newest windows, at most 2,000 [default: 60].
    windows: Option<u32>,
    /// The last days, at most 366 [default: 30].
    days: Option<u32>,
}

impl Wanted {
    fn windows(&self) -> u32 {
        self.windows.unwrap_or(60).clamp(2, 2000)
    }

    fn days(&self) -> u32 {
        self.days.unwrap_or(30).clamp(1, 366)
    }
}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new().route("/drift", get(page)).routes(routes!(drift)).routes(routes!(rank))
}

async fn drift_of(panel: &Panel, windows: u32) -> Result<DriftView, SourceError> {
    match &panel.sources.drift {
        Some(source) => source.drift(windows).await,
        None => Err(SourceError::Unavailable("nobody watches over drift here".to_owned())),
    }
}

async fn rank_of(panel: &Panel, days: u32) -> Result<RankView, SourceError> {
    match &panel.sources.drift {
        Some(source) => source.rank(days).await,
        None => Err(SourceError::Unavailable("nobody knows the rank here".to_owned())),
    }
}

/// Whether what validators ask is still what the release learned from.
#[utoipa::path(get, path = "/api/drift", params(Wanted), responses((status = 200, body = DriftView)))]
async fn drift(State(panel): State<Panel>, _: Who, Query(wanted): Query<Wanted>) -> Result<Json<DriftView>, Refused> {
    Ok(Json(drift_of(&panel, wanted.windows()).await?))
}

/// Our rank among the miners, by day, and whether each release helped.
#[utoipa::path(get, path = "/api/rank", params(Wanted), responses((status = 200, body = RankView)))]
async fn rank(State(panel): State<Panel>, _: Who, Query(wanted): Query<Wanted>) -> Result<Json<RankView>, Refused> {
    Ok(Json(rank_of(&panel, wanted.days()).await?))
}

#[derive(Template)]
#[template(path = "drift_page.html")]
struct Page {
    shell: Shell,
    drift: Result<DriftView, String>,
    rank: Result<RankView, String>,
}

async fn page(State(panel): State<Panel>, shell: Shell, Query(wanted): Query<Wanted>) -> Response {
    let drift = drift_of(&panel, wanted.windows()).await.map_err(said);
    let rank = rank_of(&panel, wanted.days()).await.map_err(said);
    render(&Page { shell, drift, rank })
}

/// What the page says of an error.
fn said(error: SourceError) -> String {
    match error {
        SourceError::NotFound(said)
        | SourceError::Unfit(said)
        | SourceError::Unavailable(said)
        | SourceError::Conflict { said, .. } => said,
        SourceError::Failed => "it could not be read; the log has the reason".to_owned(),
    }
}

impl DriftQuestion {
    /// How far the newest window is, in words.
    fn far(&self) -> String {
        self.ratio.map_or_else(String::new, |ratio| format!("{:.0}% of the limit", 100.0 * ratio))
    }
}

impl RankRelease {
    fn interval(&self) -> String {
        self.difference
            .map_or_else(String::new, |[point, low, high]| format!("{point:+.5}, 90% between {low:+.5} and {high:+.5}"))
    }
}

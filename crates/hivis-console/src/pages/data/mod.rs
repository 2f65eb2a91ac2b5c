//! `/data`: versions, slices, trends, the map; beneath it `/api/data/...`.

mod api;
mod shapes;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::filters;
use crate::shell::{Shell, render};
use crate::{DeskPicture, Panel, SourceError, SourceFuture};

pub use shapes::{
    DataChange, DataConflict, DataCount, DataDiff, DataMap, DataPicture, DataPlot, DataReward, DataSample, DataSets,
    DataSlice, DataSlices, DataTable, DataTrends, DataVersionRow, DataVersions, MapPart,
};

/// Versions that the page shows.
const VERSIONS: u32 = 12;

/// Whoever knows what this page shows. Nothing here may take longer the more records there are.
pub trait DataSource: Send + Sync {
    /// Versions, newest first: at most `limit`, older than `before` where that is given.
    fn versions(&self, limit: u32, before: Option<String>) -> SourceFuture<'_, DataVersions>;
    /// What changes from one version to the other.
    fn diff(&self, from: String, to: String) -> SourceFuture<'_, DataDiff>;
    /// Accuracy and coverage by slice.
    fn slices(&self) -> SourceFuture<'_, DataSlices>;
    /// How figures went.
    fn trends(&self) -> SourceFuture<'_, DataTrends>;
    /// Data sets, and where they contradict each other.
    fn sets(&self) -> SourceFuture<'_, DataSets>;
    /// A part of the map as it is now; it is brought up to date in the background.
    fn map(&self, part: MapPart) -> SourceFuture<'_, DataMap>;
    /// One picture's story.
    fn picture(&self, sha256: String) -> SourceFuture<'_, DataPicture>;
    /// Its bytes.
    fn bytes(&self, sha256: String) -> SourceFuture<'_, DeskPicture>;
}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new()
        .route("/data", get(page))
        .routes(routes!(api::versions))
        .routes(routes!(api::diff))
        .routes(routes!(api::slices))
        .routes(routes!(api::trends))
        .routes(routes!(api::sets))
        .routes(routes!(api::map))
        .routes(routes!(api::map_ids))
        .routes(routes!(api::picture))
        .routes(routes!(api::picture_bytes))
}

#[derive(Template)]
#[template(path = "data.html")]
struct Page {
    shell: Shell,
    /// Why there is nothing at all.
    error: Option<String>,
    versions: Result<DataVersions, String>,
    diff: Option<Result<DataDiff, String>>,
    slices: Result<DataSlices, String>,
    trends: Result<DataTrends, String>,
    sets: Result<DataSets, String>,
}

/// Which versions are compared.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Compared {
    from: String,
    to: String,
}

async fn page(State(panel): State<Panel>, shell: Shell, Query(compared): Query<Compared>) -> Response {
    let Some(source) = panel.sources.data.clone() else {
        let said = || Err(String::new());
        let error = Some("This listener shows no data.".to_owned());
        let (versions, slices, trends, sets) = (said(), Err(String::new()), Err(String::new()), Err(String::new()));
        return render(&Page { shell, error, versions, diff: None, slices, trends, sets });
    };
    let (versions, slices, trends, sets) =
        tokio::join!(source.versions(VERSIONS, None), source.slices(), source.trends(), source.sets());
    let diff = difference(&source, &versions, compared).await;
    render(&Page {
        shell,
        error: None,
        versions: versions.map_err(said),
        diff: diff.map(|diff| diff.map_err(said)),
        slices: slices.map_err(said),
        trends: trends.map_err(said),
        sets: sets.map_err(said),
    })
}

/// The versions asked for, else the two newest whole ones; `None` when there is nothing to compare.
async fn difference(
    source: &Arc<dyn DataSource>,
    versions: &Result<DataVersions, SourceError>,
    Compared { from, to }: Compared,
) -> Option<Result<DataDiff, SourceError>> {
    if !from.is_empty() && !to.is_empty() {
        return Some(source.diff(from, to).await);
    }
    let whole = versions.as_ref().ok()?.versions.iter().filter(|version| version.state == "cut");
    let names: Vec<String> = whole.take(2).map(|version| version.name.clone()).collect();
    let [newest, before] = <[String; 2]>::try_from(names).ok()?;
    Some(source.diff(before, newest).await)
}

fn said(error: SourceError) -> String {
    match error {
        SourceError::NotFound(said)
        | SourceError::Unfit(said)
        | SourceError::Unavailable(said)
        | SourceError::Conflict { said, .. } => said,
        SourceError::Failed => "It could not be read; the log has the reason.".to_owned(),
    }
}

//! The control room: pages, their API, health and metrics on the second listener.
//!
//! It shows what other rooms hand it through [`Panel`] and decides nothing. What changes something goes through a
//! source that the program hands in ([`Sources`]), after the [`Door`] let it pass.

mod answer;
mod assets;
mod document;
mod door;
mod exposition;
mod filters;
mod health;
mod live;
mod pages;
mod records;
mod review;
mod shell;
mod source;
mod thumb;

use axum::routing::get;
use axum::{Extension, Router};
use hivis_serve::Axon;
use hivis_store::Ledger;
use metrics_exporter_prometheus::PrometheusHandle;
use std::future::Future;
use tokio::net::TcpListener;
use utoipa_axum::router::OpenApiRouter;

pub use door::accounts::{Account, Accounts, DoorError, NewToken, Token};
pub use door::password::hash as hash_password;
pub use door::token::{Digest as TokenDigest, digest as token_digest, make as make_token};
pub use door::{Door, DoorSettings, Entropy, Role, TOKEN_FILE, users_file};
pub use pages::alerts::{AckWord, AlertLists, AlertSource};
pub use pages::challenge::{ChallengeSource, Neighbour, Neighbours, Replay, Said, Trained};
pub use pages::data::{
    DataChange, DataConflict, DataCount, DataDiff, DataMap, DataPicture, DataPlot, DataReward, DataSample, DataSets,
    DataSlice, DataSlices, DataSource, DataTable, DataTrends, DataVersionRow, DataVersions, MapPart,
};
pub use pages::drift::{DriftPoint, DriftQuestion, DriftSource, DriftView, RankDay, RankRelease, RankView};
pub use pages::now::{Earned, Look, Money, NowSource, Reward, StationLook, Worry};
pub use pages::releases;
pub use pages::releases::ReleaseSource;
pub use pages::system;
pub use pages::system::SystemSource;
pub use review::{Desk, DeskPicture, DeskWord};
pub use source::{SourceError, SourceFuture, Sources};

/// What the pages look at.
#[derive(Clone)]
pub struct Panel {
    /// The axon: its state and its answers as they happen.
    pub axon: Axon,
    /// The ledger, to read from.
    pub ledger: Ledger,
    /// The process's metrics.
    pub metrics: PrometheusHandle,
    /// Where the axon listens, for the first line of each page.
    pub address: String,
    /// One line of honesty at the foot of the page, such as where the model comes from.
    pub note: String,
    /// Who answers for what.
    pub sources: Sources,
    /// Who comes in.
    pub door: Door,
}

/// Every route of the second listener.
pub fn routes(panel: Panel) -> Router {
    let (pages, document) = OpenApiRouter::with_openapi(document::frame())
        .merge(pages::now::routes())
        .merge(pages::challenge::routes())
        .merge(pages::review::routes())
        .merge(pages::data::routes())
        .merge(releases::routes())
        .merge(system::routes())
        .merge(pages::alerts::routes())
        .merge(pages::drift::routes())
        .merge(pages::runbooks::routes())
        .merge(review::routes())
        .merge(document::routes())
        .split_for_parts();
    Router::new()
        .merge(pages)
        .route("/records/{id}/picture", get(records::picture))
        .route("/records/{id}/thumb", get(thumb::of_record))
        .route("/pictures/{sha256}/thumb", get(thumb::of_picture))
        .route("/metrics", get(health::metrics))
        .merge(door::login::routes())
        .fallback(answer::nothing)
        .layer(Extension(live::Live::new()))
        .layer(Extension(thumb::Thumbs::new()))
        .layer(Extension(document::Document::new(document)))
        .layer(axum::middleware::from_fn_with_state(panel.clone(), door::enter::enter))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/assets/{name}", get(assets::asset))
        .layer(axum::middleware::map_response(door::headers::guard))
        .with_state(panel)
}

/// Serves the routes on `listener` until `shutdown` is done; open event streams do not hold it up. Where others reach the
/// listener, the door lets nobody in without a login.
pub async fn serve(
    listener: TcpListener,
    mut panel: Panel,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    if !listener.local_addr()?.ip().to_canonical().is_loopback() {
        panel.door = panel.door.beyond_loopback().map_err(std::io::Error::other)?;
    }
    let app = routes(panel);
    tokio::select! {
        () = door::listen::listen(listener, app) => Ok(()),
        () = shutdown => Ok(()),
    }
}

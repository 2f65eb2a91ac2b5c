//! The control room: pages, their API, health and metrics on the second listener.
//!
//! It shows what other rooms hand it through [`Panel`] and decides nothing. What changes something goes through a
//! source that the program hands in ([`Sources`]), after [`door`] let it pass.

mod answer;
mod assets;
mod door;
mod health;
mod pages;
mod records;
mod review;
mod shell;
mod source;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use hivis_serve::Axon;
use hivis_store::Ledger;
use metrics_exporter_prometheus::PrometheusHandle;
use std::future::Future;
use tokio::net::TcpListener;
use utoipa::openapi::{Info, OpenApi};
use utoipa_axum::router::OpenApiRouter;

pub use door::Role;
pub use pages::alerts::AlertSource;
pub use pages::challenge::ChallengeSource;
pub use pages::data::{
    DataChange, DataConflict, DataCount, DataDiff, DataMap, DataPicture, DataPlot, DataReward, DataSample, DataSets,
    DataSlice, DataSlices, DataSource, DataTable, DataTrends, DataVersionRow, DataVersions, MapPart,
};
pub use pages::now::NowSource;
pub use pages::releases::ReleaseSource;
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
}

/// Only our own files, no script in the page, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Every route of the second listener.
pub fn routes(panel: Panel) -> Router {
    let review = review::routes(panel.sources.desk.clone());
    let (pages, _document) =
        OpenApiRouter::with_openapi(OpenApi::new(Info::new("hivis", "1"), utoipa::openapi::Paths::new()))
            .merge(pages::now::routes())
            .merge(pages::challenge::routes())
            .merge(pages::review::routes())
            .merge(pages::data::routes())
            .merge(pages::releases::routes())
            .merge(pages::system::routes())
            .merge(pages::alerts::routes())
            .split_for_parts();
    Router::new()
        .merge(pages)
        .route("/records/{id}/picture", get(records::picture))
        .merge(Router::new().nest("/api/review", review))
        .layer(axum::middleware::from_fn(door::enter))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/assets/{name}", get(assets::asset))
        .layer(axum::middleware::map_response(guard))
        .with_state(panel)
}

/// Serves the routes on `listener` until `shutdown` is done; open event streams do not hold it up.
pub async fn serve(
    listener: TcpListener,
    mut panel: Panel,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Without a login nobody else's computer may change anything.
    if !listener.local_addr()?.ip().is_loopback() {
        panel.sources = Sources::default();
    }
    let app = routes(panel);
    tokio::select! {
        result = axum::serve(listener, app) => result,
        () = shutdown => Ok(()),
    }
}

async fn guard(mut response: axum::response::Response) -> axum::response::Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

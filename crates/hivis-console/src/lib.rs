//! The control room: page, live events, health and metrics on the second listener.
//!
//! It shows what other rooms hand it through [`Panel`] and decides nothing. The listener is meant for loopback: nothing
//! here asks who is looking. Only `/api/review` changes something, through the [`Desk`] that the program hands in.

mod assets;
mod events;
mod health;
mod page;
mod records;
mod review;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use hivis_serve::Axon;
use hivis_store::Ledger;
use metrics_exporter_prometheus::PrometheusHandle;
use std::future::Future;
use std::sync::Arc;
use tokio::net::TcpListener;

pub use review::{Desk, DeskError, DeskFuture, DeskPicture, DeskWord};

/// What the page looks at.
#[derive(Clone)]
pub struct Panel {
    /// The axon: its state and its answers as they happen.
    pub axon: Axon,
    /// The ledger, to read from.
    pub ledger: Ledger,
    /// The process's metrics.
    pub metrics: PrometheusHandle,
    /// Where the axon listens, for the page's first line.
    pub address: String,
    /// One line of honesty at the foot of the page, such as where the model comes from.
    pub note: String,
    /// Who keeps the review queue; without one its routes answer 503.
    pub desk: Option<Arc<dyn Desk>>,
}

/// Only our own files, no script in the page, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Every route of the second listener.
pub fn routes(panel: Panel) -> Router {
    let review = review::routes(panel.desk.clone());
    Router::new()
        .route("/", get(page::now))
        .route("/events", get(events::stream))
        .route("/records/{id}/picture", get(records::picture))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/assets/{name}", get(assets::asset))
        .with_state(panel)
        .nest("/api/review", review)
        .layer(axum::middleware::map_response(guard))
}

/// Serves the routes on `listener` until `shutdown` is done; open event streams do not hold it up.
pub async fn serve(
    listener: TcpListener,
    mut panel: Panel,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Without a login nobody else's computer may change anything.
    if !listener.local_addr()?.ip().is_loopback() {
        panel.desk = None;
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

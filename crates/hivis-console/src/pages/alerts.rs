//! `/api/alerts`: what holds, and acknowledging it.

use utoipa_axum::router::OpenApiRouter;

use crate::Panel;

/// Whoever knows what holds.
pub trait AlertSource: Send + Sync {
    /// How many alerts hold that nobody has acknowledged.
    fn open(&self) -> std::pin::Pin<Box<dyn Future<Output = usize> + Send + '_>>;
}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new()
}

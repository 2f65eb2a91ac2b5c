//! What the page System and its API say. Times are UTC, RFC 3339; money is whole micro-dollars.

mod health;
mod money;
mod told;
mod top;
mod work;

use serde::Serialize;
use utoipa::ToSchema;

pub use super::super::releases::Fact;
use super::super::releases::minute;
pub use health::*;
pub use money::*;
pub use told::*;
pub use top::*;
pub use work::*;

/// What the program says of the home and the machine.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct SystemView {
    /// The axon: state and gauges.
    pub health: HealthView,
    /// The home's file system.
    pub disk: DiskView,
    /// Memory of this process.
    pub memory: MemoryView,
    /// GPUs that the driver knows.
    pub gpus: Vec<GpuLine>,
    /// What the night did and will do.
    pub jobs: JobsView,
    /// The calendar.
    pub dates: Vec<DateLine>,
    /// What comes in and what goes out.
    pub money: MoneyView,
    /// What may be used, and what is.
    pub quotas: Vec<QuotaLine>,
    /// Versions of everything.
    pub versions: Vec<Fact>,
}

/// `1.2 GB`
fn bytes(bytes: u64) -> String {
    let (value, unit) = if bytes >= 1_000_000_000 { (bytes as f64 / 1e9, "GB") } else { (bytes as f64 / 1e6, "MB") };
    format!("{value:.1} {unit}")
}

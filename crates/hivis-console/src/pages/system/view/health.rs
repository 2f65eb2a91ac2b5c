//! How the axon, the disk, the memory and the GPUs are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Fact, bytes};

/// The axon.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct HealthView {
    /// Whether a challenge that comes now would be judged.
    pub ready: bool,
    /// Why not, and alarms.
    pub troubles: Vec<String>,
    /// Figures, in words.
    pub facts: Vec<Fact>,
}

/// The home's file system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiskView {
    /// Bytes that may still be written.
    pub free_bytes: u64,
    /// Its size.
    pub total_bytes: u64,
    /// Bytes of pictures that come in a day, by the newest records.
    pub day_bytes: Option<u64>,
    /// Days until recording stops, where it will.
    pub days_until_full: Option<f64>,
    /// In words.
    pub said: String,
}

/// Memory of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct MemoryView {
    /// Resident now.
    pub resident_bytes: Option<u64>,
    /// The most that ever was.
    pub peak_bytes: Option<u64>,
    /// Of the machine.
    pub total_bytes: Option<u64>,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct GpuLine {
    /// Its name.
    pub name: String,
    /// Memory in use.
    pub used_bytes: u64,
    /// Its memory.
    pub total_bytes: u64,
    /// Busy, percent.
    pub busy_percent: Option<u32>,
    /// Degrees Celsius.
    pub celsius: Option<u32>,
}

impl DiskView {
    pub(crate) fn free(&self) -> String {
        format!("{} of {}", bytes(self.free_bytes), bytes(self.total_bytes))
    }
}

impl MemoryView {
    pub(crate) fn resident(&self) -> String {
        self.resident_bytes.map_or_else(|| "–".to_owned(), bytes)
    }

    pub(crate) fn around(&self) -> String {
        let peak = self.peak_bytes.map_or_else(String::new, |peak| format!("peak {}", bytes(peak)));
        self.total_bytes.map_or(peak.clone(), |total| format!("{peak}, of {}", bytes(total)))
    }
}

impl GpuLine {
    pub(crate) fn memory(&self) -> String {
        format!("{} of {}", bytes(self.used_bytes), bytes(self.total_bytes))
    }

    pub(crate) fn busy(&self) -> String {
        self.busy_percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent}%"))
    }

    pub(crate) fn heat(&self) -> String {
        self.celsius.map_or_else(|| "–".to_owned(), |degrees| format!("{degrees} °C"))
    }
}

//! Where rules draw their lines.

/// What a user may set; the defaults are those of the subnet's habits and of common practice.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// 95% of answers within this, or it is a warning; seconds.
    pub latency_s: f64,
    /// 95% of answers within this, or it is critical; seconds.
    pub latency_critical_s: f64,
    /// Share of answers with status 500 or 503.
    pub error_share: f64,
    /// Share of challenges that must be judged, and of time that we must be ready: 0.999.
    pub objective: f64,
    /// Seconds without a validator while the metagraph lists some.
    pub unvisited_s: f64,
    /// Age of the metagraph, seconds.
    pub metagraph_s: f64,
    /// The clock may be off by this much, seconds; nonces live 4 s.
    pub clock_s: f64,
    /// Distance over its learned threshold: 1 is the threshold itself.
    pub drift_ratio: f64,
    /// Challenges a minute that are refused as too many.
    pub shed_per_minute: f64,
    /// Records that wait for the ledger.
    pub queued_records: f64,
    /// Share of a GPU's memory in use, warning and critical.
    pub vram_share: [f64; 2],
    /// Temperature of a GPU, °C.
    pub gpu_celsius: f64,
    /// Share of the machine's memory in use.
    pub memory_share: f64,
    /// Share of the home's disk that must be free.
    pub disk_free_share: f64,
    /// Bytes that must be free: below them recording stops.
    pub disk_free_bytes: f64,
    /// Seconds until the disk is full.
    pub disk_full_s: f64,
    /// Share of generated pictures that reviewers accept.
    pub acceptance_share: f64,
    /// Spend over its cap: info, warning, critical.
    pub spend_share: [f64; 3],
    /// Seconds to a date of `[dates]`: warning and critical.
    pub date_s: [f64; 2],
    /// Seconds that a job of the night may be late.
    pub night_late_s: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            latency_s: 0.08,
            latency_critical_s: 0.4,
            error_share: 0.01,
            objective: 0.999,
            unvisited_s: 1800.0,
            metagraph_s: 3600.0,
            clock_s: 1.0,
            drift_ratio: 1.0,
            shed_per_minute: 1.0,
            queued_records: 1000.0,
            vram_share: [0.85, 0.95],
            gpu_celsius: 85.0,
            memory_share: 0.9,
            disk_free_share: 0.1,
            disk_free_bytes: 2e9,
            disk_full_s: 7.0 * 86_400.0,
            acceptance_share: 0.5,
            spend_share: [0.75, 0.9, 1.1],
            date_s: [7.0 * 86_400.0, 86_400.0],
            night_late_s: 2.0 * 3600.0,
        }
    }
}

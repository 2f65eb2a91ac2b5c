//! The name of every metric, once. Prefix `hivis_`, a unit at the end, `_total` on counters.

/// Requests by `status` (HTTP status) and `protocol`.
pub const REQUESTS: &str = "hivis_axon_requests_total";
/// Requests refused before a body was read, by `reason`.
pub const REFUSALS: &str = "hivis_axon_refusals_total";
/// Answers of -1 or refusals after admission, by `reason` (`Silence::as_str`).
pub const SILENCES: &str = "hivis_axon_silences_total";
/// Seconds from head to answer, histogram.
pub const ANSWER_SECONDS: &str = "hivis_axon_answer_seconds";
/// Seconds in one phase, histogram, by `phase`: verify, body, decode, queue, engine.
pub const PHASE_SECONDS: &str = "hivis_axon_phase_seconds";
/// Probabilities answered, histogram.
pub const PROBABILITY: &str = "hivis_axon_probability_ratio";
/// Requests admitted and not yet answered.
pub const IN_FLIGHT: &str = "hivis_axon_in_flight_requests";
/// Open connections.
pub const CONNECTIONS: &str = "hivis_axon_open_connections";
/// Connections refused because too many were open.
pub const CONNECTIONS_REFUSED: &str = "hivis_axon_refused_connections_total";
/// Pictures a batch, histogram.
pub const BATCH_PICTURES: &str = "hivis_engine_batch_pictures";
/// Batches by `left` (idle, full, deadline).
pub const BATCHES: &str = "hivis_engine_batches_total";
/// Median of (arrival - nonce) over verified requests, seconds.
pub const CLOCK_OFFSET: &str = "hivis_clock_offset_seconds";
/// Unix time of the last verified request, seconds.
pub const LAST_VERIFIED: &str = "hivis_axon_last_verified_timestamp_seconds";
/// Unix time of the last verified request of a validator that the metagraph lists, seconds.
pub const LAST_VALIDATOR: &str = "hivis_axon_last_validator_timestamp_seconds";
/// Callers that may ask.
pub const PERMITS: &str = "hivis_axon_permitted_callers";
/// Validators that the metagraph lets in.
pub const LISTED_VALIDATORS: &str = "hivis_axon_listed_validators";
/// Unix time at which the metagraph behind the permits was read, seconds.
pub const PERMITS_READ: &str = "hivis_axon_permits_read_timestamp_seconds";
/// 1 while an alarm holds, else 0, by `alarm`: permits-old, no-validator.
pub const ALARM: &str = "hivis_axon_alarm";
/// Records committed to the ledger.
pub const RECORDS: &str = "hivis_ledger_records_total";
/// Records or pictures dropped under pressure, by `what` (picture, row) and `reason`.
pub const RECORDS_DROPPED: &str = "hivis_ledger_dropped_total";
/// Records waiting for the writer.
pub const RECORDS_QUEUED: &str = "hivis_ledger_queued_records";
/// Seconds a commit of a group of records takes, histogram.
pub const COMMIT_SECONDS: &str = "hivis_ledger_commit_seconds";
/// How far the newest window of records lies from what was usual, as a share of the learned limit, by `kind`: 1 is the limit.
pub const DRIFT_DISTANCE: &str = "hivis_drift_distance_ratio";
/// Windows of records that a limit of drift still lacks, by `kind`; 0 when it is known.
pub const DRIFT_LEARNING: &str = "hivis_drift_missing_windows";
/// Bytes free on the home's file system.
pub const HOME_FREE_BYTES: &str = "hivis_home_free_bytes";
/// 1 for the release that serves, labels `release`, `engine`, `precision`.
pub const RELEASE_INFO: &str = "hivis_release_info";

//! Every metric, once: its name, what it is, its unit. Prefix `hivis_`, a unit at the end, `_total` on counters.

pub mod dcgm;

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, from 0 at the start.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How often which values came.
    Histogram,
}

/// What is told of a metric beside its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name, `_total` included.
    pub name: &'static str,
    /// What kind of number.
    pub kind: Kind,
    /// Its base unit, which its name ends with; empty where it has none.
    pub unit: &'static str,
    /// One sentence.
    pub help: &'static str,
}

/// Names as constants, and all of them as a table.
macro_rules! metrics {
    ($($id:ident = $kind:ident $name:literal $unit:literal $help:literal;)*) => {
        $(#[doc = $help] pub const $id: &str = $name;)*

        /// Every metric of ours; those of GPUs are in [`dcgm::ALL`].
        pub const ALL: &[$crate::metric::Described] = &[
            $($crate::metric::Described {
                name: $name, kind: $crate::metric::Kind::$kind, unit: $unit, help: $help,
            }),*
        ];
    };
}
use metrics;

metrics! {
    REQUESTS = Counter "hivis_axon_requests_total" "" "Requests by status (HTTP status) and protocol.";
    REFUSALS = Counter "hivis_axon_refusals_total" "" "Requests refused before a body was read, by reason.";
    SILENCES = Counter "hivis_axon_silences_total" "" "Answers of -1 or refusals after admission, by reason.";
    ANSWER_SECONDS = Histogram "hivis_axon_answer_seconds" "seconds" "From head to answer.";
    PHASE_SECONDS = Histogram "hivis_axon_phase_seconds" "seconds" "In one phase: verify, body, decode, queue, engine.";
    PROBABILITY = Histogram "hivis_axon_probability_ratio" "ratio" "Probabilities answered.";
    IN_FLIGHT = Gauge "hivis_axon_in_flight_requests" "" "Requests admitted and not yet answered.";
    CONNECTIONS = Gauge "hivis_axon_open_connections" "" "Open connections.";
    CONNECTIONS_REFUSED = Counter "hivis_axon_refused_connections_total" "" "Connections refused because too many were open, by limit.";
    BATCH_PICTURES = Histogram "hivis_engine_batch_pictures" "" "Pictures a batch.";
    BATCHES = Counter "hivis_engine_batches_total" "" "Batches by why they left: idle, full, deadline.";
    CLOCK_OFFSET = Gauge "hivis_clock_offset_seconds" "seconds" "Median of (arrival - nonce) over verified requests.";
    LAST_VERIFIED = Gauge "hivis_axon_last_verified_timestamp_seconds" "seconds" "Unix time of the last verified request.";
    LAST_VALIDATOR = Gauge "hivis_axon_last_validator_timestamp_seconds" "seconds" "Unix time of the last verified request of a validator that the metagraph lists.";
    SEEN_VALIDATORS = Gauge "hivis_axon_seen_validators" "" "Callers that asked within the last hour.";
    PERMITS = Gauge "hivis_axon_permitted_callers" "" "Callers that may ask.";
    LISTED_VALIDATORS = Gauge "hivis_axon_listed_validators" "" "Validators that the metagraph lets in.";
    PERMITS_READ = Gauge "hivis_axon_permits_read_timestamp_seconds" "seconds" "Unix time at which the metagraph behind the permits was read.";
    ALARM = Gauge "hivis_axon_alarm" "" "1 while an alarm holds, else 0, by alarm: permits-old, no-validator.";
    READY = Gauge "hivis_axon_ready" "" "1 when a challenge that comes now would be judged, else 0.";
    UNREADY = Gauge "hivis_axon_unready" "" "1 for each reason why a challenge would not be judged now, else 0: no-permits, no-model, draining.";
    UNKNOWN = Counter "hivis_axon_unknown_total" "" "Things asked that we do not know, by what: synapse, field, media.";
    RECORDS = Counter "hivis_ledger_records_total" "" "Records committed to the ledger.";
    RECORDS_DROPPED = Counter "hivis_ledger_dropped_total" "" "Records or pictures dropped under pressure, by what (picture, row) and reason.";
    RECORDS_QUEUED = Gauge "hivis_ledger_queued_records" "" "Records waiting for the writer.";
    COMMIT_SECONDS = Histogram "hivis_ledger_commit_seconds" "seconds" "A commit of a group of records.";
    HOME_FREE_BYTES = Gauge "hivis_home_free_bytes" "bytes" "Bytes free on the home's file system.";
    HOME_SIZE_BYTES = Gauge "hivis_home_size_bytes" "bytes" "Bytes of the home's file system.";
    HOME_FULL_SECONDS = Gauge "hivis_home_full_in_seconds" "seconds" "Time until the home's file system is full if it goes on filling as observed; absent while that is not known, +Inf when it does not fill.";
    RELEASE_INFO = Gauge "hivis_release_info" "" "1 for the release that serves, labels release, engine, precision.";
    BUILD_INFO = Gauge "hivis_build_info" "" "1, label version.";
    MISSED_BUDGET = Gauge "hivis_missed_budget_ratio" "ratio" "Share of the budget of missed challenges (objective) that is left over the last 30 days; below 0 when overdrawn.";
    UPTIME = Gauge "hivis_uptime_30d_ratio" "ratio" "Share of the challenges of the last 30 days that were judged.";
    SPEND = Gauge "hivis_spend_dollars" "dollars" "Spent in this period, by purpose and period (week, month).";
    SPEND_CAP = Gauge "hivis_spend_cap_dollars" "dollars" "The cap, by purpose and period.";
    SPEND_RATIO = Gauge "hivis_spend_cap_ratio" "ratio" "Spend over its cap, by purpose and period.";
    ACCEPTANCE = Gauge "hivis_review_acceptance_ratio" "ratio" "Generated pictures that reviewers accepted, of those decided in 30 days, by generator.";
    REVIEW_QUEUE = Gauge "hivis_review_queue_pictures" "" "Pictures that wait for a person.";
    JOBS_OPEN = Gauge "hivis_jobs_open" "" "Jobs of the night that wait or run, by state.";
    NIGHT_FAILED = Gauge "hivis_night_failed" "" "1 when the last job of this kind failed, else 0.";
    NIGHT_ENDED = Gauge "hivis_night_ended_timestamp_seconds" "seconds" "Unix time at which the last job of this kind ended.";
    NIGHT_DUE = Gauge "hivis_night_due_timestamp_seconds" "seconds" "Unix time at which the next job of this kind is due; one that is overdue keeps its time.";
    DATE = Gauge "hivis_date_timestamp_seconds" "seconds" "Unix time of a date of the calendar, by name and kind (deadline, event).";
    DRIFT = Gauge "hivis_drift_distance_ratio" "ratio" "Distance over its learned threshold, by kind: input, score, accuracy. Above 1 it has drifted.";
    MACHINE_MEMORY = Gauge "hivis_machine_memory_bytes" "bytes" "The machine's memory.";
    MACHINE_MEMORY_AVAILABLE = Gauge "hivis_machine_memory_available_bytes" "bytes" "Memory that programs can still have.";
    PROCESS_MEMORY = Gauge "process_resident_memory_bytes" "bytes" "Resident memory size in bytes.";
    PROCESS_VIRTUAL = Gauge "process_virtual_memory_bytes" "bytes" "Virtual memory size in bytes.";
    PROCESS_CPU = Counter "process_cpu_seconds_total" "seconds" "Total user and system CPU time spent in seconds.";
    PROCESS_START = Gauge "process_start_time_seconds" "seconds" "Start time of the process since unix epoch in seconds.";
    PROCESS_FILES = Gauge "process_open_fds" "" "Number of open file descriptors.";
    PROCESS_FILES_MOST = Gauge "process_max_fds" "" "Maximum number of open file descriptors.";
}

/// What is told of a metric, by its name.
pub fn described(name: &str) -> Option<&'static Described> {
    ALL.iter().chain(dcgm::ALL).find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_units_and_kinds_agree() {
        for metric in ALL.iter().chain(dcgm::ALL) {
            let Described { name, kind, unit, help } = metric;
            assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
            let family = name.strip_suffix("_total").unwrap_or(name);
            assert!(family.ends_with(unit), "{name} does not end with {unit}");
            assert!(help.ends_with('.') && !help.contains('\n'), "{name}: one sentence");
            assert_eq!(described(name), Some(metric), "{name} is there twice");
        }
    }
}

//! The four dashboards: overview, axon, GPU, data and money.

use super::{Dashboard, Panel, Query, View};
use crate::Thresholds;

/// The dashboards; lines are drawn at the rules' thresholds.
pub fn dashboards(t: &Thresholds) -> Vec<Dashboard> {
    vec![
        Dashboard { uid: "hivis-overview", title: "hivis: overview", panels: overview(t) },
        Dashboard { uid: "hivis-axon", title: "hivis: axon", panels: axon(t) },
        Dashboard { uid: "hivis-gpu", title: "hivis: GPU", panels: gpu(t) },
        Dashboard { uid: "hivis-data", title: "hivis: data and money", panels: data(t) },
    ]
}

fn lines(title: &'static str, unit: &'static str, queries: &[(&str, &'static str)]) -> Panel {
    let query = |(text, legend): &(&str, &'static str)| Query { text: (*text).to_owned(), legend };
    Panel { title, view: View::Lines, unit, queries: queries.iter().map(query).collect(), lines: Vec::new() }
}

fn number(title: &'static str, unit: &'static str, text: &str) -> Panel {
    let queries = vec![Query { text: text.to_owned(), legend: "{{instance}}" }];
    Panel { title, view: View::Number, unit, queries, lines: Vec::new() }
}

impl Panel {
    /// Orange from `warning`, red from `critical` on.
    fn limits(mut self, warning: f64, critical: f64) -> Self {
        self.lines = vec![(warning, "orange"), (critical, "red")];
        self
    }

    fn limit(mut self, at: f64, colour: &'static str) -> Self {
        self.lines = vec![(at, colour)];
        self
    }
}

fn overview(t: &Thresholds) -> Vec<Panel> {
    vec![
        number("Ready", "short", "hivis_axon_ready{@}"),
        number("Challenges an hour", "short", "increase(hivis_axon_answer_seconds_count{@}[1h])"),
        number("95% answered within", "s", &p95("5m")).limits(t.latency_s, t.latency_critical_s),
        number("Judged, 30 days", "percentunit", "hivis_uptime_30d_ratio{@}"),
        number("Missed budget left", "percentunit", "hivis_missed_budget_ratio{@}"),
        number(
            "Alerts that fire",
            "short",
            "count(ALERTS{@, alertstate=\"firing\", alertname=~\"Hivis.*\"}) or vector(0)",
        ),
        lines(
            "Requests by status",
            "reqps",
            &[("sum by (status) (rate(hivis_axon_requests_total{@}[$__rate_interval]))", "{{status}}")],
        ),
        lines(
            "Answer time",
            "s",
            &[(&quantile("0.5"), "half"), (&quantile("0.95"), "95%"), (&quantile("0.99"), "99%")],
        )
        .limits(t.latency_s, t.latency_critical_s),
        lines(
            "Silences by reason",
            "reqps",
            &[("sum by (reason) (rate(hivis_axon_silences_total{@}[$__rate_interval]))", "{{reason}}")],
        ),
        lines(
            "Since the last validator",
            "s",
            &[("time() - hivis_axon_last_validator_timestamp_seconds{@}", "{{instance}}")],
        )
        .limit(t.unvisited_s, "red"),
        lines("Disk free", "bytes", &[("hivis_home_free_bytes{@}", "free"), ("hivis_home_size_bytes{@}", "all")]),
        lines(
            "Memory",
            "bytes",
            &[
                ("process_resident_memory_bytes{@}", "miner"),
                ("hivis_machine_memory_bytes{@} - hivis_machine_memory_available_bytes{@}", "machine, in use"),
                ("hivis_machine_memory_bytes{@}", "machine"),
            ],
        ),
        lines("Processor", "percentunit", &[("rate(process_cpu_seconds_total{@}[$__rate_interval])", "{{instance}}")]),
        lines("Release", "short", &[("hivis_release_info{@} == 1", "{{release}} on {{engine}} {{precision}}")]),
    ]
}

fn axon(t: &Thresholds) -> Vec<Panel> {
    vec![
        number("In flight", "short", "hivis_axon_in_flight_requests{@}"),
        number("Open connections", "short", "hivis_axon_open_connections{@}"),
        number("May ask", "short", "hivis_axon_permitted_callers{@}"),
        number("Asked within an hour", "short", "hivis_axon_seen_validators{@}"),
        number("Clock offset", "s", "hivis_clock_offset_seconds{@}").limit(t.clock_s, "red"),
        number("Unknown things", "short", "sum(hivis_axon_unknown_total{@})").limit(1.0, "orange"),
        lines("Seconds in each phase, mean", "s", &[(
            "sum by (phase) (rate(hivis_axon_phase_seconds_sum{@}[$__rate_interval])) / sum by (phase) (rate(hivis_axon_phase_seconds_count{@}[$__rate_interval]))",
            "{{phase}}",
        )]),
        lines("Pictures a batch, mean", "short", &[(
            "rate(hivis_engine_batch_pictures_sum{@}[$__rate_interval]) / rate(hivis_engine_batch_pictures_count{@}[$__rate_interval])",
            "{{instance}}",
        )]),
        lines("Batches by why they left", "ops", &[("sum by (left) (rate(hivis_engine_batches_total{@}[$__rate_interval]))", "{{left}}")]),
        lines("Refusals by reason", "reqps", &[("sum by (reason) (rate(hivis_axon_refusals_total{@}[$__rate_interval]))", "{{reason}}")]),
        lines("Probabilities, median", "percentunit", &[(
            "histogram_quantile(0.5, sum by (le) (rate(hivis_axon_probability_ratio_bucket{@}[$__rate_interval])))",
            "median",
        )]),
        lines("Missed, share of an hour", "percentunit", &[(
            "sum(increase(hivis_axon_silences_total{@, reason=~\"overloaded|expired|engine-failed|no-model|draining\"}[1h])) / sum(increase(hivis_axon_answer_seconds_count{@}[1h]))",
            "missed",
        )])
        .limit(1.0 - t.objective, "red"),
        lines("Unknown things", "short", &[("hivis_axon_unknown_total{@}", "{{what}}")]),
        lines("Age of the metagraph", "s", &[("time() - hivis_axon_permits_read_timestamp_seconds{@}", "{{instance}}")])
            .limit(t.metagraph_s, "orange"),
    ]
}

fn gpu(t: &Thresholds) -> Vec<Panel> {
    let gpu = "GPU {{gpu}} {{modelName}}";
    vec![
        lines("In use", "percent", &[("DCGM_FI_DEV_GPU_UTIL{@}", gpu)]),
        lines(
            "Memory in use",
            "percentunit",
            &[("DCGM_FI_DEV_FB_USED{@} / (DCGM_FI_DEV_FB_USED{@} + DCGM_FI_DEV_FB_FREE{@})", gpu)],
        )
        .limits(t.vram_share[0], t.vram_share[1]),
        lines(
            "Memory",
            "mbytes",
            &[("DCGM_FI_DEV_FB_USED{@}", "GPU {{gpu}} used"), ("DCGM_FI_DEV_FB_FREE{@}", "GPU {{gpu}} free")],
        ),
        lines("Temperature", "celsius", &[("DCGM_FI_DEV_GPU_TEMP{@}", gpu)]).limit(t.gpu_celsius, "red"),
        lines("Power", "watt", &[("DCGM_FI_DEV_POWER_USAGE{@}", gpu)]),
        lines(
            "Clocks, MHz",
            "short",
            &[("DCGM_FI_DEV_SM_CLOCK{@}", "GPU {{gpu}} SM"), ("DCGM_FI_DEV_MEM_CLOCK{@}", "GPU {{gpu}} memory")],
        ),
    ]
}

fn data(t: &Thresholds) -> Vec<Panel> {
    vec![
        number("Records an hour", "short", "increase(hivis_ledger_records_total{@}[1h])"),
        number("Wait for review", "short", "hivis_review_queue_pictures{@}"),
        number("Jobs open", "short", "sum(hivis_jobs_open{@})"),
        number("Nearest date", "s", "min(hivis_date_timestamp_seconds{@} - time() > 0)"),
        number("Disk full in", "s", "hivis_home_full_in_seconds{@}"),
        number("Most of a cap", "percentunit", "max(hivis_spend_cap_ratio{@})")
            .limits(t.spend_share[1], t.spend_share[2]),
        lines("Spend over its cap", "percentunit", &[("hivis_spend_cap_ratio{@}", "{{purpose}}, {{period}}")])
            .limits(t.spend_share[1], t.spend_share[2]),
        lines("Spend", "currencyUSD", &[("hivis_spend_dollars{@}", "{{purpose}}, {{period}}")]),
        lines(
            "Accepted of generated pictures",
            "percentunit",
            &[("hivis_review_acceptance_ratio{@}", "{{generator}}")],
        )
        .limit(t.acceptance_share, "orange"),
        lines("Drift over its threshold", "short", &[("hivis_drift_distance_ratio{@}", "{{kind}}")])
            .limit(t.drift_ratio, "orange"),
        lines("Records", "ops", &[("rate(hivis_ledger_records_total{@}[$__rate_interval])", "committed")]),
        lines(
            "Dropped",
            "ops",
            &[(
                "sum by (what, reason) (rate(hivis_ledger_dropped_total{@}[$__rate_interval]))",
                "{{what}}: {{reason}}",
            )],
        ),
        lines(
            "Commit, 99%",
            "s",
            &[(
                "histogram_quantile(0.99, sum by (le) (rate(hivis_ledger_commit_seconds_bucket{@}[$__rate_interval])))",
                "99%",
            )],
        ),
        lines("Until each date", "s", &[("hivis_date_timestamp_seconds{@} - time()", "{{name}}")]),
    ]
}

fn p95(over: &str) -> String {
    format!("histogram_quantile(0.95, sum by (le, instance) (rate(hivis_axon_answer_seconds_bucket{{@}}[{over}])))")
}

fn quantile(of: &str) -> String {
    format!("histogram_quantile({of}, sum by (le) (rate(hivis_axon_answer_seconds_bucket{{@}}[$__rate_interval])))")
}

//! For every rule one scenario in which it fires and one in which it does not; most rules have more.

use crate::scenario::{Scenario, ends, fires, grows, grows_from, quiet, steady, turns};

/// Answers of which `slow` of a hundred take between 0.25 and 0.4 s, `slowest` of a hundred longer than 0.4 s; 60 a minute.
fn answers(scenario: Scenario, slow: f64, slowest: f64) -> Scenario {
    let edges = [
        ("0.05", 100.0 - slow - slowest),
        ("0.08", 100.0 - slow - slowest),
        ("0.25", 100.0 - slow - slowest),
        ("0.4", 100.0 - slowest),
        ("1", 100.0),
        ("+Inf", 100.0),
    ];
    edges.into_iter().fold(scenario, |scenario, (edge, share)| {
        scenario.with(&format!("hivis_axon_answer_seconds_bucket{{le=\"{edge}\"}}"), grows(0.6 * share))
    })
}

/// 600 challenges a minute, of which so many a thousand are missed.
fn asked(scenario: Scenario, missed: f64) -> Scenario {
    scenario
        .with("hivis_axon_answer_seconds_count", grows(600.0))
        .with("hivis_axon_silences_total{reason=\"expired\"}", grows(0.6 * missed))
        .with("hivis_axon_silences_total{reason=\"unsure\"}", grows(300.0))
}

fn visited(scenario: Scenario, last: impl Fn(i64) -> Option<f64> + 'static, listed: f64) -> Scenario {
    scenario
        .with("process_start_time_seconds", steady(0.0))
        .with("hivis_axon_last_validator_timestamp_seconds", last)
        .with("hivis_axon_listed_validators", steady(listed))
}

fn memory(scenario: Scenario, used: f64) -> Scenario {
    scenario
        .with("hivis_machine_memory_bytes", steady(16e9))
        .with("hivis_machine_memory_available_bytes", steady(16e9 * (1.0 - used)))
}

fn vram(scenario: Scenario, used: f64) -> Scenario {
    let labels = "gpu=\"0\",UUID=\"GPU-1\",device=\"nvidia0\",modelName=\"H100\",Hostname=\"a\"";
    scenario
        .with(&format!("DCGM_FI_DEV_FB_USED{{{labels}}}"), steady(81_000.0 * used))
        .with(&format!("DCGM_FI_DEV_FB_FREE{{{labels}}}"), steady(81_000.0 * (1.0 - used)))
}

fn disk(scenario: Scenario, free: f64) -> Scenario {
    scenario.with("hivis_home_free_bytes", steady(free)).with("hivis_home_size_bytes", steady(100e9))
}

pub(crate) fn all() -> Vec<Scenario> {
    let unready = |reason: &str| format!("hivis_axon_unready{{reason=\"{reason}\"}}");
    let unknown = |what: &str| format!("hivis_axon_unknown_total{{what=\"{what}\"}}");
    let drift = "hivis_drift_distance_ratio{kind=\"input\"}";
    let accepted = "hivis_review_acceptance_ratio{generator=\"comfyui\"}";
    let spent = "hivis_spend_cap_ratio{purpose=\"synth\",period=\"week\"}";
    let date = "hivis_date_timestamp_seconds{name=\"token expires\",kind=\"deadline\"}";
    let overloaded = "hivis_axon_silences_total{reason=\"overloaded\"}";
    let dropped = "hivis_ledger_dropped_total{what=\"picture\",reason=\"queue-full\"}";
    let failed = "hivis_night_failed{kind=\"nightly\"}";
    let due = "hivis_night_due_timestamp_seconds{kind=\"nightly\"}";
    let status = |status: &str| format!("hivis_axon_requests_total{{status=\"{status}\",protocol=\"axon\"}}");
    let day = 86_400.0;
    vec![
        fires("HivisDown", 4).down_from(2),
        quiet("HivisDown", 4).with("hivis_axon_ready", steady(1.0)),
        fires("HivisNoModel", 3).with(&unready("no-model"), steady(1.0)),
        quiet("HivisNoModel", 3).with(&unready("no-model"), turns(1.0, 2, 0.0)),
        fires("HivisNotReady", 7).with(&unready("no-permits"), steady(1.0)),
        quiet("HivisNotReady", 7)
            .with(&unready("draining"), turns(0.0, 5, 1.0))
            .with(&unready("no-model"), steady(1.0)),
        answers(fires("HivisLatencyHigh", 12), 6.0, 0.0),
        answers(quiet("HivisLatencyHigh", 12), 4.0, 0.0),
        answers(fires("HivisLatencyVeryHigh", 12), 0.0, 6.0),
        answers(quiet("HivisLatencyVeryHigh", 12), 6.0, 1.0),
        fires("HivisErrors", 12).with(&status("200"), grows(60.0)).with(&status("503"), grows(1.0)),
        quiet("HivisErrors", 12).with(&status("200"), grows(60.0)).with(&status("401"), grows(60.0)),
        // A restart in between: the counter begins again.
        fires("HivisErrors", 20)
            .with(&status("200"), grows(60.0))
            .with(&status("503"), |second| Some((second % 600) as f64 / 30.0)),
        asked(fires("HivisMissedFast", 70), 20.0),
        asked(quiet("HivisMissedFast", 70), 10.0),
        // Bad for an hour, over now.
        quiet("HivisMissedFast", 80)
            .with("hivis_axon_answer_seconds_count", grows(600.0))
            .with("hivis_axon_silences_total{reason=\"expired\"}", |second| Some((second.min(3600) as f64) * 1.0)),
        asked(fires("HivisMissedSlow", 380), 8.0),
        asked(quiet("HivisMissedSlow", 380), 4.0),
        fires("HivisUptimeFast", 70).with("hivis_axon_ready", turns(1.0, 60, 0.0)),
        quiet("HivisUptimeFast", 70).with("hivis_axon_ready", steady(1.0)),
        fires("HivisUptimeSlow", 380).with("hivis_axon_ready", |second| Some(f64::from(u8::from(second % 1500 != 0)))),
        quiet("HivisUptimeSlow", 380).with("hivis_axon_ready", |second| Some(f64::from(u8::from(second != 3000)))),
        visited(fires("HivisNoValidator", 40), steady(60.0), 5.0),
        visited(fires("HivisNoValidator", 40), |_| None, 5.0),
        visited(quiet("HivisNoValidator", 40), |second| Some(second as f64), 5.0),
        visited(quiet("HivisNoValidator", 40), steady(60.0), 0.0),
        visited(quiet("HivisNoValidator", 25), |_| None, 5.0),
        fires("HivisMetagraphOld", 70).with("hivis_axon_permits_read_timestamp_seconds", steady(0.0)),
        quiet("HivisMetagraphOld", 70).with("hivis_axon_permits_read_timestamp_seconds", turns(0.0, 50, 3000.0)),
        fires("HivisClockOff", 7).with("hivis_clock_offset_seconds", steady(-1.5)),
        quiet("HivisClockOff", 7).with("hivis_clock_offset_seconds", steady(-0.5)),
        fires("HivisUnknownSynapse", 10).with(&unknown("synapse"), turns(0.0, 5, 1.0)),
        quiet("HivisUnknownSynapse", 10).with(&unknown("synapse"), steady(0.0)).with(&unknown("field"), grows(1.0)),
        fires("HivisUnknownField", 10).with(&unknown("field"), turns(0.0, 5, 1.0)),
        quiet("HivisUnknownField", 90).with(&unknown("field"), turns(0.0, 5, 1.0)),
        fires("HivisUnknownMedia", 10).with(&unknown("media"), turns(0.0, 5, 1.0)),
        quiet("HivisUnknownMedia", 10).with(&unknown("media"), steady(7.0)),
        fires("HivisShedding", 12).with(overloaded, grows(5.0)),
        quiet("HivisShedding", 12).with(overloaded, grows(0.5)),
        // Too short.
        quiet("HivisShedding", 12).with(overloaded, grows_from(10, 5.0)),
        fires("HivisRecordsQueued", 7).with("hivis_ledger_queued_records", steady(2000.0)),
        quiet("HivisRecordsQueued", 7).with("hivis_ledger_queued_records", steady(900.0)),
        fires("HivisRecordsDropped", 10).with(dropped, turns(0.0, 5, 3.0)),
        quiet("HivisRecordsDropped", 30).with(dropped, turns(0.0, 5, 3.0)),
        vram(fires("HivisVramHigh", 7), 0.9),
        vram(quiet("HivisVramHigh", 7), 0.8),
        vram(fires("HivisVramVeryHigh", 7), 0.96),
        vram(quiet("HivisVramVeryHigh", 7), 0.9),
        fires("HivisGpuHot", 7).with("DCGM_FI_DEV_GPU_TEMP{gpu=\"0\"}", steady(88.0)),
        quiet("HivisGpuHot", 7).with("DCGM_FI_DEV_GPU_TEMP{gpu=\"0\"}", steady(85.0)),
        memory(fires("HivisMemoryHigh", 12), 0.95),
        memory(quiet("HivisMemoryHigh", 12), 0.8),
        disk(fires("HivisDiskLow", 12), 8e9),
        disk(quiet("HivisDiskLow", 12), 12e9),
        disk(fires("HivisDiskVeryLow", 4), 1.5e9),
        disk(quiet("HivisDiskVeryLow", 4), 2.5e9),
        fires("HivisDiskFillsSoon", 62).with("hivis_home_full_in_seconds", steady(3.0 * day)),
        quiet("HivisDiskFillsSoon", 62).with("hivis_home_full_in_seconds", steady(f64::INFINITY)),
        fires("HivisDrift", 32).with(drift, steady(1.3)),
        quiet("HivisDrift", 32).with(drift, ends(30, 1.3)),
        fires("HivisAcceptanceLow", 62).with(accepted, steady(0.4)),
        quiet("HivisAcceptanceLow", 62).with(accepted, steady(0.6)),
        fires("HivisSpendNoticed", 2).with(spent, steady(0.8)),
        quiet("HivisSpendNoticed", 2).with(spent, steady(0.7)),
        fires("HivisSpendHigh", 2).with(spent, steady(0.95)),
        quiet("HivisSpendHigh", 2).with(spent, steady(0.85)),
        fires("HivisSpendOver", 2).with(spent, steady(1.2)),
        quiet("HivisSpendOver", 2).with(spent, steady(1.0)),
        fires("HivisDateNear", 2).with(date, steady(6.0 * day)),
        quiet("HivisDateNear", 2).with(date, steady(8.0 * day)),
        quiet("HivisDateNear", 2).with("hivis_date_timestamp_seconds{name=\"a day\",kind=\"event\"}", steady(day)),
        // Long past.
        quiet("HivisDateNear", 2).with(date, steady(-3.0 * day)),
        fires("HivisDateDue", 2).with(date, steady(0.5 * day)),
        quiet("HivisDateDue", 2).with(date, steady(2.0 * day)),
        fires("HivisNightFailed", 2).with(failed, steady(1.0)),
        quiet("HivisNightFailed", 2).with(failed, turns(1.0, 1, 0.0)),
        fires("HivisNightOverdue", 130).with(due, steady(60.0)),
        quiet("HivisNightOverdue", 130).with(due, turns(60.0, 100, day)),
    ]
}

//! A project with runs, and a client that waits for nothing long.

use std::time::Duration;

use hivis_http::Retries;
use hivis_testbed::wandb_log::{FakeWandb, GOOD_KEY, LoggedRun};
use hivis_wandb::{ApiKey, Patience, Project, Wandb};
use serde_json::{Map, Value, json};

pub(crate) const PROJECT: &str = "natix/subnet";

pub(crate) fn project() -> Project {
    Project::new("natix", "subnet").unwrap()
}

pub(crate) fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("an object") };
    map
}

/// A run whose every third step is about uid 7.
pub(crate) fn run(id: &str, steps: u64) -> LoggedRun {
    let row = |step: u64| {
        let mut row =
            map(json!({ "_timestamp": 1_795_392_000.25 + step as f64, "label": step % 2, "aggregated/mean": 0.5 }));
        let uid = if step.is_multiple_of(3) { 7 } else { 8 };
        row.insert(format!("miner_predictions/uid_{uid}"), ((step as f64 + 0.5) / 1000.0).into());
        row
    };
    LoggedRun {
        id: id.to_owned(),
        state: "running".to_owned(),
        config: map(json!({ "hotkey": "5Fvalidator", "uid": 3 })),
        heartbeat: "2026-11-24T00:00:00".to_owned(),
        rows: (0..steps).map(row).collect(),
    }
}

pub(crate) fn patience() -> Patience {
    let ms = Duration::from_millis;
    Patience { retries: Retries { tries: 3, first: ms(1), longest: ms(1500) }, silence: Duration::from_secs(20) }
}

pub(crate) fn client(server: &FakeWandb, key: &str) -> Wandb {
    Wandb::new(&server.base(), ApiKey::new(key), patience()).unwrap()
}

pub(crate) fn good(server: &FakeWandb) -> Wandb {
    client(server, GOOD_KEY)
}

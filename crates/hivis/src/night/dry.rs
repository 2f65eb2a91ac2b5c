//! What a turn would do now, step by step. Nothing is written.

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;

use super::{Context, Kind, Stations, Step, StopSwitch};

/// A step and what it would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Would {
    pub(crate) step: Step,
    pub(crate) says: String,
}

/// Asks every step of the plan.
pub(crate) async fn dry<S: Stations>(stations: &S, kind: Kind, off: &[Step], now: Timestamp) -> Result<Vec<Would>> {
    let (_switch, stop) = StopSwitch::new();
    let at = Context { job: 0, kind, due: now, begun: now, now, earlier: Vec::new(), stop };
    let mut all = Vec::new();
    for &step in kind.plan() {
        let says = if off.contains(&step) {
            "nothing: switched off by night.off".to_owned()
        } else {
            // One step that cannot say is no reason not to hear the others.
            stations.would(step, &at).await.unwrap_or_else(|error| format!("not known: {error:#}"))
        };
        all.push(Would { step, says });
    }
    Ok(all)
}

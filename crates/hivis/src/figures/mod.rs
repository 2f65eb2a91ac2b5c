//! Figures that no event sets: one task reads and sets them, a file a subject.
//!
//! The machine and the axon are looked at every 15 s, the ledger every minute, what looks far back in it every 15 min.

mod asked;
mod disk;
mod far;
mod fill;
pub(crate) mod gpu;
mod machine;
mod process;
mod wheel;

use std::time::Duration;

pub(crate) use machine::host;

use hivis_serve::Axon;
use hivis_store::{Home, Ledger};
use hivis_types::metric;
use tokio::sync::broadcast::error::RecvError;

use crate::config::Settings;

const QUICK: Duration = Duration::from_secs(15);
const SLOW: Duration = Duration::from_mins(1);
const FAR: Duration = Duration::from_mins(15);

/// Where figures come from.
pub(crate) struct Figures {
    home: Home,
    ledger: Ledger,
    settings: Settings,
    axon: Axon,
}

impl Figures {
    pub(crate) fn new(home: &Home, ledger: &Ledger, settings: &Settings, axon: &Axon) -> Self {
        Self { home: home.clone(), ledger: ledger.clone(), settings: settings.clone(), axon: axon.clone() }
    }

    /// Sets figures until it is dropped. What cannot be read keeps its last value and is told at debug level: a rule on
    /// it must not ring because a file was busy.
    pub(crate) async fn keep(self) {
        begin();
        let mut answers = self.axon.events();
        let mut asked = asked::Asked::default();
        let mut disk = disk::DiskFigures::default();
        let mut gpus = gpu::open();
        let (mut quick, mut slow, mut far) =
            (tokio::time::interval(QUICK), tokio::time::interval(SLOW), tokio::time::interval(FAR));
        loop {
            tokio::select! {
                _ = quick.tick() => {
                    process::set();
                    machine::set();
                    disk.set(&self.home);
                    asked.set(&self.axon.health());
                    gpus = read_gpus(gpus).await;
                }
                _ = slow.tick() => told(wheel::set(&self.home, &self.ledger, &self.settings).await),
                _ = far.tick() => told(far::set(&self.ledger, &self.settings).await),
                answer = answers.recv() => match answer {
                    Ok(answer) => asked.note(answer.hotkey),
                    Err(RecvError::Lagged(_)) => {}
                    // The axon is gone: nobody asks any more.
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }
}

/// Counters begin at 0, or the first of a kind would be no growth; what never changes is set once.
fn begin() {
    for what in ["synapse", "field", "media"] {
        metrics::counter!(metric::UNKNOWN, "what" => what).increment(0);
    }
    for reason in ["overloaded", "expired", "engine-failed", "no-model", "draining"] {
        metrics::counter!(metric::SILENCES, "reason" => reason).increment(0);
    }
    metrics::counter!(metric::RECORDS).increment(0);
    metrics::gauge!(metric::BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

fn told(result: anyhow::Result<()>) {
    if let Err(error) = result {
        tracing::debug!(error = format!("{error:#}"), "a figure could not be read");
    }
}

/// NVML may take its time: not on a thread that answers.
async fn read_gpus(gpus: Option<Box<dyn gpu::Gpus>>) -> Option<Box<dyn gpu::Gpus>> {
    let mut gpus = gpus?;
    let read = tokio::task::spawn_blocking(move || {
        let found = gpus.read();
        (gpus, found)
    });
    let (gpus, found) = read.await.ok()?;
    gpu::set(&found, &host());
    Some(gpus)
}

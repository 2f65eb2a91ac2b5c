//! The miner of this deployment: ours, in this process, or one that runs already.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result};
use hivis_store::RecordFilter;
use hivis_types::Hotkey;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Up;
use crate::up;
use crate::verbs::serve;

/// The ledger is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Who answers.
pub(crate) struct Serving {
    /// Ours; `None` when another process serves the home.
    own: Option<(oneshot::Sender<()>, JoinHandle<Result<()>>)>,
}

impl Serving {
    /// Starts a miner, unless one serves this home already.
    pub(crate) async fn begin(up: &Up<'_>) -> Result<Self> {
        if let Some(pid) = up.home.server()? {
            let of = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
            up.say("serving", &format!("a server runs on this home{of}"));
            return Ok(Self { own: None });
        }
        let ready = serve::prepare(up.home.clone(), up.settings.clone()).await?;
        up.say("serving", &format!("axon {}, page http://{}/", ready.axon()?, ready.page()?));
        let (stop, stopped) = oneshot::channel::<()>();
        let run = tokio::spawn(ready.run(async {
            // A dropped sender means that the deployment is over as well.
            let _ = stopped.await;
        }));
        Ok(Self { own: Some((stop, run)) })
    }

    /// Whether it ends with this process.
    pub(crate) fn is_ours(&self) -> bool {
        self.own.is_some()
    }

    /// The first answer to a listed validator since a day before `began`: who asked, and what it heard.
    pub(crate) async fn first_challenge(&self, up: &Up<'_>, began: Timestamp) -> Result<(Hotkey, f32)> {
        let seen = up::look(&up.place.chain, &up.who).await?;
        let validators: HashSet<Hotkey> = seen.graph.validators().map(|neuron| neuron.hotkey.clone()).collect();
        let since = Some(began.checked_sub(SignedDuration::from_hours(24))?);
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            look.tick().await;
            let filter = RecordFilter { since, ..RecordFilter::default() };
            let records = up.ledger.list(&filter).await?;
            let first = records.iter().find(|found| validators.contains(&found.record.caller.hotkey));
            if let Some(found) = first {
                return Ok((found.record.caller.hotkey.clone(), found.record.prediction));
            }
        }
    }

    /// Serves until a signal comes.
    pub(crate) async fn until_stopped(self) -> Result<()> {
        match self.own {
            Some((_stop, run)) => run.await.context("the miner stopped with a panic")?,
            None => Ok(()),
        }
    }

    /// Drains, if it is ours.
    pub(crate) async fn stop(self) -> Result<()> {
        match self.own {
            Some((stop, run)) => {
                // It may have ended by itself; its result tells.
                let _ = stop.send(());
                run.await.context("the miner stopped with a panic")?
            }
            None => Ok(()),
        }
    }
}

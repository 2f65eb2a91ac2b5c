//! The miner of this deployment: ours, in this process, or one that runs already.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result};
use hivis_store::{RecordFilter, StoredRecord};
use hivis_types::Hotkey;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Up;
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
        let ready = Box::pin(serve::prepare(up.home.clone(), up.settings.clone())).await?;
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

    /// Waits for the end of a miner that is ours: a signal, or its error. Never ends for one that is not.
    pub(crate) async fn ended(&mut self) -> Result<()> {
        match &mut self.own {
            Some((_stop, run)) => run.await.context("the miner stopped with a panic")?,
            None => std::future::pending().await,
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

impl Up<'_> {
    /// The first answer to one of these validators since a day before `began`: who asked, and what it heard.
    pub(super) async fn first_answer(&self, validators: &HashSet<Hotkey>, began: Timestamp) -> Result<(Hotkey, f32)> {
        let since = Some(began.checked_sub(SignedDuration::from_hours(24))?);
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            look.tick().await;
            let filter = RecordFilter { since, ..RecordFilter::default() };
            let records = self.ledger.list(&filter).await?;
            let answered = |found: &&StoredRecord| found.record.silence.is_none();
            let first = records.iter().filter(answered).find(|found| validators.contains(&found.record.caller.hotkey));
            if let Some(found) = first {
                return Ok((found.record.caller.hotkey.clone(), found.record.prediction));
            }
        }
    }
}

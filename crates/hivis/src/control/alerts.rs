//! What holds, and acknowledging it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hivis_console::{AckWord, AlertLists, AlertSource, SourceError, SourceFuture};
use hivis_store::{Ack, Acknowledged, Ledger, StoreError, StoredAlert};
use jiff::Timestamp;
use serde_json::json;

/// Every page asks how many hold; the answer is good for so long.
const FRESH: Duration = Duration::from_secs(2);

/// Answers from one ledger.
pub(crate) struct Alerts {
    ledger: Ledger,
    /// How many hold that nobody has acknowledged, and when that was asked.
    count: Mutex<Option<(Instant, usize)>>,
}

impl Alerts {
    pub(crate) fn new(ledger: &Ledger) -> Self {
        Self { ledger: ledger.clone(), count: Mutex::new(None) }
    }

    fn count(&self) -> std::sync::MutexGuard<'_, Option<(Instant, usize)>> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self, done: Result<Acknowledged, StoreError>) -> Result<StoredAlert, SourceError> {
        *self.count() = None;
        match done.map_err(failed)? {
            Acknowledged::Done(alert) => Ok(*alert),
            Acknowledged::NotFound => Err(SourceError::NotFound("there is no such alert".to_owned())),
            Acknowledged::Over(alert) => Err(SourceError::Conflict {
                said: "it is over already".to_owned(),
                decided: json!({ "resolved": alert.resolved }),
            }),
        }
    }
}

impl AlertSource for Alerts {
    fn open(&self) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
        Box::pin(async move {
            let known = *self.count();
            if let Some((_, count)) = known.filter(|(asked, _)| asked.elapsed() < FRESH) {
                return count;
            }
            match self.ledger.unacknowledged(Timestamp::now()).await {
                Ok(count) => {
                    *self.count() = Some((Instant::now(), count as usize));
                    count as usize
                }
                Err(error) => {
                    tracing::warn!(%error, "alerts could not be counted");
                    known.map_or(0, |(_, count)| count)
                }
            }
        })
    }

    fn list(&self, before: Option<i64>, limit: u32) -> SourceFuture<'_, AlertLists> {
        Box::pin(async move {
            let open = self.ledger.alerts(true, None, limit).await.map_err(failed)?;
            let over = self.ledger.alerts(false, before, limit).await.map_err(failed)?;
            Ok(AlertLists { open, over })
        })
    }

    fn acknowledge(&self, id: i64, word: AckWord) -> SourceFuture<'_, StoredAlert> {
        Box::pin(async move {
            let ack = Ack { by: word.by, at: Timestamp::now(), note: word.note, until: word.until };
            self.done(self.ledger.acknowledge(id, &ack).await)
        })
    }

    fn unacknowledge(&self, id: i64) -> SourceFuture<'_, StoredAlert> {
        Box::pin(async move { self.done(self.ledger.unacknowledge(id).await) })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn failed(error: StoreError) -> SourceError {
    tracing::error!(%error, "the ledger could not answer for the alerts");
    SourceError::Failed
}

//! What goes out to every open page: answers in batches, figures every two seconds; made once, whoever many look.
//!
//! Nothing is made while nobody looks. A page that was away asks the ledger, not us: whatever we told is written there a
//! moment later, and whoever comes back names the last answer that it has seen.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hivis_serve::AnswerEvent;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::MissedTickBehavior;
use utoipa::ToSchema;

use crate::Panel;
use crate::pages::now;
use crate::pages::row::Row;

/// Answers are told this often: ten messages a second, whatever comes.
const BEAT: Duration = Duration::from_millis(100);
/// Figures are told this often.
const FIGURES_EVERY: Duration = Duration::from_secs(2);
/// Answers that one message names: a page shows no more.
pub(crate) const ROWS: usize = 40;
/// Messages that a slow page may be behind, about six seconds; then it is caught up from the ledger.
const BEHIND: usize = 64;
/// Pages that may listen at once.
pub(crate) const STREAMS: usize = 32;

/// A message for every page, written once.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// Answers, with the id of the newest.
    Answers { last: String, json: Arc<str> },
    /// The figures.
    Figures(Arc<str>),
}

/// Answers of one beat.
#[derive(Serialize, ToSchema)]
pub(crate) struct Answers {
    /// The newest ones, oldest first.
    pub(crate) rows: Vec<Row>,
    /// Others that came in the same time.
    pub(crate) left_out: u64,
    /// When this was written, Unix milliseconds.
    pub(crate) sent: i64,
}

/// Tells; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    out: broadcast::Sender<Message>,
    /// Whether somebody makes messages now.
    made: Arc<Mutex<bool>>,
    streams: Arc<Semaphore>,
}

impl Live {
    pub(crate) fn new() -> Self {
        let streams = Arc::new(Semaphore::new(STREAMS));
        Self { out: broadcast::Sender::new(BEHIND), made: Arc::new(Mutex::new(false)), streams }
    }

    /// A place among those who listen; `None` when all are taken.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.streams).try_acquire_owned().ok()
    }

    /// From now on.
    pub(crate) fn listen(&self, panel: &Panel) -> broadcast::Receiver<Message> {
        let mut made = self.made();
        let receiver = self.out.subscribe();
        if !*made {
            *made = true;
            // Before the task runs, so that no answer is missed in between.
            let answers = panel.axon.events();
            tokio::spawn(make(self.clone(), panel.clone(), answers));
        }
        receiver
    }

    fn made(&self) -> MutexGuard<'_, bool> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when nobody listens any more; whoever comes then starts another maker.
    fn ends(&self) -> bool {
        let mut made = self.made();
        let alone = self.out.receiver_count() == 0;
        if alone {
            *made = false;
        }
        alone
    }
}

async fn make(live: Live, panel: Panel, answers: broadcast::Receiver<AnswerEvent>) {
    // The figures wait for the ledger; answers do not wait for them.
    tokio::select! {
        () = tell_answers(&live, answers) => {}
        () = tell_figures(&live, &panel) => {}
    }
}

async fn tell_answers(live: &Live, mut answers: broadcast::Receiver<AnswerEvent>) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Batch::default();
    loop {
        tokio::select! {
            answer = answers.recv() => match answer {
                Ok(answer) => batch.take(answer),
                Err(RecvError::Lagged(missed)) => batch.left_out += missed,
                // The axon is gone: so is the process, soon.
                Err(RecvError::Closed) => std::future::pending().await,
            },
            _ = beat.tick() => {
                if live.ends() {
                    return;
                }
                if let Some(message) = batch.written(Timestamp::now()) {
                    // Whoever left meanwhile need not hear it.
                    let _ = live.out.send(message);
                }
            }
        }
    }
}

async fn tell_figures(live: &Live, panel: &Panel) {
    let mut clock = tokio::time::interval(FIGURES_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        match serde_json::to_string(&now::figures(panel).await) {
            Ok(json) => _ = live.out.send(Message::Figures(json.into())),
            Err(error) => tracing::warn!(%error, "the figures could not be written as JSON"),
        }
    }
}

/// What came since the last message.
#[derive(Default)]
struct Batch {
    newest: VecDeque<AnswerEvent>,
    left_out: u64,
}

impl Batch {
    fn take(&mut self, answer: AnswerEvent) {
        if self.newest.len() == ROWS {
            self.newest.pop_front();
            self.left_out += 1;
        }
        self.newest.push_back(answer);
    }

    /// `None` when nothing came.
    fn written(&mut self, now: Timestamp) -> Option<Message> {
        let last = self.newest.back()?.id.to_string();
        let rows = self.newest.drain(..).map(Row::from).collect();
        let answers = Answers { rows, left_out: std::mem::take(&mut self.left_out), sent: now.as_millisecond() };
        match serde_json::to_string(&answers) {
            Ok(json) => Some(Message::Answers { last, json: json.into() }),
            Err(error) => {
                tracing::warn!(%error, "answers could not be written as JSON");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hivis_types::{Hotkey, RecordId};

    use super::*;

    fn event(n: u64) -> AnswerEvent {
        AnswerEvent {
            id: RecordId(uuid::Uuid::from_u128(u128::from(n))),
            arrived: Timestamp::UNIX_EPOCH,
            hotkey: Hotkey::new("5F"),
            status: 200,
            prediction: 0.75,
            silence: None,
            release: None,
            total_us: 1000,
        }
    }

    #[test]
    fn a_batch_holds_the_newest_and_counts_the_others() {
        let mut batch = Batch::default();
        assert!(batch.written(Timestamp::UNIX_EPOCH).is_none());
        (0..ROWS as u64 + 5).for_each(|n| batch.take(event(n)));
        let Some(Message::Answers { last, json }) = batch.written(Timestamp::UNIX_EPOCH) else { panic!("answers") };
        let said: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!((said["left_out"].as_u64(), said["rows"].as_array().map(Vec::len)), (Some(5), Some(ROWS)));
        assert_eq!(said["rows"][0]["id"], event(5).id.to_string());
        assert_eq!(last, event(ROWS as u64 + 4).id.to_string());
        assert!(batch.written(Timestamp::UNIX_EPOCH).is_none(), "told once");
    }
}

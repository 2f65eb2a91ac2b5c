//! The server's own watch: it judges the process's metrics, keeps what holds in the ledger, and tells people.
//!
//! What breaks in here is logged and tried again; no answer of the axon waits for it. After a start, and after a clock
//! that jumped, a rule cannot say yet whether it holds: its alerts stay as they are until it can.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hivis_notify::Teller;
use hivis_store::Ledger;
use hivis_types::Alert;
use hivis_watch::{History, Judge, Samples, Thresholds, rules};
use jiff::{SignedDuration, Timestamp};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::config::NotifySettings;
use crate::telling;

/// Messages that wait are looked at so often.
const DELIVER_EVERY: Duration = Duration::from_secs(5);
/// What stopped with a panic is begun again after so long.
const AGAIN: Duration = Duration::from_mins(1);
/// A clock that went this far from the one that only goes forward has jumped.
const JUMP: SignedDuration = SignedDuration::from_secs(60);
/// What is over and sent for longer than this is forgotten.
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 400);
/// It is looked for so often.
const FORGET_EVERY: Duration = Duration::from_hours(6);

/// What is watched.
#[derive(Clone)]
pub(crate) struct Watching {
    pub(crate) ledger: Ledger,
    pub(crate) settings: NotifySettings,
    pub(crate) thresholds: Thresholds,
    pub(crate) metrics: PrometheusHandle,
    /// The address of the runbooks' folder.
    pub(crate) runbooks: String,
}

impl Watching {
    /// Watches for as long as it is polled; dropped, it stops. A panic ends one life and not the watch.
    pub(crate) async fn run(self) {
        lives(|| self.clone().live()).await;
    }

    async fn live(self) {
        let (teller, broken) = telling::teller(&self.ledger, &self.settings);
        for (name, error) in broken {
            tracing::error!(channel = name, "{}", crate::failure::text(&error).trim_end());
        }
        if let Err(error) = teller.begin(Timestamp::now()).await {
            tracing::error!(%error, "messages of before could not be looked at");
        }
        let made = Notify::new();
        tokio::join!(self.rounds(&teller, &made), deliver(&teller, &made), self.forget());
    }

    async fn rounds(&self, teller: &Teller, made: &Notify) {
        let mut eyes = Eyes::open(self, Timestamp::now());
        let mut tick = tokio::time::interval(self.settings.round);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut failing = false;
        loop {
            tick.tick().await;
            let now = Timestamp::now();
            if eyes.jumped(now) {
                tracing::warn!("the clock jumped; rules are judged anew");
                eyes = Eyes::open(self, now);
            }
            let (found, unripe) = eyes.look(&self.metrics.render(), now);
            match teller.round(&found, &unripe, now).await {
                Ok(messages) => {
                    failing = false;
                    if messages > 0 {
                        made.notify_one();
                    }
                }
                // Said once: a ledger that is full is full for a while.
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(%error, "alerts could not be written down; it is tried again each round");
                }
                Err(_) => {}
            }
        }
    }

    async fn forget(&self) {
        let mut tick = tokio::time::interval(FORGET_EVERY);
        loop {
            tick.tick().await;
            let until = Timestamp::now().saturating_sub(KEEP).unwrap_or(Timestamp::MIN);
            if let Err(error) = self.ledger.forget_alerts(until).await {
                tracing::warn!(%error, "old alerts could not be removed");
            }
        }
    }
}

/// One life after the other, each in a task of its own.
async fn lives<L: Future<Output = ()> + Send + 'static>(begin: impl Fn() -> L) {
    loop {
        // Ended with this one: a set aborts what it holds when it is dropped.
        let mut life = JoinSet::new();
        life.spawn(begin());
        if let Some(Err(error)) = life.join_next().await {
            tracing::error!(%error, "the watch stopped; it begins again in a minute");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn deliver(teller: &Teller, made: &Notify) {
    loop {
        teller.deliver(Timestamp::now(), &mut rand::random::<f64>).await;
        tokio::select! {
            () = made.notified() => {}
            () = tokio::time::sleep(DELIVER_EVERY) => {}
        }
    }
}

/// What the rules have seen since they were opened.
struct Eyes {
    judge: Judge,
    history: History,
    opened: (Timestamp, Instant),
    round: Duration,
}

impl Eyes {
    fn open(watching: &Watching, now: Timestamp) -> Self {
        let mut rules = rules(&watching.thresholds);
        for rule in &mut rules {
            rule.hold = rule.hold.min(watching.settings.hold_most);
        }
        let history = History::of(&rules);
        let judge = Judge::new(rules, &watching.runbooks);
        Self { judge, history, opened: (now, Instant::now()), round: watching.settings.round }
    }

    /// Whether the wall's clock went another way than the one that only goes forward.
    fn jumped(&self, now: Timestamp) -> bool {
        let wall = now.duration_since(self.opened.0);
        let real = SignedDuration::try_from(self.opened.1.elapsed()).unwrap_or(SignedDuration::MAX);
        (wall - real).abs() > JUMP
    }

    /// What holds, and which rules cannot say yet.
    fn look(&mut self, metrics: &str, now: Timestamp) -> (Vec<Alert>, BTreeSet<String>) {
        match Samples::parse(metrics) {
            Ok(samples) => self.history.push(now, &samples),
            Err(error) => {
                tracing::warn!(%error, "the process's own metrics could not be read");
                self.history.push_failed(now);
            }
        }
        let found = self.judge.evaluate(&self.history, now);
        let open = self.opened.1.elapsed();
        let ripe = |hold: Duration| open > hold + 3 * self.round;
        let unripe = self.judge.rules().iter().filter(|rule| !ripe(rule.hold)).map(|rule| rule.name.to_owned());
        (found, unripe.collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_panic_ends_one_life_and_a_drop_the_last() {
        let (begun, living) = (Arc::new(AtomicU32::new(0)), Arc::new(()));
        let (count, held) = (Arc::clone(&begun), Arc::clone(&living));
        let watch = lives(move || {
            let (life, held) = (count.fetch_add(1, Ordering::Relaxed), Arc::clone(&held));
            async move {
                assert!(life > 1, "the first two lives end badly");
                std::future::pending::<()>().await;
                drop(held);
            }
        });
        assert!(tokio::time::timeout(AGAIN * 10, watch).await.is_err(), "it goes on");
        assert_eq!(begun.load(Ordering::Relaxed), 3);
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&living), 1, "nothing of it is left");
    }
}

//! From what holds to what people read: the round that decides, and the pass that delivers.

mod pass;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use hivis_store::{AlertRound, Caps, ChannelHealth, ChannelState, Ledger, NewMessage, SendEnd, StoreError};
use hivis_types::{Alert, Severity, Usd};
use jiff::{SignedDuration, Timestamp};

use crate::message::{Message, Parcel};
use crate::notifier::{Notifier, Receipt, SendError};
use crate::policy::{ChannelRules, Policy, decide};

/// The rule that a channel of ours takes no messages; it is told to the other channels.
pub const CHANNEL_RULE: &str = "HivisChannelDown";
/// A channel is called down after so long.
const DOWN: SignedDuration = SignedDuration::from_mins(15);

/// One channel.
#[derive(Clone)]
pub struct Channel {
    /// Its name and what it hears.
    pub rules: ChannelRules,
    /// Changes with its configuration, its secrets included; not to be turned back into them.
    pub fingerprint: String,
    /// Messages of an hour, at most.
    pub per_hour: u32,
    /// What a part of a message costs, where it does.
    pub spending: Option<Spending>,
    /// Who hands them over.
    pub notifier: Arc<dyn Notifier>,
}

/// What a part of a message costs, and what all may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// One part.
    pub each: Usd,
    /// All messages.
    pub caps: Caps,
}

/// Decides and delivers for one home.
pub struct Teller {
    ledger: Ledger,
    policy: Policy,
    channels: Vec<Channel>,
    page: Option<String>,
    /// What was handed over and could not be written down: it must not be sent again.
    unmarked: Mutex<BTreeMap<String, (i64, SendEnd, ChannelHealth)>>,
}

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Messages that arrived.
    pub sent: u32,
    /// Attempts that failed.
    pub failed: u32,
}

impl Teller {
    /// `page` is the address of the control room as readers reach it, where they do.
    pub fn new(ledger: Ledger, policy: Policy, channels: Vec<Channel>, page: Option<String>) -> Self {
        Self { ledger, policy, channels, page, unmarked: Mutex::default() }
    }

    /// What a process that died left behind: once, before anything is delivered, by the one process that delivers.
    pub async fn begin(&self, now: Timestamp) -> Result<(), StoreError> {
        let cut = self.ledger.find_cut_messages().await?;
        if cut > 0 {
            tracing::warn!(messages = cut, "messages were cut off by the end of the program; they are sent again");
        }
        let names: Vec<&str> = self.channels.iter().map(|channel| channel.rules.name.as_str()).collect();
        self.ledger.drop_messages_of_others(&names, now).await?;
        Ok(())
    }

    /// Writes down what holds, and queues what should be said of it. Gives how many messages that are. Alerts of rules
    /// in `unripe`, which cannot say yet whether they hold, stay as they are.
    pub async fn round(&self, found: &[Alert], unripe: &BTreeSet<String>, now: Timestamp) -> Result<usize, StoreError> {
        let mut all = found.to_vec();
        all.extend(self.own_alerts(now).await?);
        let rules: Vec<ChannelRules> = self.channels.iter().map(|channel| channel.rules.clone()).collect();
        let policy = &self.policy;
        let made = self.ledger.alert_round(AlertRound { found: &all, unripe, now }, policy.times(), |state| {
            let drafts = decide(policy, &rules, state, now).into_iter();
            let queued = drafts.map(|draft| NewMessage {
                channel: draft.channel,
                group: draft.message.group.clone(),
                body: body(&draft.message),
                tells: draft.tells,
            });
            queued.collect()
        });
        Ok(made.await?.len())
    }

    /// What to do about a channel, on the page that readers of messages reach.
    fn runbook(&self) -> String {
        let page = self.page.as_deref().map(|page| page.trim_end_matches('/'));
        page.map_or_else(String::new, |page| format!("{page}/runbooks/channel"))
    }

    /// Channels that take nothing: one that is gone at once, one that is down after a while.
    async fn own_alerts(&self, now: Timestamp) -> Result<Vec<Alert>, StoreError> {
        let known = self.ledger.channels().await?;
        let ours = |health: &&ChannelHealth| {
            let same =
                |channel: &Channel| channel.rules.name == health.name && channel.fingerprint == health.fingerprint;
            self.channels.iter().any(same)
        };
        let alert = |health: &ChannelHealth| {
            let gone = health.state == ChannelState::Gone;
            let down = now.duration_since(health.since);
            (gone || health.state == ChannelState::Down && down >= DOWN).then(|| {
                let error = health.error.as_deref().unwrap_or("no reason known");
                let how = if gone { "is gone and gets no more messages" } else { "is down; its messages wait" };
                Alert {
                    rule: CHANNEL_RULE.to_owned(),
                    labels: BTreeMap::from([("channel".to_owned(), health.name.clone())]),
                    severity: Severity::Warning,
                    summary: format!(
                        "The channel {} {how}: {error}. `hivis notify test --channel {}` tries it.",
                        health.name, health.name
                    ),
                    value: f64::from(health.failures),
                    since: health.since,
                    runbook: self.runbook(),
                }
            })
        };
        Ok(known.iter().filter(ours).filter_map(alert).collect())
    }

    /// One pass over the channels, each beside the others: what is due is handed over. `random` gives numbers in [0, 1),
    /// so that many homes do not try again in one moment.
    pub async fn deliver(&self, now: Timestamp, random: &mut (dyn FnMut() -> f64 + Send)) -> Delivered {
        let draws: Vec<f64> = self.channels.iter().map(|_| random()).collect();
        let passes = self.channels.iter().zip(draws).map(|(channel, draw)| async move {
            self.pass(channel, now, draw).await.unwrap_or_else(|error| {
                tracing::error!(channel = channel.rules.name, %error, "messages could not be delivered");
                Delivered::default()
            })
        });
        let done = futures_util::future::join_all(passes).await;
        let sum = |f: fn(&Delivered) -> u32| done.iter().map(f).sum();
        Delivered { sent: sum(|d| d.sent), failed: sum(|d| d.failed) }
    }

    /// Sends a message that says that it is a test, past the outbox. When it arrives, a channel that was gone is up
    /// again. `None` for a channel that is not configured.
    pub async fn test(&self, name: &str, now: Timestamp) -> Result<Option<Result<Receipt, SendError>>, StoreError> {
        let Some(channel) = self.channels.iter().find(|channel| channel.rules.name == name) else { return Ok(None) };
        let parcel = self.parcel(0, Message::test(now), false, now);
        let booking = match self.book(channel, &parcel, now).await? {
            Ok(booking) => booking,
            Err(error) => return Ok(Some(Err(error))),
        };
        let sent = channel.notifier.send(&parcel).await;
        self.settle(booking, &sent, now).await;
        if sent.is_ok() {
            self.ledger.set_channel(&pass::up(channel, now)).await?;
        }
        Ok(Some(sent))
    }

    /// The channels, as they were given.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    fn parcel(&self, id: i64, message: Message, unsure: bool, at: Timestamp) -> Parcel {
        Parcel { id, message, unsure, page: self.page.clone(), at }
    }

    fn unmarked(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (i64, SendEnd, ChannelHealth)>> {
        self.unmarked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn body(message: &Message) -> String {
    serde_json::to_string(message).expect("a message is JSON: this is a bug")
}

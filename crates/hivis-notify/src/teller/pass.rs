//! What is due on one channel: joined where it waited, handed over, written down.

use hivis_store::{Booked, ChannelHealth, ChannelState, NewMessage, NewSpend, OutboxMessage, SendEnd, StoreError};
use hivis_types::Usd;
use jiff::{SignedDuration, Timestamp};

use super::{Channel, Delivered, Teller, body};
use crate::join::join;
use crate::message::{Message, Parcel};
use crate::notifier::{Receipt, SendError};

/// Messages of one pass, at most; more come with the next.
const A_PASS: u32 = 5;
/// Messages that are looked at when what waits is joined.
const LOOK: u32 = 200;
/// What has waited for so long is joined with what else waits.
const OLD: SignedDuration = SignedDuration::from_mins(2);
/// And so is what lies there in a heap.
const HEAP: usize = 3;
/// The first pause after a failure; it doubles.
const FIRST: SignedDuration = SignedDuration::from_secs(10);
/// The longest pause. A time that lies further ahead was written by a wrong clock.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);
/// A message that is refused so often will never be taken.
const REFUSALS: u32 = 5;
/// The longest hold that a receiver may ask for.
const HOLD: SignedDuration = SignedDuration::from_hours(1);
/// Money that is not there is not there again for a while.
const NO_MONEY: SignedDuration = SignedDuration::from_hours(1);

/// When something is tried, and a number in [0, 1) that decides how long the pause after it is.
#[derive(Clone, Copy)]
struct Moment {
    now: Timestamp,
    draw: f64,
}

/// Money that is booked for a message.
pub(super) struct Booking {
    id: i64,
    most: Usd,
}

/// A channel that works.
pub(super) fn up(channel: &Channel, now: Timestamp) -> ChannelHealth {
    ChannelHealth {
        name: channel.rules.name.clone(),
        fingerprint: channel.fingerprint.clone(),
        state: ChannelState::Up,
        since: now,
        failures: 0,
        next: now,
        error: None,
    }
}

impl Teller {
    pub(super) async fn pass(&self, channel: &Channel, now: Timestamp, draw: f64) -> Result<Delivered, StoreError> {
        let mut done = Delivered::default();
        self.mark_late(channel, now).await?;
        let known = self.ledger.channels().await?;
        let mut health = known
            .into_iter()
            .find(|known| known.name == channel.rules.name && known.fingerprint == channel.fingerprint)
            .unwrap_or_else(|| up(channel, now));
        for _ in 0..A_PASS {
            if health.state == ChannelState::Gone || waits(&health, now) {
                break;
            }
            let hour = now.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
            let sent = self.ledger.sent_between(&channel.rules.name, hour, now).await?;
            if sent >= u64::from(channel.per_hour) {
                break;
            }
            let Some(next) = self.next(channel, now).await? else { break };
            if !self.ledger.begin_sending(next.id).await? {
                break;
            }
            let (end, after) = self.attempt(channel, &next, &health, Moment { now, draw }).await?;
            match &end {
                SendEnd::Sent { .. } => done.sent += 1,
                _ => done.failed += 1,
            }
            tell(channel, &health, &after, &end);
            if let Err(error) = self.ledger.end_sending(next.id, &end, &after, now).await {
                // Known to be sent, and not written down: kept here, so that it is not sent twice.
                self.unmarked().insert(channel.rules.name.clone(), (next.id, end, after));
                return Err(error);
            }
            health = after;
            if health.state != ChannelState::Up {
                break;
            }
        }
        Ok(done)
    }

    /// Writes down what could not be written down before; nothing is sent until that is done.
    async fn mark_late(&self, channel: &Channel, now: Timestamp) -> Result<(), StoreError> {
        let late = self.unmarked().get(&channel.rules.name).cloned();
        if let Some((id, end, health)) = late {
            self.ledger.end_sending(id, &end, &health, now).await?;
            self.unmarked().remove(&channel.rules.name);
        }
        Ok(())
    }

    /// The message that is next: the oldest, or one in the place of all that waited.
    async fn next(&self, channel: &Channel, now: Timestamp) -> Result<Option<OutboxMessage>, StoreError> {
        let name = &channel.rules.name;
        let waiting = self.ledger.waiting_messages(name, LOOK).await?;
        let late = |message: &OutboxMessage| message.attempts > 0 || crate::policy::passed(message.made, OLD, now);
        let joins = waiting.len() > HEAP || waiting.len() > 1 && waiting.iter().any(late);
        if !joins {
            return Ok(waiting.into_iter().next());
        }
        let read = |message: &OutboxMessage| serde_json::from_str::<Message>(&message.body).ok();
        let messages: Vec<Message> = waiting.iter().filter_map(read).collect();
        let joined = join(&messages, now);
        let new =
            NewMessage { channel: name.clone(), group: joined.group.clone(), body: body(&joined), tells: Vec::new() };
        let old: Vec<i64> = waiting.iter().map(|message| message.id).collect();
        let Some(id) = self.ledger.join_messages(&old, &new, now).await? else { return Ok(None) };
        let next = self.ledger.waiting_messages(name, LOOK).await?;
        Ok(next.into_iter().find(|message| message.id == id))
    }

    /// One attempt: how it ended, and how the channel is since.
    async fn attempt(
        &self,
        channel: &Channel,
        stored: &OutboxMessage,
        health: &ChannelHealth,
        Moment { now, draw }: Moment,
    ) -> Result<(SendEnd, ChannelHealth), StoreError> {
        let Ok(message) = serde_json::from_str::<Message>(&stored.body) else {
            let error = "it is no message that this version writes".to_owned();
            return Ok((SendEnd::Dropped { error }, health.clone()));
        };
        let parcel = self.parcel(stored.id, message, stored.unsure, now);
        let booking = match self.book(channel, &parcel, now).await? {
            Ok(booking) => booking,
            Err(error) => return Ok(failed(channel, stored, health, &error, (Moment { now, draw }, Some(NO_MONEY)))),
        };
        let sent = channel.notifier.send(&parcel).await;
        self.settle(booking, &sent, now).await;
        Ok(match sent {
            Ok(receipt) => {
                let since = if health.state == ChannelState::Up { health.since } else { now };
                let wait = receipt.wait.and_then(|wait| SignedDuration::try_from(wait).ok()).unwrap_or_default();
                let next = now.saturating_add(wait.min(HOLD)).unwrap_or(now);
                let after = ChannelHealth { since, next, ..up(channel, now) };
                (SendEnd::Sent { provider_id: receipt.provider_id }, after)
            }
            Err(error) => failed(channel, stored, health, &error, (Moment { now, draw }, None)),
        })
    }

    /// Books what a message costs; an error where a cap is in the way.
    pub(super) async fn book(
        &self,
        channel: &Channel,
        parcel: &Parcel,
        now: Timestamp,
    ) -> Result<Result<Option<Booking>, SendError>, StoreError> {
        let Some(spending) = channel.spending else { return Ok(Ok(None)) };
        let parts = channel.notifier.parts(parcel);
        let what = format!("notify:{}", channel.notifier.kind());
        let spend = NewSpend { what, batch: None, each: spending.each, units: u64::from(parts), pictures: false };
        Ok(match self.ledger.book(&spend, &spending.caps, now).await? {
            Booked::Booked(id) => Ok(Some(Booking { id, most: spending.each.times(parts) })),
            Booked::AtCap(cap) => Err(SendError::Refused { said: cap.to_string() }),
        })
    }

    /// Settles a booking: nothing for what certainly did not go, all of it for what may have.
    pub(super) async fn settle(&self, booking: Option<Booking>, sent: &Result<Receipt, SendError>, now: Timestamp) {
        let Some(booking) = booking else { return };
        let paid = matches!(sent, Ok(_) | Err(SendError::Unsure { .. }));
        let cost = if paid { booking.most } else { Usd(0) };
        // A message that went must not be sent again because of the book-keeping.
        if let Err(error) = self.ledger.settle(booking.id, cost, 0, now).await {
            tracing::error!(%error, booking = booking.id, "a message was paid and could not be settled");
        }
    }
}

fn waits(health: &ChannelHealth, now: Timestamp) -> bool {
    let left = health.next.duration_since(now);
    left > SignedDuration::ZERO && left <= HOLD
}

/// What follows from a failure.
fn failed(
    channel: &Channel,
    stored: &OutboxMessage,
    health: &ChannelHealth,
    error: &SendError,
    (Moment { now, draw }, hold): (Moment, Option<SignedDuration>),
) -> (SendEnd, ChannelHealth) {
    let failures = health.failures.saturating_add(1);
    let doubled = FIRST.checked_mul(1 << failures.saturating_sub(1).min(12)).unwrap_or(LONGEST).min(LONGEST);
    // From a half to the whole of it.
    let pause = SignedDuration::from_millis((doubled.as_millis() as f64 * (0.5 + 0.5 * draw)) as i64);
    let asked = match error {
        SendError::Busy { wait: Some(wait) } => SignedDuration::try_from(*wait).unwrap_or(HOLD).min(HOLD),
        _ => SignedDuration::ZERO,
    };
    let pause = pause.max(asked).max(hold.unwrap_or_default());
    let next = now.saturating_add(pause).unwrap_or(now);
    let said = error.to_string();
    let gone = matches!(error, SendError::Gone { .. });
    let state = if gone { ChannelState::Gone } else { ChannelState::Down };
    let since = if health.state == ChannelState::Up { now } else { health.since };
    let after = ChannelHealth { state, since, failures, next, error: Some(said.clone()), ..up(channel, now) };
    // A message that is refused alone: what comes after it may be taken.
    if matches!(error, SendError::Refused { .. }) && hold.is_none() && stored.attempts + 1 >= REFUSALS {
        return (SendEnd::Dropped { error: said }, ChannelHealth { next: now, ..after });
    }
    let unsure = matches!(error, SendError::Unsure { .. });
    (SendEnd::Again { error: said, next, unsure }, after)
}

/// Says what changed, once.
fn tell(channel: &Channel, before: &ChannelHealth, after: &ChannelHealth, end: &SendEnd) {
    let name = &channel.rules.name;
    let error = after.error.as_deref().unwrap_or_default();
    if let SendEnd::Dropped { error } = end {
        tracing::error!(channel = name, error, "a message was refused too often and is dropped: `hivis notify list`");
    }
    match (before.state, after.state) {
        (old, new) if old == new => {}
        (_, ChannelState::Gone) => {
            tracing::error!(channel = name, error, "the channel is gone and gets no more messages: mend its address");
        }
        (_, ChannelState::Down) => tracing::warn!(channel = name, error, "a message could not be sent; it waits"),
        (_, ChannelState::Up) => tracing::info!(channel = name, "the channel is back"),
    }
}

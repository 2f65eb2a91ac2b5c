//! Everything worth telling: each event emits its log line and its metrics together.

use std::{io, net::SocketAddr};

use hivis_types::{Caller, Hotkey, Protocol, RecordId, Silence, Timings, metric};
use metrics::{counter, gauge, histogram};

use crate::{
    Loaded, Permits,
    batcher::{Left, Refused},
};

/// Clocks that differ by more make nonces fall out of their window soon.
pub(crate) const CLOCK_WARNING_S: f64 = 1.0;

fn protocol_name(protocol: Option<Protocol>) -> &'static str {
    match protocol {
        Some(Protocol::Axon) => "axon",
        Some(Protocol::Btauth) => "btauth",
        None => "none",
    }
}

/// HTTP status as a label, without an allocation for those that are usual.
fn status_name(status: u16) -> std::borrow::Cow<'static, str> {
    match status {
        200 => "200".into(),
        401 => "401".into(),
        403 => "403".into(),
        404 => "404".into(),
        503 => "503".into(),
        other => other.to_string().into(),
    }
}

/// A caller was refused before it was verified. Strangers do that all day: no log line above debug.
pub(crate) fn refused(peer: SocketAddr, protocol: Option<Protocol>, status: u16, reason: &'static str) {
    counter!(metric::REQUESTS, "status" => status_name(status), "protocol" => protocol_name(protocol)).increment(1);
    counter!(metric::REFUSALS, "reason" => reason).increment(1);
    tracing::debug!(%peer, status, reason, "refused");
}

/// A caller was verified at Unix time `now_s`; the clock offset is as given now. `listed` when it is a validator of the
/// metagraph.
pub(crate) fn verified(now_s: f64, offset_s: f64, listed: bool) {
    gauge!(metric::LAST_VERIFIED).set(now_s);
    if listed {
        gauge!(metric::LAST_VALIDATOR).set(now_s);
    }
    gauge!(metric::CLOCK_OFFSET).set(offset_s);
}

/// A permitted caller asked for something that we do not know.
pub(crate) fn unknown(what: &'static str, name: &str, caller: &Hotkey) {
    counter!(metric::UNKNOWN, "what" => what).increment(1);
    tracing::debug!(what, name, hotkey = caller.as_str(), "unknown");
}

/// The clock offset crossed the warning line, in one direction or the other.
pub(crate) fn clock_offset_crossed(offset_s: f64, off: bool) {
    if off {
        tracing::warn!(
            offset_s,
            "this clock and the validators' differ; beyond a few seconds every request will be refused: check NTP"
        );
    } else {
        tracing::info!(offset_s, "this clock and the validators' agree again");
    }
}

/// What [`answered`] tells.
pub(crate) struct Answer<'a> {
    pub(crate) id: RecordId,
    pub(crate) caller: &'a Caller,
    pub(crate) protocol: Protocol,
    pub(crate) status: u16,
    pub(crate) prediction: f32,
    pub(crate) silence: Option<Silence>,
    pub(crate) probability: Option<f32>,
    pub(crate) timings: &'a Timings,
}

/// A verified caller got its answer.
pub(crate) fn answered(answer: &Answer<'_>) {
    let Answer { id, caller, protocol, status, prediction, silence, probability, timings } = *answer;
    let silence = silence.map(Silence::as_str);
    counter!(metric::REQUESTS, "status" => status_name(status), "protocol" => protocol_name(Some(protocol)))
        .increment(1);
    if let Some(reason) = silence {
        counter!(metric::SILENCES, "reason" => reason).increment(1);
    }
    if let Some(probability) = probability {
        histogram!(metric::PROBABILITY).record(f64::from(probability));
    }
    let seconds = |us: u64| us as f64 / 1e6;
    histogram!(metric::ANSWER_SECONDS).record(seconds(timings.total_us));
    let phases = [
        ("verify", timings.verify_us),
        ("body", timings.body_us),
        ("decode", timings.decode_us),
        ("queue", timings.queue_us),
        ("engine", timings.engine_us),
    ];
    // Who found the engine idle waited for no time at all: that counts too.
    let reached = |(phase, us): &(&str, u64)| *us > 0 || (*phase == "queue" && timings.engine_us > 0);
    for (phase, us) in phases.into_iter().filter(reached) {
        histogram!(metric::PHASE_SECONDS, "phase" => phase).record(seconds(us));
    }
    tracing::info!(
        %id, hotkey = caller.hotkey.as_str(), peer = caller.peer.as_str(), status, prediction, silence,
        total_us = timings.total_us, "answered"
    );
}

/// A verified caller's ping was echoed.
pub(crate) fn pinged(caller: &Caller, protocol: Protocol) {
    counter!(metric::REQUESTS, "status" => "200", "protocol" => protocol_name(Some(protocol))).increment(1);
    tracing::debug!(hotkey = caller.hotkey.as_str(), peer = caller.peer.as_str(), "ping");
}

/// A batch left for the engine.
pub(crate) fn batch_left(pictures: usize, left: Left) {
    let left = match left {
        Left::Idle => "idle",
        Left::Full => "full",
        Left::Deadline => "deadline",
    };
    counter!(metric::BATCHES, "left" => left).increment(1);
    histogram!(metric::BATCH_PICTURES).record(pictures as f64);
    tracing::trace!(pictures, left, "batch left");
}

/// The engine did not answer for a batch. Someone must look at the release.
pub(crate) fn engine_failed(why: &str, pictures: usize) {
    tracing::error!(why, pictures, "the engine failed; these pictures are answered -1");
}

/// A verified caller was not let in.
pub(crate) fn shed(why: Refused) {
    tracing::debug!(?why, "overloaded: refused at admission");
}

/// The release that serves is another now.
pub(crate) fn release_swapped(before: Option<&Loaded>, now: Option<&Loaded>) {
    for (loaded, value) in [(before, 0.0), (now, 1.0)] {
        let Some(loaded) = loaded else { continue };
        let card = loaded.engine.card();
        gauge!(
            metric::RELEASE_INFO, "release" => loaded.release.to_string(), "engine" => card.kind.as_str(),
            "precision" => card.precision.as_str()
        )
        .set(value);
    }
    let name = |loaded: Option<&Loaded>| loaded.map(|loaded| loaded.release.to_string());
    tracing::info!(before = name(before), now = name(now), "release swapped");
}

/// The permit list that holds.
pub(crate) fn permits(permits: &Permits) {
    gauge!(metric::PERMITS).set(permits.len() as f64);
    if let Some(roster) = permits.roster() {
        gauge!(metric::LISTED_VALIDATORS).set(roster.validators as f64);
        gauge!(metric::PERMITS_READ).set(roster.read.as_millisecond() as f64 / 1e3);
    }
}

/// The permit list is another now.
pub(crate) fn permits_replaced(list: &Permits) {
    permits(list);
    if list.is_empty() {
        tracing::warn!("the permit list is empty: everyone is refused");
    } else {
        let block = list.roster().map(|roster| roster.block);
        tracing::info!(callers = list.len(), block, "permit list replaced");
    }
}

/// Requests that are admitted and not yet answered.
pub(crate) fn in_flight(requests: usize) {
    gauge!(metric::IN_FLIGHT).set(requests as f64);
}

/// Open connections.
pub(crate) fn connections(open: usize) {
    gauge!(metric::CONNECTIONS).set(open as f64);
}

/// One connection too many was closed; `limit` names the setting that it met.
pub(crate) fn connection_refused(peer: SocketAddr, limit: &'static str) {
    counter!(metric::CONNECTIONS_REFUSED, "limit" => limit).increment(1);
    tracing::debug!(%peer, limit, "connection refused");
}

/// A client was too slow with its head, or silent for too long.
pub(crate) fn connection_too_slow(peer: SocketAddr) {
    tracing::debug!(%peer, "connection closed: idle, or too slow with a head");
}

/// The system did not give us a connection.
pub(crate) fn accept_failed(error: &io::Error) {
    tracing::warn!(%error, "cannot accept a connection");
}

/// The server listens.
pub(crate) fn listening(address: SocketAddr) {
    tracing::info!(%address, "axon listening");
}

/// The shutdown signal came.
pub(crate) fn draining(open: usize) {
    tracing::info!(open, "draining");
}

/// The drain is over.
pub(crate) fn drained(in_time: bool, open: usize) {
    if in_time {
        tracing::info!("drained: every request in flight was answered");
    } else {
        tracing::warn!(open, "the drain's time is over; these connections are cut");
    }
}

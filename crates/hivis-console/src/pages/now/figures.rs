//! Figures of the last hour, and what they come to in words.

use std::collections::BTreeMap;

use hivis_serve::Health;
use hivis_store::Window;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Panel;

/// The figures look back this far.
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// A share of unanswered challenges from which on somebody should look.
const SOME_SILENT: f64 = 0.05;
/// A share from which on it is an outage.
const MANY_SILENT: f64 = 0.5;
/// Of fewer challenges no share is told.
const FEW: u64 = 5;
/// A validator waits 9 s; an answer this slow may come too late, microseconds.
const SLOW_US: u64 = 5_000_000;
/// A clock further off than this is in the way: nonces have a window of 4 s.
const CLOCK_S: f64 = 1.0;
/// With permits and without a question for so long, somebody should look.
const UNASKED: SignedDuration = SignedDuration::from_mins(30);

/// How it is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Nothing to do.
    Healthy,
    /// Somebody should look.
    Look,
    /// Challenges go without an answer.
    Failing,
}

impl State {
    /// How it is drawn.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Look => "look",
            Self::Failing => "failing",
        }
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Reason {
    pub(crate) state: State,
    /// What it is.
    pub(crate) said: String,
    /// What to do.
    pub(crate) hint: String,
}

/// The figures of the last hour, and the verdict.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Figures {
    /// How it is.
    pub(crate) state: State,
    /// The same in a sentence.
    pub(crate) title: String,
    /// What there is to say when it is healthy.
    pub(crate) lead: String,
    /// Why not, worst first.
    pub(crate) reasons: Vec<Reason>,
    /// Figures as text, by name.
    pub(crate) texts: BTreeMap<&'static str, String>,
}

/// Names and captions of the figures in their order.
pub(crate) const CAPTIONS: [(&str, &str); 8] = [
    ("records", "challenges in the last hour"),
    ("answered", "answered with a probability"),
    ("silent", "without an answer"),
    ("p50", "half are faster than"),
    ("p99", "99 of 100 are faster than"),
    ("callers", "validators asked, of those who may"),
    ("list", "since the metagraph was read"),
    ("clock", "clock offset to validators"),
];

/// Looks at the ledger's minutes and at the axon.
pub(crate) async fn figures(panel: &Panel) -> Figures {
    // Reading a clock is the listener's business: the window ends now.
    let now = Timestamp::now();
    let since = now.saturating_sub(HOUR).unwrap_or(Timestamp::UNIX_EPOCH);
    let window = panel.ledger.window(since).await.inspect_err(|error| {
        tracing::warn!(%error, "the ledger could not be read for the page");
    });
    let alerts = match &panel.sources.alerts {
        Some(source) => source.open().await,
        None => 0,
    };
    let alarms: Vec<String> = panel.axon.alarms(now).iter().map(ToString::to_string).collect();
    of(&panel.axon.health(), window.ok().as_ref(), &Told { alarms, alerts }, now)
}

/// What others say.
pub(crate) struct Told {
    /// Alarms of the axon.
    pub(crate) alarms: Vec<String>,
    /// Alerts that hold and that nobody has acknowledged.
    pub(crate) alerts: usize,
}

/// Pure: everything comes in. Without a window the ledger could not be read.
pub(crate) fn of(health: &Health, window: Option<&Window>, told: &Told, now: Timestamp) -> Figures {
    let mut reasons = Vec::new();
    let mut say = |state, said: String, hint: &str| reasons.push(Reason { state, said, hint: hint.to_owned() });
    for missing in &health.not_ready {
        let hint = match missing {
            hivis_serve::NotReady::NoPermits => "name a network in [chain], or list callers in permits.toml",
            hivis_serve::NotReady::NoModel => "`hivis import model` or `hivis train`, then `hivis release promote`",
            hivis_serve::NotReady::Draining => "start it again when the drain is over",
        };
        say(State::Failing, missing.as_str().to_owned(), hint);
    }
    match window {
        None => say(State::Look, "the ledger could not be read".to_owned(), "the log has the reason; `hivis fsck`"),
        Some(window) => silent(window, &mut say),
    }
    for alarm in &told.alarms {
        say(State::Look, alarm.clone(), "`hivis up` checks the address, `hivis chain` the network");
    }
    if told.alerts > 0 {
        let some =
            if told.alerts == 1 { "1 alert is open".to_owned() } else { format!("{} alerts are open", told.alerts) };
        say(State::Look, some, "the page System lists them, each with its runbook");
    }
    if let Some(offset) = health.clock_offset_s.filter(|offset| offset.abs() > CLOCK_S) {
        say(
            State::Look,
            format!("this clock and the validators' differ by {offset:+.2} s"),
            "check NTP (`timedatectl`)",
        );
    }
    let seen = health.last_verified.unwrap_or(health.since);
    let unasked = now.duration_since(seen);
    if told.alarms.is_empty() && health.permits > 0 && unasked > UNASKED {
        let said = format!("nobody has asked for {} min", unasked.as_mins());
        say(State::Look, said, "a validator asks about once a minute: is the announced address reachable?");
    }
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.state));
    let state = reasons.first().map_or(State::Healthy, |reason| reason.state);
    let title = match state {
        State::Healthy => "Healthy",
        State::Look => "Running, but look at this",
        State::Failing => "Not answering as it should",
    };
    Figures { state, title: title.to_owned(), lead: lead(health, window), reasons, texts: texts(health, window, now) }
}

/// Challenges without an answer, and slow ones.
fn silent(window: &Window, say: &mut impl FnMut(State, String, &str)) {
    let summary = &window.summary;
    let silent = summary.records - summary.answered;
    let share = silent as f64 / summary.records.max(1) as f64;
    if summary.records >= FEW && share >= SOME_SILENT {
        let most = summary.by_silence.iter().max_by_key(|(_, n)| **n).map_or("", |(reason, _)| reason.as_str());
        let state = if share >= MANY_SILENT { State::Failing } else { State::Look };
        let said = format!(
            "{:.0}% of the last hour's challenges ({silent} of {}) went without an answer, mostly {most}",
            100.0 * share,
            summary.records
        );
        say(state, said, "the page Challenge lists them by reason");
    }
    if let Some(latency) = summary.latency.filter(|latency| latency.p99_us > SLOW_US) {
        let said = format!("1 of 100 answers takes longer than {:.1} s", latency.p99_us as f64 / 1e6);
        say(State::Look, said, "validators wait 9 s: a smaller or quantised release answers sooner");
    }
}

/// One sentence on the last hour.
fn lead(health: &Health, window: Option<&Window>) -> String {
    let release = health.release.as_ref().map_or_else(String::new, |release| format!(" Release {release} serves."));
    let Some(window) = window.filter(|window| window.summary.records > 0) else {
        return format!("No challenge in the last hour.{release}");
    };
    let (all, answered) = (window.summary.records, window.summary.answered);
    let how = if all == answered { "all answered".to_owned() } else { format!("{answered} answered") };
    let half = window.summary.latency.map_or_else(String::new, |l| format!(", half within {}", ms(l.p50_us)));
    let s = if all == 1 { "" } else { "s" };
    format!("{all} challenge{s} in the last hour, {how}{half}.{release}")
}

fn texts(health: &Health, window: Option<&Window>, now: Timestamp) -> BTreeMap<&'static str, String> {
    let dash = || "–".to_owned();
    let count = |of: fn(&Window) -> u64| window.map_or_else(dash, |window| of(window).to_string());
    let latency = window.and_then(|window| window.summary.latency);
    let age = health.roster.map(|roster| now.duration_since(roster.read).as_mins());
    BTreeMap::from([
        ("records", count(|window| window.summary.records)),
        ("answered", count(|window| window.summary.answered)),
        ("silent", count(|window| window.summary.records - window.summary.answered)),
        ("p50", latency.map_or_else(dash, |latency| ms(latency.p50_us))),
        ("p99", latency.map_or_else(dash, |latency| ms(latency.p99_us))),
        ("callers", window.map_or_else(dash, |window| format!("{} of {}", window.callers, health.permits))),
        ("list", age.map_or_else(dash, |minutes| format!("{} min", minutes.max(0)))),
        ("clock", health.clock_offset_s.map_or_else(dash, |offset| format!("{offset:+.2} s"))),
    ])
}

fn ms(us: u64) -> String {
    let ms = us as f64 / 1000.0;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

#[cfg(test)]
mod tests {
    use hivis_serve::NotReady;
    use hivis_store::{Latency, Summary};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn health() -> Health {
        Health {
            not_ready: Vec::new(),
            clock_offset_s: Some(0.01),
            in_flight: 0,
            connections: 0,
            since: at(0),
            last_verified: Some(at(100_000)),
            last_validator: None,
            release: None,
            permits: 3,
            roster: None,
        }
    }

    fn hour(records: u64, answered: u64, p99_us: u64) -> Window {
        let latency = Some(Latency { records: answered, p50_us: 9_000, p95_us: 9_000, p99_us, max_us: p99_us });
        let by_silence = BTreeMap::from([("expired".to_owned(), records - answered)]);
        Window {
            summary: Summary { records, answered, by_silence, latency, ..Summary::default() },
            ..Window::default()
        }
    }

    #[test]
    fn the_verdict_follows_the_worst_reason() {
        let told = |alarms: &[&str], alerts| Told { alarms: alarms.iter().map(|a| (*a).to_owned()).collect(), alerts };
        let table: Vec<(Health, Option<Window>, Told, State, &str)> = vec![
            (health(), Some(hour(100, 100, 20_000)), told(&[], 0), State::Healthy, ""),
            (health(), Some(hour(100, 94, 20_000)), told(&[], 0), State::Look, "6%"),
            (health(), Some(hour(100, 96, 20_000)), told(&[], 0), State::Healthy, ""),
            (health(), Some(hour(4, 0, 20_000)), told(&[], 0), State::Healthy, ""),
            (health(), Some(hour(10, 5, 20_000)), told(&[], 0), State::Failing, "expired"),
            (health(), Some(hour(10, 10, 6_000_000)), told(&[], 0), State::Look, "6.0 s"),
            (health(), None, told(&[], 0), State::Look, "ledger"),
            (health(), Some(hour(9, 9, 1)), told(&["old"], 0), State::Look, "old"),
            (health(), Some(hour(9, 9, 1)), told(&[], 2), State::Look, "2 alerts"),
            (
                Health { not_ready: vec![NotReady::NoModel], clock_offset_s: Some(-2.0), ..health() },
                Some(hour(9, 9, 1)),
                told(&[], 1),
                State::Failing,
                "no model",
            ),
            (
                Health { last_verified: Some(at(100)), ..health() },
                Some(hour(0, 0, 1)),
                told(&[], 0),
                State::Look,
                "nobody has asked",
            ),
        ];
        for (health, window, told, state, first) in table {
            let figures = of(&health, window.as_ref(), &told, at(100_010));
            assert_eq!(figures.state, state, "{figures:?}");
            let said = figures.reasons.first().map_or("", |reason| reason.said.as_str());
            assert!(said.contains(first) && said.is_empty() == first.is_empty(), "{first}: {figures:?}");
            assert!(CAPTIONS.iter().all(|(name, _)| figures.texts.contains_key(name)));
        }
    }
}

//! The policy against a world that is nothing but memory, with times that go on in steps of a round.

use std::collections::{BTreeMap, BTreeSet};

use hivis_store::{Ack, AlertState, AlertTold, StoredAlert};
use hivis_types::Severity;
use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{ChannelRules, Draft, Policy, decide};
use crate::quiet::Quiet;

/// Seconds of a round.
const STEP: i64 = 15;

/// What the ledger does, in memory.
struct World {
    policy: Policy,
    channels: Vec<ChannelRules>,
    state: AlertState,
    second: i64,
    said: Vec<(i64, Draft)>,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time")
}

fn channel(name: &str, severities: &[Severity]) -> ChannelRules {
    ChannelRules { name: name.into(), severities: severities.iter().copied().collect() }
}

const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

impl World {
    fn new(policy: Policy) -> Self {
        let channels = vec![channel("all", &ALL), channel("calls", &[Severity::Critical])];
        Self { policy, channels, state: AlertState::default(), second: 0, said: Vec::new() }
    }

    /// One round in which these rules hold.
    fn round(&mut self, holds: &[(&str, Severity)]) {
        let now = at(self.second);
        let times = self.policy.times();
        let names: BTreeSet<&str> = holds.iter().map(|(name, _)| *name).collect();
        for alert in self.state.alerts.iter_mut().filter(|alert| alert.resolved.is_none()) {
            if !names.contains(&*alert.rule) {
                alert.resolved = Some(now);
            }
        }
        for (name, severity) in holds {
            let newest = self.state.alerts.iter_mut().rev().find(|alert| alert.rule == *name);
            match newest {
                Some(alert) if alert.resolved.is_none() => {}
                Some(alert) if alert.resolved.is_some_and(|end| now.duration_since(end) <= times.reopen) => {
                    if alert.resolved.is_some_and(|end| now.duration_since(end) > times.keep_ack) {
                        alert.ack = None;
                    }
                    (alert.resolved, alert.flaps) = (None, alert.flaps + 1);
                }
                _ => {
                    let id = self.state.alerts.len() as i64 + 1;
                    self.state.alerts.push(opened(id, name, *severity, now));
                }
            }
        }
        for draft in decide(&self.policy, &self.channels, &self.state, now) {
            let group = (draft.channel.clone(), draft.message.group.clone());
            self.state.groups.insert(group, now);
            for tells in &draft.tells {
                let told = AlertTold { at: now, firing: tells.firing, severity: tells.severity };
                self.state.told.insert((draft.channel.clone(), tells.alert), told);
            }
            self.said.push((self.second, draft));
        }
        self.second += STEP;
    }

    fn rounds(&mut self, seconds: i64, holds: &[(&str, Severity)]) {
        for _ in 0..seconds / STEP {
            self.round(holds);
        }
    }

    fn ack(&mut self, rule: &str, until: Option<i64>) {
        let ack = Ack { by: "me".into(), at: at(self.second), note: String::new(), until: until.map(at) };
        self.state.alerts.iter_mut().rev().find(|a| a.rule == rule).expect("it is there").ack = Some(ack);
    }

    /// What a channel was told: second, rules that hold, rules that are over.
    fn heard(&self, channel: &str) -> Vec<(i64, String)> {
        let words = |items: &[crate::Item], sign: &str| {
            items.iter().map(|item| format!("{sign}{}", item.rule)).collect::<Vec<_>>()
        };
        let of = self.said.iter().filter(|(_, draft)| draft.channel == channel);
        of.map(|(second, d)| (*second, [words(&d.message.firing, "+"), words(&d.message.over, "-")].concat().join(" ")))
            .collect()
    }
}

fn opened(id: i64, rule: &str, severity: Severity, now: Timestamp) -> StoredAlert {
    StoredAlert {
        id,
        key: format!("{rule}{{}}"),
        rule: rule.into(),
        labels: BTreeMap::new(),
        severity,
        summary: format!("{rule} holds"),
        value: Some(1.0),
        runbook: String::new(),
        since: now,
        opened: now,
        seen: now,
        resolved: None,
        flaps: 0,
        ack: None,
    }
}

fn heard(list: &[(i64, &str)]) -> Vec<(i64, String)> {
    list.iter().map(|(second, text)| (*second, (*text).to_owned())).collect()
}

const W: Severity = Severity::Warning;
const C: Severity = Severity::Critical;

#[test]
fn it_waits_says_it_again_and_says_that_it_is_over() {
    let mut world = World::new(Policy::default());
    world.rounds(9 * 3600, &[("A", W)]);
    world.rounds(3600, &[]);
    assert_eq!(world.heard("all"), heard(&[(30, "+A"), (14430, "+A"), (28830, "+A"), (32460, "-A")]));
    assert_eq!(world.heard("calls"), []);
}

#[test]
fn what_is_shorter_than_the_wait_is_not_said() {
    let mut world = World::new(Policy::default());
    world.rounds(30, &[("A", C)]);
    world.rounds(3600, &[]);
    assert_eq!(world.heard("all"), []);
}

#[test]
fn acknowledged_is_silent_until_it_is_over_or_the_word_ends() {
    let mut world = World::new(Policy::default());
    world.rounds(600, &[("A", C)]);
    world.ack("A", None);
    world.rounds(20 * 3600, &[("A", C)]);
    assert_eq!(world.heard("calls"), heard(&[(30, "+A")]));
    world.rounds(600, &[]);
    assert_eq!(world.heard("calls")[1..], heard(&[(72660, "-A")]));
    let mut world = World::new(Policy::default());
    world.rounds(600, &[("A", C)]);
    world.ack("A", Some(10 * 3600));
    world.rounds(11 * 3600, &[("A", C)]);
    assert_eq!(world.heard("calls"), heard(&[(30, "+A"), (36000, "+A")]));
}

#[test]
fn at_night_only_what_is_critical_is_said_and_the_rest_in_the_morning() {
    // Second 0 is 2027-01-15 08:00 UTC.
    let quiet = Quiet { from: time(7, 0, 0, 0), to: time(10, 0, 0, 0), zone: TimeZone::UTC };
    let mut world = World::new(Policy { quiet: Some(quiet), ..Policy::default() });
    world.rounds(600, &[("Short", W), ("Long", W), ("Bad", C)]);
    world.rounds(7200, &[("Long", W), ("Bad", C)]);
    assert_eq!(world.heard("all"), heard(&[(30, "+Bad"), (7200, "+Long"), (7200, "-Short")]));
}

#[test]
fn an_alert_that_flaps_is_damped() {
    let mut world = World::new(Policy::default());
    // Three minutes on, three minutes off, for a day.
    for _ in 0..240 {
        world.rounds(180, &[("A", W)]);
        world.rounds(180, &[]);
    }
    let count = world.heard("all").len();
    assert!((4..=12).contains(&count), "{:?}", world.heard("all"));
    // And once it is calm, that is said.
    world.rounds(3 * 3600, &[]);
    assert_eq!(world.heard("all").last().expect("the end").1, "-A");
}

#[test]
fn what_gets_worse_is_said_at_once() {
    let mut world = World::new(Policy::default());
    world.rounds(600, &[("A", W)]);
    world.state.alerts[0].severity = C;
    world.rounds(60, &[("A", C)]);
    assert_eq!(world.heard("all"), heard(&[(30, "+A"), (600, "+A")]));
    assert_eq!(world.heard("calls"), heard(&[(600, "+A")]));
}

#[test]
fn a_clock_that_jumps_mutes_nothing() {
    let mut world = World::new(Policy::default());
    world.second = 400 * 86_400;
    world.rounds(600, &[("A", C)]);
    // Set back by more than a year: what was told lies ahead now.
    world.second = 0;
    world.rounds(600, &[("A", C), ("B", C)]);
    let after: Vec<String> =
        world.heard("all").into_iter().filter(|(second, _)| *second <= 600).map(|(_, said)| said).collect();
    assert_eq!(after, ["+A", "+B"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Any history: nothing that lasts is kept from anybody, groups rest between messages, what is acknowledged is
    /// silent, nights are quiet, and only what was told is called over.
    #[test]
    fn whatever_happens(
        steps in prop::collection::vec((0u8..8, 1i64..40, 0u8..12), 1..60),
        night in any::<bool>(),
        resolved in any::<bool>(),
    ) {
        let quiet = Quiet { from: time(9, 0, 0, 0), to: time(11, 0, 0, 0), zone: TimeZone::UTC };
        let quiet = night.then_some(quiet);
        let mut world = World::new(Policy { quiet: quiet.clone(), resolved, ..Policy::default() });
        let rules = [("A", C), ("B", W), ("C", Severity::Info)];
        let mut since: BTreeMap<&str, i64> = BTreeMap::new();
        for (mask, rounds, act) in steps {
            let holds: Vec<_> = rules.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, r)| *r).collect();
            for _ in 0..rounds {
                let told = world.state.told.clone();
                let second = world.second;
                world.round(&holds);
                for (_, draft) in world.said.iter().filter(|(s, _)| *s == second) {
                    for item in draft.message.firing.iter().chain(&draft.message.over) {
                        let alert = &world.state.alerts[item.alert as usize - 1];
                        let is_quiet = quiet.as_ref().is_some_and(|quiet| quiet.covers(at(second)));
                        prop_assert!(!is_quiet || item.severity == C, "{item:?}");
                        prop_assert!(item.resolved.is_some() || !alert.is_acknowledged(at(second)));
                        let known = told.get(&(draft.channel.clone(), item.alert)).is_some_and(|told| told.firing);
                        prop_assert!(item.resolved.is_none() || resolved && (known || quiet.is_some()));
                        prop_assert!(draft.channel == "all" || item.severity == C);
                    }
                }
                for (rule, _) in rules {
                    if holds.iter().any(|(name, _)| *name == rule) { since.entry(rule).or_insert(second); } else { since.remove(rule); }
                }
                // Whatever has held for longer than the wait and the interval is known, if nobody said to be silent.
                for (rule, begun) in &since {
                    let alert = world.state.alerts.iter().rev().find(|a| a.rule == *rule).expect("it holds");
                    let loud = quiet.is_none() || alert.severity == C;
                    if second - begun >= 30 + 300 + STEP && alert.ack.is_none() && loud {
                        let told = world.state.told.get(&("all".to_owned(), alert.id));
                        prop_assert!(told.is_some_and(|told| told.firing), "{rule} since {begun}, now {second}");
                    }
                }
            }
            if act == 0 && let Some((rule, _)) = holds.first() {
                let until = world.second + 3600;
                world.ack(rule, (rounds % 2 == 0).then_some(until));
            }
        }
        for channel in ["all", "calls"] {
            let mut last: BTreeMap<&str, i64> = BTreeMap::new();
            for (second, draft) in world.said.iter().filter(|(_, draft)| draft.channel == channel) {
                let before = last.insert(&draft.message.group, *second);
                let rested = before.is_none_or(|before| second - before >= 300);
                let urgent = draft.message.firing.iter().any(|item| item.severity == C);
                prop_assert!(rested || urgent, "{channel} {} at {second} after {before:?}", draft.message.group);
            }
        }
        prop_assert!(world.said.iter().all(|(_, d)| !d.tells.is_empty()));
    }
}

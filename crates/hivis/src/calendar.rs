//! The dates that a miner keeps, in one list. Pure: days in, days out; today comes in where a day is judged.

use hivis_types::{Hotkey, ReleaseId};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::config::DatesSettings;
use crate::earnings::day_of;
use crate::metagraph::Reading;

/// The neuron's registration; its days are about, since they come from blocks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Registration {
    /// Our key.
    pub(crate) hotkey: Hotkey,
    /// The subnet.
    pub(crate) netuid: u16,
    /// Our place on it.
    pub(crate) uid: u16,
    /// The block.
    pub(crate) block: u64,
    /// Its day, UTC.
    pub(crate) day: Date,
    /// The last block of immunity.
    pub(crate) immune_until: u64,
    /// Its day, UTC.
    pub(crate) immune_day: Date,
}

impl Registration {
    /// By the chain; `None` when the key is not registered.
    pub(crate) fn of(reading: &Reading, hotkey: &Hotkey) -> Option<Self> {
        let graph = &reading.metagraph;
        let ours = graph.neuron(hotkey)?;
        let immune_until = ours.registered_at.saturating_add(graph.immunity_blocks);
        Some(Self {
            hotkey: hotkey.clone(),
            netuid: graph.netuid,
            uid: ours.uid,
            block: ours.registered_at,
            day: day_of(reading.time_of(ours.registered_at)),
            immune_until,
            immune_day: day_of(reading.time_of(immune_until)),
        })
    }
}

/// The serving release's submission.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Submission {
    /// Which release.
    pub(crate) release: ReleaseId,
    /// The day, UTC.
    pub(crate) day: Date,
    /// What that day is of: a publication, or what stands in for it.
    pub(crate) of: &'static str,
}

/// What a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something happens by itself.
    Event,
    /// Something has to be done until then.
    Deadline,
}

/// Where a day stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// A deadline that is over.
    Overdue,
    /// An event that was.
    Passed,
    /// It is today.
    Today,
    /// It comes.
    Coming,
}

/// One day of the calendar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Its name for programs; the same as long as it means the same.
    pub(crate) key: String,
    /// The day, UTC.
    pub(crate) date: Date,
    /// Its name for people.
    pub(crate) what: String,
    /// Why it matters.
    pub(crate) why: String,
    /// Who says so.
    pub(crate) source: String,
    /// True when the day is an estimate.
    pub(crate) about: bool,
    /// Whether a rule counts today; `None` for what is no rule.
    pub(crate) in_force: Option<bool>,
    /// Event or deadline.
    pub(crate) kind: Kind,
}

impl Entry {
    /// Days from `today` on; negative for what is over.
    pub(crate) fn days_left(&self, today: Date) -> i32 {
        // Days of the civil calendar; both are within its range, so there is a difference.
        today.until(self.date).map_or(0, |span| span.get_days())
    }

    /// Where it stands.
    pub(crate) fn state(&self, today: Date) -> State {
        match self.days_left(today) {
            0 => State::Today,
            1.. => State::Coming,
            _ if self.kind == Kind::Deadline => State::Overdue,
            _ => State::Passed,
        }
    }
}

/// All days, in their order.
pub(crate) fn calendar(
    registration: Option<&Registration>,
    submission: Option<&Submission>,
    settings: &DatesSettings,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    entries.extend(registration.into_iter().flat_map(registered));
    entries.extend(submission.into_iter().flat_map(|submission| submitted(submission, settings)));
    entries.extend(settings.tokens.iter().map(|token| Entry {
        key: named("token", &token.name),
        date: token.expires,
        what: format!("{} expires", token.name),
        why: "what uses it stops working".to_owned(),
        source: "dates.token".to_owned(),
        about: false,
        in_force: None,
        kind: Kind::Deadline,
    }));
    entries.extend(settings.entries.iter().map(|entry| Entry {
        key: named("entry", &entry.name),
        date: entry.date,
        what: entry.name.clone(),
        why: entry.why.clone(),
        source: "dates.entry".to_owned(),
        about: false,
        in_force: None,
        kind: Kind::Deadline,
    }));
    entries.sort_by(|a, b| (a.date, &a.key).cmp(&(b.date, &b.key)));
    entries
}

fn registered(r: &Registration) -> [Entry; 2] {
    let entry = |key: &str, date, what, why| Entry {
        key: key.to_owned(),
        date,
        what,
        why,
        source: "the chain; 12 s a block".to_owned(),
        about: true,
        in_force: None,
        kind: Kind::Event,
    };
    [
        entry(
            "registration",
            r.day,
            format!("registered on subnet {} as uid {}", r.netuid, r.uid),
            format!("block {}", r.block),
        ),
        entry(
            "immunity-end",
            r.immune_day,
            format!("immunity ends on subnet {}", r.netuid),
            format!("from block {} on the lowest incentive may be pruned", r.immune_until),
        ),
    ]
}

fn submitted(submission: &Submission, settings: &DatesSettings) -> Vec<Entry> {
    let Submission { release, day, of } = submission;
    // The settings hold some years at most; where even those leave the calendar there is no such day.
    let after = |days: u32| day.checked_add(i64::from(days).days()).ok();
    let rule = |key: &str, days: u32, what: &str, why: String| {
        Some(Entry {
            key: key.to_owned(),
            date: after(days)?,
            what: what.to_owned(),
            why,
            source: settings.source.clone(),
            about: false,
            in_force: Some(settings.in_force),
            kind: if settings.in_force { Kind::Deadline } else { Kind::Event },
        })
    };
    let since = |days: u32| format!("{days} days after the {of} of {release} ({day})");
    let mut entries = vec![
        rule(
            "full-reward-end",
            settings.full_reward_days,
            "full reward ends, fading begins",
            since(settings.full_reward_days),
        ),
        rule("period-end", settings.period_days, "the submission's period ends", since(settings.period_days)),
    ];
    entries.extend(settings.retrain_days.iter().map(|&days| {
        Some(Entry {
            key: format!("retrain-{days}"),
            date: after(days)?,
            what: format!("retrain: day {days} of the serving model"),
            why: since(days),
            source: "dates.retrain_days".to_owned(),
            about: false,
            in_force: None,
            kind: Kind::Deadline,
        })
    }));
    entries.into_iter().flatten().collect()
}

/// A key for what a person named: names may hold anything, a key may not.
fn named(kind: &str, name: &str) -> String {
    format!("{kind}-{}", hex::encode(&Sha256::digest(name)[..6]))
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::config::{RawDates, RawEntry, RawToken};

    pub(crate) fn settings(in_force: bool) -> DatesSettings {
        let token = RawToken { name: "Hub; token, \"main\"".to_owned(), expires: date(2026, 12, 1) };
        let entry = RawEntry { name: "pay the machine".to_owned(), date: date(2026, 11, 26), why: String::new() };
        let raw = RawDates { in_force: Some(in_force), token: vec![token], entry: vec![entry], ..RawDates::default() };
        DatesSettings::resolve(&raw).expect("settings")
    }

    pub(crate) fn all(in_force: bool) -> Vec<Entry> {
        let registration = Registration {
            hotkey: Hotkey::new("5F"),
            netuid: 72,
            uid: 9,
            block: 7_000_000,
            day: date(2026, 9, 30),
            immune_until: 7_005_000,
            immune_day: date(2026, 10, 1),
        };
        let release = ReleaseId::new("tiny-1").expect("an id");
        let submission = Submission { release, day: date(2026, 10, 1), of: "promotion" };
        calendar(Some(&registration), Some(&submission), &settings(in_force))
    }

    #[test]
    fn every_day_is_there_and_stands_where_it_does() {
        let today = date(2026, 11, 26);
        let seen: Vec<String> = all(false)
            .iter()
            .map(|e| format!("{} {} {} {:?}", e.date, e.key, e.days_left(today), e.state(today)))
            .collect();
        let expected = [
            "2026-09-30 registration -57 Passed",
            "2026-10-01 immunity-end -56 Passed",
            "2026-11-15 full-reward-end -11 Passed",
            "2026-11-15 retrain-45 -11 Overdue",
            "2026-11-26 entry-2e5a9b3a0d1c 0 Today",
            "2026-11-30 retrain-60 4 Coming",
            "2026-12-01 token-000000000000 5 Coming",
            "2026-12-15 retrain-75 19 Coming",
            "2026-12-30 period-end 34 Coming",
            "2026-12-30 retrain-90 34 Coming",
        ];
        let without_hash = |line: &str| {
            let cut = |word: &str| {
                ["entry-", "token-"].iter().find(|p| word.starts_with(**p)).map_or(word.to_owned(), |p| (*p).to_owned())
            };
            line.split(' ').map(cut).collect::<Vec<_>>().join(" ")
        };
        let plain = |lines: Vec<&str>| lines.into_iter().map(without_hash).collect::<Vec<_>>();
        assert_eq!(plain(seen.iter().map(String::as_str).collect()), plain(expected.to_vec()));
        // Across a change of clocks and of the year a day is a day.
        assert_eq!(all(false)[0].days_left(date(2024, 2, 28)), 945);
    }

    #[test]
    fn a_rule_is_a_deadline_only_where_it_is_in_force() {
        let today = date(2026, 11, 26);
        let rule = |in_force| all(in_force).into_iter().find(|e| e.key == "full-reward-end").expect("it is there");
        assert_eq!((rule(false).state(today), rule(false).in_force), (State::Passed, Some(false)));
        assert_eq!((rule(true).state(today), rule(true).in_force), (State::Overdue, Some(true)));
        assert!(rule(false).source.contains("not in force"));
        let nothing = calendar(None, None, &settings(false));
        assert_eq!(nothing.len(), 2, "what is not known is left out");
    }
}

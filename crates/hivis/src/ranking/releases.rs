//! Did this release help? For each change of the release: reward, incentive and rank before and after, and what else
//! changed meanwhile.

use std::collections::BTreeSet;

use hivis_store::{LogPoint, NeuronReading, SubnetReading, ValidatorSet};
use hivis_types::{Hotkey, ReleaseId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::help::{Comparison, Value, compare};
use crate::config::RankSettings;
use crate::earnings::changes::Served;

/// After a change validators still score answers of the release before: their reward looks at the last 100 challenges.
const SETTLING: SignedDuration = SignedDuration::from_hours(3);
/// The draw of days.
const SEED: u64 = 72;

/// What it is judged by, and what else is known.
pub(crate) struct Known {
    /// Readings of our neuron, oldest first.
    pub(crate) readings: Vec<NeuronReading>,
    /// What the validators logged of it, oldest first.
    pub(crate) points: Vec<LogPoint>,
    /// The subnet, oldest first.
    pub(crate) subnet: Vec<SubnetReading>,
    /// Who validated, oldest first.
    pub(crate) validators: Vec<ValidatorSet>,
}

/// What can be said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub(crate) enum Verdict {
    /// The whole interval lies above nought.
    Helped,
    /// The whole interval lies below it.
    Hurt,
    /// It holds nought: no difference that these days could show.
    NoDifferenceSeen,
    /// So many days more, then there is something to say.
    TooEarly {
        /// Days with a reading that are missing after the change.
        days: usize,
    },
    /// It served for too short a time, or nobody looked before it: nothing can be said any more.
    CannotBeSaid {
        /// Why.
        why: String,
    },
}

/// One measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Measure {
    /// `reward`, `incentive-against-median`, `incentive` or `rank`.
    pub(crate) name: &'static str,
    /// Before and after.
    #[serde(flatten)]
    pub(crate) compared: Comparison,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Change {
    /// When the new one began to serve, UTC.
    pub(crate) at: Timestamp,
    /// What served before.
    pub(crate) from: ReleaseId,
    /// What served then.
    pub(crate) to: ReleaseId,
    /// What can be said, by the first measure with an interval.
    pub(crate) verdict: Verdict,
    /// Which measure that is.
    pub(crate) by: Option<&'static str>,
    /// All measures; the first is nearest to what we do ourselves.
    pub(crate) measures: Vec<Measure>,
    /// What else changed in those days: a difference may be of these.
    pub(crate) beside: Vec<String>,
}

/// Every change, newest first.
pub(crate) fn changes(known: &Known, served: &[Served], settings: &RankSettings, now: Timestamp) -> Vec<Change> {
    let pair = |at: usize| change(known, served, at, settings, now);
    (1..served.len()).rev().map(pair).collect()
}

fn change(known: &Known, served: &[Served], at: usize, settings: &RankSettings, now: Timestamp) -> Change {
    let (old, new) = (&served[at - 1], &served[at]);
    let most = SignedDuration::from_hours(24 * i64::from(settings.most_days));
    let begin =
        new.from.saturating_sub(most).unwrap_or(new.from).max(old.from.saturating_add(SETTLING).unwrap_or(old.from));
    let settled = new.from.saturating_add(SETTLING).unwrap_or(new.from);
    let end = new.until.unwrap_or(now).min(now).min(settled.saturating_add(most).unwrap_or(now)).max(settled);
    // Equal lengths: a long past with another subnet is no fair half of a pair.
    let length = end.duration_since(settled).max(SignedDuration::from_hours(24 * i64::from(settings.least_days) + 24));
    let begin = begin.max(new.from.saturating_sub(length).unwrap_or(begin));
    let least = settings.least_days as usize;
    let around = (begin, new.from, settled, end);
    let measures: Vec<Measure> = [
        ("reward", known.points.iter().filter_map(|p| Some((p.at, p.reward?))).collect()),
        ("incentive-against-median", against_median(&known.readings, &known.subnet)),
        ("incentive", known.readings.iter().map(|r| (r.at, r.incentive)).collect()),
        ("rank", known.readings.iter().filter_map(|r| Some((r.at, f64::from(r.rank?)))).collect()),
    ]
    .into_iter()
    .map(|(name, values)| Measure { name, compared: within(&values, around, least) })
    .collect();
    let (verdict, by) = verdict(&measures, new.until.is_some_and(|until| until <= now), least);
    let beside = beside(known, begin, end, new.from);
    Change { at: new.from, from: old.release.clone(), to: new.release.clone(), verdict, by, measures, beside }
}

/// Readings of the two stretches; what lies between them is of both releases.
fn within(
    values: &[Value],
    (begin, change, settled, end): (Timestamp, Timestamp, Timestamp, Timestamp),
    least: usize,
) -> Comparison {
    let pick = |from: Timestamp, until: Timestamp| -> Vec<Value> {
        values.iter().copied().filter(|(at, _)| from <= *at && *at < until).collect()
    };
    compare(&pick(begin, change), &pick(settled, end), least, SEED)
}

/// Our incentive over the median of the miners that earn, by the subnet's reading next before: what moves all alike is no
/// change of ours.
fn against_median(readings: &[NeuronReading], subnet: &[SubnetReading]) -> Vec<Value> {
    let value = |reading: &NeuronReading| {
        let before = subnet.partition_point(|other| other.block <= reading.block).checked_sub(1)?;
        let near = subnet[before].block + 2 * (u64::from(reading.tempo) + 1) >= reading.block;
        let median = subnet[before].median_incentive;
        (near && median > 0.0).then(|| (reading.at, reading.incentive / median))
    };
    readings.iter().filter_map(value).collect()
}

fn verdict(measures: &[Measure], over: bool, least: usize) -> (Verdict, Option<&'static str>) {
    // A smaller rank is a better one, and it follows from the incentive: it is shown, and decides nothing.
    let deciding = || measures.iter().filter(|measure| measure.name != "rank");
    if let Some((measure, difference)) = deciding().find_map(|m| Some((m, m.compared.difference?))) {
        let verdict = if difference.low > 0.0 {
            Verdict::Helped
        } else if difference.high < 0.0 {
            Verdict::Hurt
        } else {
            Verdict::NoDifferenceSeen
        };
        return (verdict, Some(measure.name));
    }
    let before = deciding().map(|measure| measure.compared.before.days).max().unwrap_or(0);
    let after =
        deciding().filter(|m| m.compared.before.days >= least).map(|m| m.compared.after.days).max().unwrap_or(0);
    let verdict = if before < least {
        Verdict::CannotBeSaid { why: format!("only {before} days before it have a reading, {least} are needed") }
    } else if over {
        Verdict::CannotBeSaid { why: format!("it served on {after} days with a reading, {least} are needed") }
    } else {
        Verdict::TooEarly { days: least - after.min(least) }
    };
    (verdict, None)
}

/// What else changed from the first of those days to the last.
fn beside(known: &Known, begin: Timestamp, end: Timestamp, change: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    let set_at = |at: Timestamp| known.validators.iter().rfind(|set| set.at <= at);
    if let (Some(first), Some(last)) = (set_at(begin).or_else(|| known.validators.first()), set_at(end)) {
        let (first, last): (BTreeSet<&Hotkey>, BTreeSet<&Hotkey>) =
            (first.hotkeys.iter().collect(), last.hotkeys.iter().collect());
        let (came, went) = (last.difference(&first).count(), first.difference(&last).count());
        if came + went > 0 {
            found.push(format!("validators: {came} came, {went} went"));
        }
    }
    let side = |from: Timestamp, until: Timestamp| -> Vec<&SubnetReading> {
        known.subnet.iter().filter(|reading| from <= reading.at && reading.at < until).collect()
    };
    let (before, after) = (side(begin, change), side(change, end));
    let mean = |side: &[&SubnetReading], of: fn(&SubnetReading) -> f64| {
        (!side.is_empty()).then(|| side.iter().map(|reading| of(reading)).sum::<f64>() / side.len() as f64)
    };
    let moved = |of: fn(&SubnetReading) -> f64| mean(&before, of).zip(mean(&after, of));
    if let Some((was, is)) =
        moved(|reading| f64::from(reading.miners)).filter(|(was, is)| (was - is).abs() >= 0.05 * was)
    {
        found.push(format!("miners: {was:.0} before, {is:.0} after"));
    }
    if let Some((was, is)) = moved(|reading| reading.median_incentive).filter(|(was, is)| (was - is).abs() >= 0.1 * was)
    {
        found.push(format!("the other miners' median incentive: {was:.5} before, {is:.5} after"));
    }
    if let Some((was, is)) =
        moved(|reading| f64::from(reading.registered)).filter(|(was, is)| (was - is).abs() >= 2.0_f64.max(0.5 * was))
    {
        found.push(format!("new keys a day: {was:.1} before, {is:.1} after"));
    }
    let ours: BTreeSet<(u16, u64)> = known
        .readings
        .iter()
        .filter(|reading| begin <= reading.at && reading.at < end)
        .map(|reading| (reading.uid, reading.registered_at))
        .collect();
    if ours.len() > 1 {
        found.push("our key was registered anew".to_owned());
    }
    if known.subnet.is_empty() || known.validators.is_empty() {
        found.push("nothing is known of the other miners and the validators in those days".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RawRank;

    const HOUR: i64 = 3600;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 / 86_400 * 86_400 + HOUR * hour).expect("a time")
    }

    fn reading(hour: i64, incentive: f64) -> NeuronReading {
        NeuronReading {
            netuid: 72,
            hotkey: Hotkey::new("5H"),
            block: 300 * hour as u64 + 1000,
            at: at(hour),
            uid: 7,
            tempo: 360,
            registered_at: 5,
            incentive,
            rank: Some(10),
            miners: 200,
            emission_rao: 1,
            stake_rao: 1,
            price_rao: None,
        }
    }

    fn subnet(hour: i64, median: f64) -> SubnetReading {
        let block = 300 * hour as u64 + 1000;
        SubnetReading {
            netuid: 72,
            block,
            at: at(hour),
            miners: 200,
            earning: 150,
            median_incentive: median,
            registered: 0,
        }
    }

    fn known(hours: i64, change: i64, (mine, others): (f64, f64)) -> Known {
        let wobble = |hour: i64| 1.0 + 0.02 * ((hour * 7919) % 13 - 6) as f64 / 6.0;
        let step = |hour: i64, gain: f64| if hour >= change { 1.0 + gain } else { 1.0 };
        Known {
            readings: (0..hours).map(|hour| reading(hour, 0.004 * wobble(hour) * step(hour, mine))).collect(),
            points: Vec::new(),
            subnet: (0..hours).map(|hour| subnet(hour, 0.004 * step(hour, others))).collect(),
            validators: vec![ValidatorSet { block: 1, at: at(0), hotkeys: vec![Hotkey::new("5V")] }],
        }
    }

    fn served(changes: &[(&str, i64)]) -> Vec<Served> {
        let until = |next: usize| changes.get(next).map(|(_, hour)| at(*hour));
        let one = |(n, (name, hour)): (usize, &(&str, i64))| Served {
            release: ReleaseId::new(*name).expect("a name"),
            from: at(*hour),
            until: until(n + 1),
        };
        changes.iter().enumerate().map(one).collect()
    }

    fn judge(known: &Known, changes_at: &[(&str, i64)], now: i64) -> Vec<Change> {
        let settings = RankSettings::resolve(&RawRank::default(), std::path::Path::new("/")).expect("defaults");
        changes(known, &served(changes_at), &settings, at(now))
    }

    #[test]
    fn a_gain_of_ours_is_told_from_one_of_everybody() {
        let change = 240;
        let ours = judge(&known(480, change, (0.1, 0.0)), &[("a", 0), ("b", change)], 480);
        assert_eq!((&ours[0].verdict, ours[0].by), (&Verdict::Helped, Some("incentive-against-median")));
        assert_eq!(ours[0].beside, Vec::<String>::new());
        let loss = judge(&known(480, change, (-0.1, 0.0)), &[("a", 0), ("b", change)], 480);
        assert_eq!(loss[0].verdict, Verdict::Hurt);
        let none = judge(&known(480, change, (0.0, 0.0)), &[("a", 0), ("b", change)], 480);
        assert_eq!(none[0].verdict, Verdict::NoDifferenceSeen);
        // All gain alike: the plain incentive says that it helped, and the measure that decides does not.
        let all = judge(&known(480, change, (0.2, 0.2)), &[("a", 0), ("b", change)], 480);
        assert_eq!(all[0].verdict, Verdict::NoDifferenceSeen);
        let plain = all[0].measures.iter().find(|measure| measure.name == "incentive").expect("it is there");
        assert!(plain.compared.difference.expect("enough days").low > 0.0);
        assert!(all[0].beside.iter().any(|said| said.contains("median incentive")), "{:?}", all[0].beside);
    }

    #[test]
    fn too_early_says_how_long_and_too_late_says_why() {
        let known = known(480, 240, (0.1, 0.0));
        let early = judge(&known, &[("a", 0), ("b", 240)], 240 + 60);
        assert_eq!(early[0].verdict, Verdict::TooEarly { days: 2 });
        let short = judge(&known, &[("a", 0), ("b", 240), ("c", 264)], 480);
        assert!(matches!(&short[1].verdict, Verdict::CannotBeSaid { why } if why.contains("served")), "{short:?}");
        assert!(matches!(&short[0].verdict, Verdict::CannotBeSaid { why } if why.contains("before")), "{short:?}");
        assert_eq!(judge(&known, &[("a", 0)], 480), []);
        // A clock before the change itself: nothing is known, and nothing panics.
        let odd = judge(&known, &[("a", 0), ("b", 240)], 100);
        assert_eq!(odd[0].verdict, Verdict::TooEarly { days: 5 });
    }

    #[test]
    fn validators_that_changed_and_a_new_registration_are_named() {
        let mut known = known(480, 240, (0.1, 0.0));
        known.validators.push(ValidatorSet {
            block: 9,
            at: at(300),
            hotkeys: vec![Hotkey::new("5W"), Hotkey::new("5V")],
        });
        known.readings[400].registered_at = 99;
        let change = &judge(&known, &[("a", 0), ("b", 240)], 480)[0];
        assert!(change.beside.iter().any(|said| said == "validators: 1 came, 0 went"), "{:?}", change.beside);
        assert!(change.beside.iter().any(|said| said.contains("registered anew")), "{:?}", change.beside);
    }
}

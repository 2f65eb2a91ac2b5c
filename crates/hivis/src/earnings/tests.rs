//! Days, gaps and changes, by hand.

use std::collections::BTreeMap;

use hivis_store::{LogMatches, LogPoint, NeuronReading, Promotion, PromotionKind, PromotionOutcome};
use hivis_types::{Hotkey, ReleaseId};
use jiff::Timestamp;

use super::{Expected, Known, Report, Span, report, show};

/// 2026-11-24 00:00 UTC is block 100,080; a tempo of 359 and netuid 358 put a payout at every block that 360 divides.
const ZERO: i64 = 1_795_478_400;
const BLOCK: u64 = 100_080;

fn at(hours: f64) -> Timestamp {
    Timestamp::from_second(ZERO + (hours * 3600.0) as i64).expect("a time")
}

/// A reading so many hours after [`ZERO`]; 300 blocks are an hour, 1.2 hours a payout.
fn reading(hours: f64, emission_rao: u64, incentive: f64) -> NeuronReading {
    NeuronReading {
        netuid: 358,
        hotkey: Hotkey::new("5F"),
        block: BLOCK + (hours * 300.0) as u64,
        at: at(hours),
        uid: 7,
        tempo: 359,
        registered_at: 90_000,
        incentive,
        rank: Some(3),
        miners: 240,
        emission_rao,
        stake_rao: 0,
        price_rao: Some(500_000_000),
    }
}

fn point(hours: f64, reward: f64) -> LogPoint {
    LogPoint { at: at(hours), reward: Some(reward), answered: true, right: Some(true) }
}

fn promoted(release: &str, hours: f64, serving: Option<bool>) -> Promotion {
    Promotion {
        seq: 1,
        release: ReleaseId::new(release).expect("an id"),
        previous: None,
        kind: PromotionKind::Promote,
        exam: None,
        at: at(hours),
        outcome: serving.map(|serving| PromotionOutcome { serving, at: at(hours), reason: None }),
    }
}

fn known(readings: Vec<NeuronReading>) -> Known {
    Known {
        hotkey: Hotkey::new("5F"),
        readings,
        promotions: Vec::new(),
        points: Vec::new(),
        matches: LogMatches::default(),
        exams: BTreeMap::new(),
        tao_usd_micro: None,
    }
}

fn told(known: Known, days: u32, now: f64) -> Report {
    report(known, Span::last(days, at(now)))
}

#[test]
fn a_day_with_every_payout_is_exact_and_one_without_readings_stays_empty() {
    // The second day, whole: payouts at 24.0, 25.2, ... 46.8 hours, each read half an hour after it.
    let readings = (0..20).map(|n| reading(24.5 + 1.2 * f64::from(n), 1_000_000_001, 0.004)).collect();
    let report = told(known(readings), 3, 60.0);
    let [empty, whole, today] = &report.days[..] else { panic!("three days: {:?}", report.days) };
    assert_eq!((whole.date.to_string().as_str(), whole.readings), ("2026-11-25", 20));
    assert_eq!((whole.payouts_read, whole.payouts_due), (20, 20));
    assert_eq!((whole.emission_read_rao, whole.emission_about_rao), (20_000_000_020, Some(20_000_000_020)));
    assert_eq!(whole.tao_about_rao, Some(20 * 500_000_000), "each payout's worth is rounded down");
    assert_eq!((empty.readings, empty.payouts_read, empty.payouts_due), (0, 0, 20));
    assert_eq!((empty.emission_about_rao, empty.tao_about_rao, empty.incentive_mean), (None, None, None));
    assert_eq!((today.payouts_read, today.payouts_due), (0, 10), "half a day so far");
    assert_eq!((report.total.payouts_read, report.total.payouts_due, report.total.days_read), (20, 50, 1));
    let [gap] = &report.gaps[..] else { panic!("one gap: {:?}", report.gaps) };
    assert_eq!((gap.from, gap.until, gap.payouts), (at(24.5 + 1.2 * 19.0), at(60.0), 11));
    let text = show::text(&report);
    assert!(text.contains("20.0000") && !text.contains("~20.0000"), "{text}");
}

#[test]
fn few_payouts_of_a_day_are_extended_and_marked() {
    let mut last = reading(30.0, 4_000_000_000, 0.006);
    last.price_rao = None;
    let report =
        told(known(vec![reading(1.3, 1_000_000_000, 0.002), reading(10.0, 2_000_000_000, 0.004), last]), 2, 47.9);
    let [first, second] = &report.days[..] else { panic!("two days") };
    assert_eq!((first.payouts_read, first.payouts_due, first.emission_about_rao), (2, 20, Some(30_000_000_000)));
    assert_eq!((first.incentive_mean, first.incentive_last), (Some(0.003), Some(0.004)));
    assert_eq!((second.emission_about_rao, second.tao_about_rao), (Some(80_000_000_000), None), "no price, no TAO");
    // 1.3 h is payout 1, 10 h payout 8, 30 h payout 25, and 47.9 h payout 39.
    let missed: Vec<u64> = report.gaps.iter().map(|gap| gap.payouts).collect();
    assert_eq!(missed, [6, 16, 14]);
    let text = show::text(&report);
    assert!(text.contains("~30.0000") && text.contains("2/20") && text.contains("16 payouts"), "{text}");
    let csv = show::csv(&report).expect("a table");
    assert!(csv.contains("2026-11-24,2,0.003,0.004,3,240,2,20,3.000000000,30.000000000,15.000000000,,"), "{csv}");
}

#[test]
fn nothing_is_due_before_the_registration() {
    let mut fresh = reading(30.0, 0, 0.0);
    fresh.registered_at = BLOCK + 29 * 300; // at 29 h; the payouts at 28.8 h and before were not ours
    let report = told(known(vec![fresh.clone()]), 2, 36.0);
    assert_eq!((report.days[0].payouts_due, report.days[1].payouts_due), (0, 5));
    assert_eq!(report.days[1].payouts_read, 1, "the one at 30.0 h");
    fresh.block -= 150; // at 29.5 h: what the chain shows is the payout at 28.8 h
    fresh.at = at(29.5);
    assert_eq!(told(known(vec![fresh]), 2, 36.0).days[1].payouts_read, 0, "before our time");
}

#[test]
fn a_change_has_two_sides_and_no_cause() {
    let mut known =
        known(vec![reading(2.0, 1, 0.002), reading(8.0, 1, 0.004), reading(20.0, 1, 0.006), reading(40.0, 1, 0.009)]);
    known.promotions = vec![
        promoted("old", -100.0, Some(true)),
        promoted("broken", 5.0, Some(false)),
        promoted("unseen", 6.0, None),
        promoted("new", 12.0, Some(true)),
        promoted("new", 14.0, Some(true)),
        promoted("old", 30.0, Some(true)),
    ];
    known.points = vec![point(1.0, 0.25), point(13.0, 0.5), point(15.0, 1.0)];
    let expected = Expected { reward: 0.7, low: 0.6, high: 0.8, sat: at(0.0) };
    for name in ["new", "stranger"] {
        known.exams.insert(ReleaseId::new(name).expect("an id"), expected.clone());
    }
    let report = told(known, 2, 42.0);
    let served: Vec<_> = report.served.iter().map(|s| (s.release.as_str(), s.from, s.until)).collect();
    let expected = [("old", at(-100.0), Some(at(12.0))), ("new", at(12.0), Some(at(30.0))), ("old", at(30.0), None)];
    assert_eq!(served, expected);
    let [first, second] = &report.changes[..] else { panic!("two changes: {:?}", report.changes) };
    assert_eq!((first.before.readings, first.after.readings), (2, 1));
    assert_eq!(
        (first.before.days, first.after.days),
        (0.5, 0.75),
        "the span begins at 0 h, the next change is at 30 h"
    );
    assert!((first.incentive_difference.expect("both sides") - 0.003).abs() < 1e-12);
    assert_eq!(first.reward_difference, Some(0.5));
    assert_eq!((second.after.days, second.reward_difference), (0.5, None), "no reward was logged after it");
    assert_eq!(report.days[0].releases, ["old", "new"]);
    assert_eq!(report.days[1].releases, ["new", "old"]);
    assert_eq!(report.exams.len(), 1, "only of what served");
    let text = show::text(&report);
    assert!(
        text.contains("+0.00300") && text.contains("no known cause") && text.contains("0.700 (0.600 to 0.800)"),
        "{text}"
    );
}

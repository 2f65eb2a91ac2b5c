//! What validators see: answers, speed, readiness, who asks.

use hivis_types::metric;

use super::{critical, warning};
use crate::{Expr, JOB, Rule, Selector, Shape, Thresholds, Window};

/// Silences that are ours: the challenge was fine and there was no judgement.
const MISSED: [&str; 5] = ["overloaded", "expired", "engine-failed", "no-model", "draining"];

pub(super) fn rules(t: &Thresholds) -> Vec<Rule> {
    let up = Selector::of("up").is("job", JOB);
    let unready = |reason: Selector| Expr::Last(reason).equal(1.0);
    let reason = || Selector::of(metric::UNREADY);
    vec![
        critical("HivisDown", "down").when(
            Expr::Last(up.clone()).equal(0.0).or(Expr::Absent(up).equal(1.0)),
            1,
            Shape::Plain,
            "The miner's metrics do not answer: it is down, or its page cannot be reached.",
        ),
        critical("HivisNoModel", "no-model").when(
            unready(reason().is("reason", "no-model")),
            1,
            Shape::Plain,
            "No model is loaded: every answer is -1.",
        ),
        warning("HivisNotReady", "not-ready").when(
            unready(reason().not("reason", "no-model")),
            5,
            Shape::Plain,
            "A challenge that comes now would not be judged: {reason}.",
        ),
        warning("HivisLatencyHigh", "latency").when(
            slowest().above(t.latency_s),
            5,
            Shape::Seconds,
            "One answer in twenty takes longer than {value}.",
        ),
        critical("HivisLatencyVeryHigh", "latency").when(
            slowest().above(t.latency_critical_s),
            2,
            Shape::Seconds,
            "One answer in twenty takes longer than {value}.",
        ),
        warning("HivisErrors", "errors").when(
            errors().above(t.error_share),
            5,
            Shape::Share,
            "{value} of requests fail.",
        ),
        critical("HivisMissedFast", "missed").when(
            burn(missed, t, [60, 5], 14.4),
            2,
            Shape::Share,
            "{value} of the challenges of this hour were missed: a month's budget is gone in two days.",
        ),
        warning("HivisMissedSlow", "missed").when(
            burn(missed, t, [360, 30], 6.0),
            15,
            Shape::Share,
            "{value} of the challenges of the last 6 hours were missed: a month's budget is gone in five days.",
        ),
        critical("HivisUptimeFast", "uptime").when(
            burn(unavailable, t, [60, 5], 14.4),
            2,
            Shape::Share,
            "The miner was not ready for {value} of this hour: a month's budget is gone in two days.",
        ),
        warning("HivisUptimeSlow", "uptime").when(
            burn(unavailable, t, [360, 30], 6.0),
            15,
            Shape::Share,
            "The miner was not ready for {value} of the last 6 hours: a month's budget is gone in five days.",
        ),
        critical("HivisNoValidator", "no-validator").when(
            unvisited(t.unvisited_s),
            1,
            Shape::Seconds,
            "No validator for {value}, while the metagraph lists some.",
        ),
        warning("HivisMetagraphOld", "metagraph-old").when(
            Expr::last(metric::PERMITS_READ).age().above(t.metagraph_s),
            5,
            Shape::Seconds,
            "The metagraph was read {value} ago: new validators are not let in.",
        ),
        warning("HivisClockOff", "clock").when(
            Expr::Abs(Box::new(Expr::last(metric::CLOCK_OFFSET))).above(t.clock_s),
            5,
            Shape::Seconds,
            "This clock and the validators' differ by {value}: beyond 4 s every request is refused.",
        ),
        warning("HivisUnknownSynapse", "unknown").when(
            unknown("synapse"),
            0,
            Shape::Plain,
            "Somebody asked for a synapse that we do not know; a sample is kept.",
        ),
        warning("HivisUnknownField", "unknown").when(
            unknown("field"),
            0,
            Shape::Plain,
            "A challenge had a field that we do not know; a sample is kept.",
        ),
        warning("HivisUnknownMedia", "unknown").when(
            unknown("media"),
            0,
            Shape::Plain,
            "A challenge had a picture of a kind that we do not read; a sample is kept.",
        ),
        warning("HivisShedding", "shedding").when(
            Expr::Rate(Selector::of(metric::SILENCES).is("reason", "overloaded"), Window::minutes(5))
                .sum(&[])
                .math(crate::Operator::Times, Expr::Number(60.0))
                .above(t.shed_per_minute),
            5,
            Shape::Plain,
            "{value} challenges a minute are refused as too many.",
        ),
    ]
}

/// What 95% of answers stay below.
fn slowest() -> Expr {
    let histogram = Selector::of(metric::ANSWER_SECONDS);
    Expr::Quantile { of: 0.95, histogram, over: Window::minutes(5), by: Vec::new() }
}

fn errors() -> Expr {
    let rate = |selector| Expr::Rate(selector, Window::minutes(5)).sum(&[]);
    let requests = || Selector::of(metric::REQUESTS);
    rate(requests().one_of("status", &["500", "503"])).ratio(rate(requests().one_of("status", &["200", "500", "503"])))
}

/// The share of challenges that were missed.
fn missed(over: Window) -> Expr {
    let answers = Selector::of(&format!("{}_count", metric::ANSWER_SECONDS));
    let silences = Selector::of(metric::SILENCES).one_of("reason", &MISSED);
    Expr::Increase(silences, over).sum(&[]).ratio(Expr::Increase(answers, over).sum(&[]))
}

/// The share of time in which a challenge would not have been judged.
fn unavailable(over: Window) -> Expr {
    Expr::Number(1.0).math(crate::Operator::Minus, Expr::Mean(Selector::of(metric::READY), over))
}

/// A budget burns `times` as fast as it may, over a long window and still in a short one, both in minutes.
///
/// Source: the multiwindow, multi-burn-rate alerts of Google's Site Reliability Workbook, chapter 5.
fn burn(share: fn(Window) -> Expr, t: &Thresholds, [long, short]: [u32; 2], times: f64) -> Expr {
    // Rounded: 1 - 0.999 is not quite 0.001.
    let limit = ((1.0 - t.objective) * times * 1e9).round() / 1e9;
    share(Window::minutes(long)).above(limit).and(share(Window::minutes(short)).above(limit))
}

/// Nobody of the metagraph for so long, or since the start.
fn unvisited(limit: f64) -> Expr {
    let since_start = Expr::last(metric::PROCESS_START).age().above(limit);
    let never = since_start.unless(Expr::last(metric::LAST_VALIDATOR));
    Expr::last(metric::LAST_VALIDATOR)
        .age()
        .above(limit)
        .or(never)
        .and(Expr::last(metric::LISTED_VALIDATORS).above(0.0))
}

fn unknown(what: &str) -> Expr {
    Expr::Increase(Selector::of(metric::UNKNOWN).is("what", what), Window::minutes(60)).above(0.0)
}

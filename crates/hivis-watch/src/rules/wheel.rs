//! What turns the wheel: drift, review, spend, dates, the night.

use hivis_types::metric;

use super::{critical, info, warning};
use crate::{Expr, Rule, Selector, Shape, Thresholds};

/// A date is told of until it is past for so long, seconds.
const PAST_S: f64 = 86_400.0;

pub(super) fn rules(t: &Thresholds) -> Vec<Rule> {
    let spend = || Expr::last(metric::SPEND_RATIO);
    let spent = "{value} of the cap for {purpose} is spent this {period}.";
    vec![
        warning("HivisDrift", "drift").when(
            Expr::last(metric::DRIFT).above(t.drift_ratio),
            30,
            Shape::Plain,
            "What is asked differs from what was learned: {kind} is at {value} times its threshold.",
        ),
        warning("HivisAcceptanceLow", "acceptance").when(
            Expr::last(metric::ACCEPTANCE).below(t.acceptance_share),
            60,
            Shape::Share,
            "Reviewers accept {value} of the pictures of {generator}.",
        ),
        info("HivisSpendNoticed", "spend").when(spend().above(t.spend_share[0]), 0, Shape::Share, spent),
        warning("HivisSpendHigh", "spend").when(spend().above(t.spend_share[1]), 0, Shape::Share, spent),
        critical("HivisSpendOver", "spend").when(spend().above(t.spend_share[2]), 0, Shape::Share, spent),
        warning("HivisDateNear", "dates").when(
            date().below(t.date_s[0]).and(date().above(-PAST_S)),
            0,
            Shape::Seconds,
            "{name} is in {value}.",
        ),
        critical("HivisDateDue", "dates").when(
            date().below(t.date_s[1]).and(date().above(-PAST_S)),
            0,
            Shape::Seconds,
            "{name} is in {value}.",
        ),
        warning("HivisNightFailed", "night").when(
            Expr::last(metric::NIGHT_FAILED).equal(1.0),
            0,
            Shape::Plain,
            "The last {kind} job of the night failed.",
        ),
        warning("HivisNightOverdue", "night").when(
            Expr::last(metric::NIGHT_DUE).age().above(t.night_late_s),
            5,
            Shape::Seconds,
            "The {kind} job of the night is late by {value}.",
        ),
    ]
}

fn date() -> Expr {
    Expr::Last(Selector::of(metric::DATE).is("kind", "deadline")).until()
}

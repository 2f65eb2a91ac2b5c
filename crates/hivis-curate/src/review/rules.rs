//! What rates of acceptance call for.

use serde::Serialize;

use super::{Interval, Rate, Week, wilson};

/// The thresholds, each a share in [0, 1], and what they need to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rules {
    /// What should be accepted.
    pub target: f64,
    /// Below this the prompts are to be changed.
    pub change_below: f64,
    /// Below this another generator is to be taken.
    pub switch_below: f64,
    /// Below this in two weeks running somebody is told.
    pub alert_below: f64,
    /// Fewer pictures than this say nothing; for the alert, in each of the weeks.
    pub least: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { target: 0.8, change_below: 0.6, switch_below: 0.4, alert_below: 0.7, least: 10 }
    }
}

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A generator with all its prompts.
    Generator,
    /// One prompt of one generator: its remedy is always another prompt, never another generator.
    Prompt,
}

/// What follows, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// At the target or above it.
    OnTarget,
    /// Too few pictures, or an interval that reaches both sides of the threshold in question.
    TooFew,
    /// Below the target, with no rule broken.
    BelowTarget,
    /// Too low two weeks running.
    Alert,
    /// The prompts are to be changed.
    ChangePrompts,
    /// Another generator is to be taken.
    SwitchGenerator,
}

impl Verdict {
    /// The word in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnTarget => "on target",
            Self::TooFew => "too few to say",
            Self::BelowTarget => "below target",
            Self::Alert => "alert",
            Self::ChangePrompts => "change the prompts",
            Self::SwitchGenerator => "switch generator",
        }
    }
}

/// One week's rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Weekly {
    /// Which week.
    pub week: Week,
    /// Accepted of judged.
    pub rate: Rate,
}

/// What follows from a rate, with figures and reasons.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// The gravest of the rules that are broken.
    pub verdict: Verdict,
    /// Accepted of judged, over all weeks that were given.
    pub rate: Rate,
    /// Where the true share lies, at 90%.
    pub interval: Interval,
    /// One line a rule that is broken, the gravest first; else why none is.
    pub reasons: Vec<String>,
}

/// Judges the weeks of one subject; `this_week` is the week that runs. A rule is broken only when there are enough pictures
/// and Wilson's interval lies below its threshold as a whole, so that chance breaks it in 1 of 20 cases at most. The alert
/// wants two neighbouring weeks, of which the later is this one or the last, each with enough pictures and a share below
/// the threshold, and the interval of both together below it too.
pub fn judge(subject: Subject, weeks: &[Weekly], this_week: Week, rules: &Rules) -> Judgement {
    let rate = weeks.iter().fold(Rate::default(), |sum, week| sum.and(week.rate));
    let interval = wilson(rate);
    let Some(share) = rate.share() else {
        let reasons = vec!["nothing was judged".to_owned()];
        return Judgement { verdict: Verdict::TooFew, rate, interval, reasons };
    };
    let enough = rate.n >= rules.least;
    let figures = format!(
        "{} of {} accepted ({}), {} to {} at 90%",
        rate.good,
        rate.n,
        percent(share),
        percent(interval.low),
        percent(interval.high)
    );
    let mut broken = Vec::new();
    if subject == Subject::Generator && enough && interval.high < rules.switch_below {
        let reason = format!("{figures}: below {}, take another generator", percent(rules.switch_below));
        broken.push((Verdict::SwitchGenerator, reason));
    }
    if enough && interval.high < rules.change_below {
        let what = if subject == Subject::Prompt { "the prompt" } else { "the prompts" };
        let reason = format!("{figures}: below {}, change {what}", percent(rules.change_below));
        broken.push((Verdict::ChangePrompts, reason));
    }
    broken.extend(alert(weeks, this_week, rules).map(|reason| (Verdict::Alert, reason)));
    if let Some((verdict, _)) = broken.first() {
        let verdict = *verdict;
        return Judgement { verdict, rate, interval, reasons: broken.into_iter().map(|(_, reason)| reason).collect() };
    }
    let (verdict, reason) = if share >= rules.target && enough {
        (Verdict::OnTarget, format!("{figures}: the target is {}", percent(rules.target)))
    } else if !enough {
        (Verdict::TooFew, format!("{figures}: at least {} are needed", rules.least))
    } else if let Some(rule) = suspected(subject, share, rules) {
        (Verdict::TooFew, format!("{figures}: below {}, but that may be chance", percent(rule)))
    } else {
        (Verdict::BelowTarget, format!("{figures}: the target is {}", percent(rules.target)))
    };
    Judgement { verdict, rate, interval, reasons: vec![reason] }
}

/// The gravest threshold that the share alone would break.
fn suspected(subject: Subject, share: f64, rules: &Rules) -> Option<f64> {
    let switch = (subject == Subject::Generator && share < rules.switch_below).then_some(rules.switch_below);
    switch.or((share < rules.change_below).then_some(rules.change_below))
}

fn alert(weeks: &[Weekly], this_week: Week, rules: &Rules) -> Option<String> {
    let of = |week: Week| weeks.iter().find(|weekly| weekly.week == week).map(|weekly| weekly.rate);
    let low = |rate: &Rate| rate.n >= rules.least && rate.share().is_some_and(|share| share < rules.alert_below);
    [this_week, this_week.before(1)].into_iter().find_map(|later| {
        let earlier = later.before(1);
        let (one, other) = (of(earlier).filter(low)?, of(later).filter(low)?);
        let sure = wilson(one.and(other)).high < rules.alert_below;
        let say = |rate: Rate| format!("{} of {}", rate.good, rate.n);
        sure.then(|| {
            let limit = percent(rules.alert_below);
            format!("{} in {earlier} and {} in {later}: below {limit} two weeks running", say(one), say(other))
        })
    })
}

fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Alert, BelowTarget, ChangePrompts, OnTarget, SwitchGenerator, TooFew};
    use super::*;

    fn now() -> Week {
        Week::of("2026-11-26T12:00:00Z".parse().expect("a time"))
    }

    /// (weeks ago, accepted, judged)
    fn weeks(rates: &[(u32, u64, u64)]) -> Vec<Weekly> {
        rates
            .iter()
            .map(|(ago, good, n)| Weekly { week: now().before(*ago), rate: Rate { good: *good, n: *n } })
            .collect()
    }

    #[test]
    fn rules_speak_only_when_the_figures_carry_it() {
        type Row = (Subject, &'static [(u32, u64, u64)], Verdict, usize);
        let table: [Row; 17] = [
            (Subject::Generator, &[], TooFew, 1),
            // Three pictures raise no alarm, whatever they are.
            (Subject::Generator, &[(0, 0, 3)], TooFew, 1),
            (Subject::Generator, &[(0, 3, 3)], TooFew, 1),
            (Subject::Generator, &[(0, 40, 50)], OnTarget, 1),
            (Subject::Generator, &[(0, 39, 50)], BelowTarget, 1),
            // 58%: the interval ends at 69%.
            (Subject::Generator, &[(0, 29, 50)], TooFew, 1),
            // 48%: it ends at 59.4%.
            (Subject::Generator, &[(0, 24, 50)], ChangePrompts, 1),
            (Subject::Generator, &[(0, 2, 20), (2, 3, 20)], SwitchGenerator, 2),
            (Subject::Prompt, &[(0, 2, 20), (2, 3, 20)], ChangePrompts, 1),
            // Two weeks running at 60%: 36 of 60 together, up to 69.7%.
            (Subject::Generator, &[(0, 18, 30), (1, 18, 30)], Alert, 1),
            (Subject::Generator, &[(1, 18, 30), (2, 18, 30)], Alert, 1),
            // Too long ago, not neighbours, one week good, too few in one, and an interval that reaches above.
            (Subject::Generator, &[(2, 18, 30), (3, 18, 30)], BelowTarget, 1),
            (Subject::Generator, &[(0, 18, 30), (2, 18, 30)], BelowTarget, 1),
            (Subject::Generator, &[(0, 18, 30), (1, 21, 30)], BelowTarget, 1),
            (Subject::Generator, &[(0, 5, 9), (1, 38, 60)], BelowTarget, 1),
            (Subject::Generator, &[(0, 13, 20), (1, 13, 20)], BelowTarget, 1),
            // All of them at once.
            (Subject::Generator, &[(0, 3, 30), (1, 3, 30)], SwitchGenerator, 3),
        ];
        for (subject, rates, verdict, reasons) in table {
            let found = judge(subject, &weeks(rates), now(), &Rules::default());
            assert_eq!(found.verdict, verdict, "{rates:?}: {found:?}");
            assert_eq!(found.reasons.len(), reasons, "{rates:?}: {found:?}");
        }
    }

    #[test]
    fn reasons_hold_the_figures() {
        let found = judge(Subject::Generator, &weeks(&[(0, 24, 50)]), now(), &Rules::default());
        assert_eq!(found.reasons, ["24 of 50 accepted (48%), 37% to 59% at 90%: below 60%, change the prompts"]);
        let found = judge(Subject::Prompt, &weeks(&[(1, 18, 30), (0, 18, 30)]), now(), &Rules::default());
        assert_eq!(found.reasons, ["18 of 30 in 2026-W47 and 18 of 30 in 2026-W48: below 70% two weeks running"]);
    }
}

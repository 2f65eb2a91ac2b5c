//! Go or no-go: what a place on the subnet costs, what it may bring, and what can go wrong.

use serde::Serialize;

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;
/// A place that has not paid for itself by then is no business: the announced period of a model is as long.
const PATIENCE_DAYS: f64 = 90.0;

/// What the chain says of the business, at one block. Amounts in rao (10^-9 TAO or alpha).
#[derive(Clone, Debug, Default)]
pub(crate) struct Market {
    /// What a registration costs now; 0 for who is registered already.
    pub(crate) cost_rao: u64,
    /// What the coldkey has, where it is known.
    pub(crate) balance_rao: Option<u64>,
    /// What the user is willing to pay.
    pub(crate) cap_rao: Option<u64>,
    /// TAO for one alpha.
    pub(crate) price: Option<f64>,
    /// Seconds between two payouts.
    pub(crate) payout_s: f64,
    /// Alpha of the last payout, one number a miner (neurons without a validator's permit).
    pub(crate) miners: Vec<f64>,
    /// Places, and how many are taken; a full subnet prunes the weakest for a newcomer.
    pub(crate) places: Option<(usize, usize)>,
    /// Seconds in which a newcomer is not pruned.
    pub(crate) immunity_s: f64,
}

/// What the home says of the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// The serving release.
    pub(crate) release: Option<String>,
    /// Whether it learned from procedural scenes only.
    pub(crate) is_tiny: bool,
    /// Expected reward of its newest exam, and the pictures it was asked about.
    pub(crate) exam: Option<(f64, String)>,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Verdict {
    /// Whether nothing stands against it.
    pub(crate) go: bool,
    /// Registration, TAO.
    pub(crate) cost_tao: f64,
    /// TAO a day of a miner at the first quartile, the median and the third; none where no miner or no price is known.
    pub(crate) daily_tao: Option<[f64; 3]>,
    /// Days until the median miner has earned the registration.
    pub(crate) break_even_days: Option<f64>,
    /// Expected reward by the exam.
    pub(crate) reward: Option<f64>,
    /// What stands against it.
    pub(crate) against: Vec<String>,
    /// What can go wrong all the same.
    pub(crate) risks: Vec<String>,
}

/// Weighs the two; `real` is false for a chain of one's own, where nothing is worth money.
pub(crate) fn weigh(market: &Market, model: &Model, real: bool) -> Verdict {
    let daily_tao = daily(market);
    let cost_tao = market.cost_rao as f64 / 1e9;
    let break_even_days = daily_tao.map(|[_, median, _]| median).filter(|m| *m > 0.0).map(|m| cost_tao / m);
    let mut verdict = Verdict {
        go: false,
        cost_tao,
        daily_tao,
        break_even_days,
        reward: model.exam.as_ref().map(|(reward, _)| *reward),
        against: against(market, model, real),
        risks: risks(market, model, real),
    };
    if real && cost_tao > 0.0 {
        match break_even_days {
            Some(days) if days > PATIENCE_DAYS => verdict.against.push(format!(
                "the median miner earns the registration in {days:.0} days, more than {PATIENCE_DAYS:.0}"
            )),
            None if daily_tao.is_some() => verdict.against.push("the median miner earns nothing".to_owned()),
            _ => {}
        }
    }
    verdict.go = verdict.against.is_empty();
    verdict
}

/// Quartiles of what miners earn a day, in TAO at today's price.
fn daily(market: &Market) -> Option<[f64; 3]> {
    let price = market.price?;
    let mut sorted = market.miners.clone();
    if sorted.is_empty() || market.payout_s <= 0.0 {
        return None;
    }
    sorted.sort_by(f64::total_cmp);
    let at = |q: f64| sorted[((sorted.len() - 1) as f64 * q).round() as usize] * price * DAY_S / market.payout_s;
    Some([at(0.25), at(0.5), at(0.75)])
}

fn against(market: &Market, model: &Model, real: bool) -> Vec<String> {
    let tao = |rao: u64| format!("{:.4} TAO", rao as f64 / 1e9);
    let mut against = Vec::new();
    if let Some(cap) = market.cap_rao.filter(|cap| *cap < market.cost_rao) {
        against.push(format!("the registration costs {}, your cap is {}", tao(market.cost_rao), tao(cap)));
    }
    if let Some(balance) = market.balance_rao.filter(|balance| *balance < market.cost_rao) {
        against.push(format!("the registration costs {}, the coldkey has {}", tao(market.cost_rao), tao(balance)));
    }
    if model.release.is_none() {
        against.push("there is no release: every answer would be -1".to_owned());
    }
    if real && model.is_tiny {
        against.push("hivis-tiny has never seen a real street: import or train a model first".to_owned());
    }
    against
}

fn risks(market: &Market, model: &Model, real: bool) -> Vec<String> {
    let mut risks = Vec::new();
    match &model.exam {
        None => risks.push("no exam was sat with this release: its reward is not known".to_owned()),
        Some((_, pictures)) if pictures == "scenes" => {
            risks.push("the exam asked about procedural scenes: it says nothing of real streets".to_owned());
        }
        Some(_) => {}
    }
    if !real {
        return risks;
    }
    if let Some((_, taken)) = market.places.filter(|(places, taken)| taken >= places) {
        let days = market.immunity_s / DAY_S;
        risks.push(format!(
            "all {taken} places are taken: after {days:.1} days of immunity the weakest is pruned for the next newcomer"
        ));
    }
    if market.price.is_none() || market.miners.is_empty() {
        risks.push("what miners earn is not known".to_owned());
    }
    risks.push("emission is paid in alpha: its price moves, and validators may change their rules any day".to_owned());
    risks.push(
        "a miner that validators cannot reach earns nothing: port and address must be open from outside".to_owned(),
    );
    risks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn market() -> Market {
        Market {
            cost_rao: 500_000_000,
            balance_rao: Some(2_000_000_000),
            cap_rao: Some(1_000_000_000),
            price: Some(0.02),
            payout_s: 4320.0,
            miners: vec![0.0, 1.0, 2.0, 3.0, 4.0],
            places: Some((256, 256)),
            immunity_s: 2.0 * DAY_S,
        }
    }

    fn model() -> Model {
        Model { release: Some("r".to_owned()), is_tiny: false, exam: Some((0.7, "home".to_owned())) }
    }

    #[test]
    fn a_fair_business_is_a_go_and_its_figures_add_up() {
        let verdict = weigh(&market(), &model(), true);
        assert!(verdict.go, "{verdict:?}");
        // 20 payouts a day, 2 alpha each at the median, 0.02 TAO an alpha.
        let [low, median, high] = verdict.daily_tao.expect("all is known");
        assert!((low - 0.4).abs() < 1e-9 && (median - 0.8).abs() < 1e-9 && (high - 1.2).abs() < 1e-9);
        assert!((verdict.break_even_days.expect("it earns") - 0.625).abs() < 1e-9);
        assert!(verdict.risks.iter().any(|risk| risk.contains("2.0 days of immunity")), "{:?}", verdict.risks);
    }

    #[test]
    fn each_thing_against_it_is_named() {
        let check = |market: Market, model: Model, words: &str| {
            let verdict = weigh(&market, &model, true);
            assert!(!verdict.go && verdict.against.iter().any(|a| a.contains(words)), "{words}: {verdict:?}");
        };
        check(Market { cap_rao: Some(1), ..market() }, model(), "your cap is");
        check(Market { balance_rao: Some(1), ..market() }, model(), "the coldkey has");
        check(Market { price: Some(1e-6), ..market() }, model(), "more than 90");
        check(Market { miners: vec![0.0; 9], ..market() }, model(), "earns nothing");
        check(market(), Model { release: None, ..model() }, "every answer would be -1");
        check(market(), Model { is_tiny: true, ..model() }, "never seen a real street");
    }

    #[test]
    fn what_is_not_known_is_said_and_nothing_is_made_up() {
        let verdict = weigh(&Market { price: None, ..market() }, &model(), true);
        assert_eq!((verdict.go, verdict.daily_tao, verdict.break_even_days), (true, None, None));
        assert!(verdict.risks.iter().any(|risk| risk.contains("not known")));
        let local = weigh(&Market::default(), &Model { is_tiny: true, ..model() }, false);
        assert!(local.go && local.risks.is_empty(), "{local:?}");
    }

    #[test]
    fn who_is_registered_pays_nothing_more() {
        let verdict = weigh(&Market { cost_rao: 0, balance_rao: Some(0), ..market() }, &model(), true);
        assert!(verdict.go && verdict.break_even_days == Some(0.0), "{verdict:?}");
    }
}

//! What came in today and in the last 7 days, from the readings that the ledger keeps.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_console::{Earned, Money};
use hivis_store::{Ledger, LogMatches};
use hivis_types::Hotkey;
use jiff::Timestamp;

use crate::config::Settings;
use crate::earnings::days::{Day, days};
use crate::earnings::{Known, Span};
use crate::money::{MICRO, RAO, short};

/// Days of the longer span, today included.
const DAYS: u32 = 7;

/// What the ledger knows; nothing is asked of the chain here.
pub(crate) async fn earned(
    ledger: &Ledger,
    settings: &Settings,
    hotkey: Option<&Hotkey>,
    now: Timestamp,
) -> Result<Earned> {
    let missing = |said: &str| Earned { missing: Some(said.to_owned()), ..Earned::default() };
    let Some(hotkey) = hotkey else {
        return Ok(missing("Earnings are not known: the configured hotkey cannot be read (hivis wallet)."));
    };
    let span = Span::last(DAYS, now);
    let known = Known {
        hotkey: hotkey.clone(),
        readings: ledger.readings(Some(hotkey), span.begin()).await?,
        promotions: Vec::new(),
        points: Vec::new(),
        matches: LogMatches::default(),
        exams: BTreeMap::new(),
        tao_usd_micro: settings.earnings.tao_usd_micro,
    };
    if known.readings.is_empty() {
        return Ok(missing(
            "No payout was looked at in 7 days: the server reads them once [chain] network is set, and so does `hivis earnings`.",
        ));
    }
    let days = days(&known, &[], span);
    let today = days.last().map(std::slice::from_ref).unwrap_or_default();
    Ok(Earned { today: sum(today), week: sum(&days), missing: None })
}

/// `None` when no payout of these days was looked at.
fn sum(days: &[Day]) -> Option<Money> {
    let read: u64 = days.iter().map(|day| day.payouts_read).sum();
    let due: u64 = days.iter().map(|day| day.payouts_due).sum();
    if read == 0 {
        return None;
    }
    let of = |field: fn(&Day) -> Option<u64>| -> u64 { days.iter().filter_map(field).sum() };
    // A day without a price would make the sum too small: then none is told.
    let paid = || days.iter().filter(|day| day.payouts_read > 0);
    let priced = paid().all(|day| day.tao_about_rao.is_some());
    let dollars = paid().all(|day| day.usd_about_micro.is_some());
    Some(Money {
        alpha: short(of(|day| day.emission_about_rao), RAO, 3),
        tao: priced.then(|| short(of(|day| day.tao_about_rao), RAO, 4)),
        usd: dollars.then(|| short(of(|day| day.usd_about_micro), MICRO, 2)),
        payouts: if read == due { format!("{read} payouts") } else { format!("about: {read} of {due} payouts seen") },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(read: u64, due: u64, rao: u64, tao: Option<u64>) -> Day {
        Day {
            date: jiff::civil::date(2026, 11, 27),
            readings: 1,
            incentive_mean: None,
            incentive_last: None,
            rank: None,
            miners: None,
            payouts_read: read,
            payouts_due: due,
            emission_read_rao: rao,
            emission_about_rao: (read > 0).then_some(rao),
            tao_about_rao: tao,
            usd_about_micro: tao.map(|tao| tao / 1000 * 400),
            log: None,
            releases: Vec::new(),
        }
    }

    #[test]
    fn sums_say_what_they_rest_on() {
        assert_eq!(sum(&[]), None);
        assert_eq!(sum(&[day(0, 20, 0, None)]), None);
        let whole = sum(&[day(20, 20, 1_500_000_000, Some(75_000_000)), day(0, 0, 0, None)]).expect("money");
        assert_eq!(
            (whole.alpha.as_str(), whole.tao.as_deref(), whole.usd.as_deref()),
            ("1.500", Some("0.0750"), Some("30.00"))
        );
        assert_eq!(whole.payouts, "20 payouts");
        let part = sum(&[day(1, 20, 1_500_000_000, Some(1)), day(1, 20, 500_000_000, None)]).expect("money");
        assert_eq!((part.alpha.as_str(), part.tao, part.usd), ("2.000", None, None));
        assert!(part.payouts.contains("2 of 40"), "{}", part.payouts);
    }
}

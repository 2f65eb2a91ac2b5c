//! What comes in and what goes out, by day, and what the month may end at.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_console::system::{MoneyView, ProfitDay, Projection, PurposeLine};
use hivis_store::{Ledger, LogMatches, NeuronReading};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use crate::config::Settings;
use crate::earnings::{Known, Span, day_of, days};

/// Days that are shown.
const SHOWN: u32 = 14;
/// Whole days that a projection goes by.
const BASIS: usize = 7;
/// The purpose that has caps.
const CAPPED: &str = "synth";

/// Spend by purpose, profit by day, the projection.
pub(super) async fn look(ledger: &Ledger, settings: &Settings, now: Timestamp) -> Result<MoneyView> {
    let today = day_of(now);
    let span = Span::last(SHOWN.max(today.day() as u32 + BASIS as u32), now);
    let mut purposes = ledger.purposes().await?;
    if !purposes.iter().any(|purpose| purpose == CAPPED) {
        purposes.push(CAPPED.to_owned());
    }
    let (mut lines, mut spent) = (Vec::new(), BTreeMap::<Date, i64>::new());
    for purpose in purposes {
        let tally = ledger.spent(&purpose, now).await?;
        for (day, usd) in ledger.spent_by_day(&purpose, span.begin()).await? {
            *spent.entry(day).or_default() += usd.0;
        }
        let caps = (purpose == CAPPED).then_some(settings.synth.caps);
        lines.push(PurposeLine {
            week_micro: tally.week.usd.0,
            week_cap_micro: caps.map(|caps| caps.week.usd.0),
            month_micro: tally.month.usd.0,
            month_cap_micro: caps.map(|caps| caps.month.usd.0),
            open_micro: tally.month.open.0,
            purpose,
        });
    }
    let readings = ledger.readings(None, span.begin()).await?;
    let earned = earned(&readings, settings, span);
    let days: Vec<ProfitDay> = span
        .first
        .series(1.day())
        .take_while(|date| *date <= today)
        .map(|date| {
            let (earned, spent) = (earned.get(&date).copied(), spent.get(&date).copied().unwrap_or(0));
            let profit = earned.map(|earned| earned - spent);
            ProfitDay { date: date.to_string(), earned_micro: earned, spent_micro: spent, profit_micro: profit }
        })
        .collect();
    let mut notes = Vec::new();
    if settings.earnings.tao_usd_micro.is_none() {
        notes.push("Earnings have no dollars: earnings.tao_usd says what a TAO is worth.".to_owned());
    }
    if readings.is_empty() {
        notes.push(
            "Nobody has read what the neuron earned in these days: hivis earnings does, once an hour is enough."
                .to_owned(),
        );
    }
    let projection = projection(&days, today);
    let shown = days.len().saturating_sub(SHOWN as usize);
    Ok(MoneyView { purposes: lines, days: days[shown..].to_vec(), projection, notes })
}

/// Micro-dollars by day, of the neuron that was read last.
fn earned(readings: &[NeuronReading], settings: &Settings, span: Span) -> BTreeMap<Date, i64> {
    let Some(hotkey) = readings.last().map(|reading| reading.hotkey.clone()) else { return BTreeMap::new() };
    let known = Known {
        readings: readings.iter().filter(|reading| reading.hotkey == hotkey).cloned().collect(),
        hotkey,
        promotions: Vec::new(),
        points: Vec::new(),
        matches: LogMatches::default(),
        exams: BTreeMap::new(),
        tao_usd_micro: settings.earnings.tao_usd_micro,
    };
    let days = days::days(&known, &[], span);
    days.into_iter().filter_map(|day| Some((day.date, i64::try_from(day.usd_about_micro?).ok()?))).collect()
}

/// This month's end: what is known of it, and for the rest the mean of the last whole days.
fn projection(days: &[ProfitDay], today: Date) -> Projection {
    let month = today.first_of_month().to_string();
    let today_text = today.to_string();
    let whole: Vec<&ProfitDay> = days.iter().filter(|day| day.date < today_text).collect();
    let last = &whole[whole.len().saturating_sub(BASIS)..];
    let mean =
        |values: &[i64]| if values.is_empty() { None } else { Some(values.iter().sum::<i64>() / values.len() as i64) };
    let spend = mean(&last.iter().map(|day| day.spent_micro).collect::<Vec<_>>()).unwrap_or(0);
    let profits: Vec<i64> = last.iter().filter_map(|day| day.profit_micro).collect();
    let of_month = || days.iter().filter(|day| day.date >= month);
    let left = i64::from(today.days_in_month() - today.day());
    // Today is not over: what it has seen counts, and no mean on top.
    let spend_micro = of_month().map(|day| day.spent_micro).sum::<i64>() + spend * left;
    let known: Vec<i64> = of_month().filter(|day| day.date < today_text).filter_map(|day| day.profit_micro).collect();
    let unknown = i64::from(today.days_in_month()) - known.len() as i64;
    let profit_micro = mean(&profits).map(|mean| known.iter().sum::<i64>() + mean * unknown);
    let profit = if profits.is_empty() {
        "Profit: no day's earnings are known to go by.".to_owned()
    } else {
        format!(
            "Profit: the days of this month whose earnings are known, and for each other the mean of the {} known ones \
             among those last days.",
            profits.len()
        )
    };
    let how = format!(
        "Spend: what this month has seen, and for each of its {left} days to come the mean of the last {} whole days. \
         {profit}",
        last.len()
    );
    Projection { spend_micro, profit_micro, how }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_month_ends_at_what_is_known_and_means_for_the_rest() {
        let day = |d: i8, earned: Option<i64>, spent: i64| ProfitDay {
            date: date(2026, 11, d).to_string(),
            earned_micro: earned,
            spent_micro: spent,
            profit_micro: earned.map(|earned| earned - spent),
        };
        // Two whole days of November, the third is today; 27 days are left.
        let days = [day(1, Some(10), 2), day(2, None, 4), day(3, Some(1), 1)];
        let found = projection(&days, date(2026, 11, 3));
        assert_eq!(found.spend_micro, 2 + 4 + 1 + 3 * 27);
        // 8 are known of the first; the mean of what is known is 8, for 29 days.
        assert_eq!(found.profit_micro, Some(8 + 8 * 29));
        assert!(found.how.contains("27 days") && found.how.contains("last 2 whole days"), "{}", found.how);
        assert_eq!(projection(&[day(1, None, 0)], date(2026, 11, 1)).profit_micro, None);
    }
}

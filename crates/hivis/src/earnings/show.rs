//! The report for people and for spreadsheets.

use std::fmt::Write as _;

use anyhow::{Context, Result};

use super::Report;
use super::changes::{Change, Side};
use super::days::Day;
use crate::money::{self, MICRO, RAO};
use crate::table::table;

const NONE: &str = "-";

/// Tables and what to know about them.
pub(crate) fn text(report: &Report) -> String {
    let mut out = String::new();
    let rows: Vec<Vec<String>> = report.days.iter().map(row).collect();
    let headings =
        ["day (UTC)", "incentive", "last", "rank", "alpha", "TAO", "USD", "payouts", "logged reward", "release"];
    let used: Vec<bool> =
        (0..headings.len()).map(|column| column < 5 || rows.iter().any(|row| row[column] != NONE)).collect();
    let keep = |row: Vec<String>| -> Vec<String> {
        row.into_iter().zip(&used).filter(|(_, used)| **used).map(|(cell, _)| cell).collect()
    };
    let kept: Vec<&str> = headings.into_iter().zip(&used).filter(|(_, used)| **used).map(|(h, _)| h).collect();
    out.push_str(&table(&kept, &rows.into_iter().map(keep).collect::<Vec<_>>()));
    let total = &report.total;
    let _ = writeln!(
        out,
        "\n{} of {} payouts were looked at, on {} of {} days; they gave {} alpha",
        total.payouts_read,
        total.payouts_due,
        total.days_read,
        report.days.len(),
        money::short(total.emission_rao, RAO, 4)
    );
    if total.payouts_read < total.payouts_due {
        out.push_str("~ is the mean of the day's payouts that were looked at, times its payouts; - is not known\n");
    }
    if let Some(gap) = report.gaps.iter().max_by_key(|gap| gap.payouts) {
        let time = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
        let (from, until) = (time(gap.from), time(gap.until));
        let _ = writeln!(out, "longest gap: {from} to {until} UTC, {} payouts", gap.payouts);
    }
    for (release, exam) in &report.exams {
        let _ = writeln!(
            out,
            "own exam of {release}: expected reward {:.3} ({:.3} to {:.3})",
            exam.reward, exam.low, exam.high
        );
    }
    let log = &report.log;
    if log.rows > 0 {
        let _ = writeln!(
            out,
            "validators' log: {} challenges; {} matched with a record, {} ambiguous and left out, {} without a record, {} unanswered",
            log.rows, log.matched, log.ambiguous, log.unmatched, log.unanswered
        );
    }
    if !report.changes.is_empty() {
        let rows: Vec<Vec<String>> = report.changes.iter().map(change).collect();
        let headings = [
            "change (UTC)",
            "from",
            "to",
            "incentive before",
            "after",
            "difference",
            "reward before",
            "after",
            "difference",
        ];
        let _ = write!(out, "\n{}", table(&headings, &rows));
        out.push_str(
            "(n in d days). Other miners, validators and pictures change too: a difference has no known cause.\n",
        );
    }
    out
}

fn row(day: &Day) -> Vec<String> {
    let about = if day.payouts_read < day.payouts_due { "~" } else { "" };
    let or = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
    let amount =
        |units: Option<u64>, digits, shown| or(units.map(|u| format!("{about}{}", money::short(u, digits, shown))));
    vec![
        day.date.to_string(),
        or(day.incentive_mean.map(|i| format!("{i:.5}"))),
        or(day.incentive_last.map(|i| format!("{i:.5}"))),
        or(day.rank.zip(day.miners).map(|(rank, miners)| format!("{rank}/{miners}"))),
        amount(day.emission_about_rao, RAO, 4),
        amount(day.tao_about_rao, RAO, 5),
        amount(day.usd_about_micro, MICRO, 2),
        if day.payouts_due == 0 { NONE.to_owned() } else { format!("{}/{}", day.payouts_read, day.payouts_due) },
        or(day.log.and_then(|log| log.reward.map(|reward| format!("{reward:.3} ({})", log.asked)))),
        if day.releases.is_empty() { NONE.to_owned() } else { day.releases.join(", ") },
    ]
}

fn change(change: &Change) -> Vec<String> {
    let none = || NONE.to_owned();
    let incentive =
        |s: &Side| s.incentive.map_or_else(none, |mean| format!("{mean:.5} ({} in {:.1} d)", s.readings, s.days));
    let reward = |s: &Side| s.reward.map_or_else(none, |mean| format!("{mean:.3} ({} in {:.1} d)", s.rewards, s.days));
    vec![
        change.at.strftime("%Y-%m-%d %H:%M").to_string(),
        change.from.to_string(),
        change.to.to_string(),
        incentive(&change.before),
        incentive(&change.after),
        change.incentive_difference.map_or_else(none, |d| format!("{d:+.5}")),
        reward(&change.before),
        reward(&change.after),
        change.reward_difference.map_or_else(none, |d| format!("{d:+.3}")),
    ]
}

/// One line a day; amounts with all their digits, an empty field for what is not known.
pub(crate) fn csv(report: &Report) -> Result<String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "date",
        "readings",
        "incentive_mean",
        "incentive_last",
        "rank",
        "miners",
        "payouts_read",
        "payouts_due",
        "alpha_read",
        "alpha_about",
        "tao_about",
        "usd_about",
        "log_asked",
        "log_answered",
        "log_reward",
        "log_right",
        "releases",
    ])?;
    let float = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
    let amount = |units: Option<u64>, digits| units.map_or_else(String::new, |u| money::exact(u, digits));
    for day in &report.days {
        out.write_record([
            day.date.to_string(),
            day.readings.to_string(),
            float(day.incentive_mean),
            float(day.incentive_last),
            day.rank.map_or_else(String::new, |r| r.to_string()),
            day.miners.map_or_else(String::new, |m| m.to_string()),
            day.payouts_read.to_string(),
            day.payouts_due.to_string(),
            amount((day.payouts_read > 0).then_some(day.emission_read_rao), RAO),
            amount(day.emission_about_rao, RAO),
            amount(day.tao_about_rao, RAO),
            amount(day.usd_about_micro, MICRO),
            day.log.map_or_else(String::new, |log| log.asked.to_string()),
            day.log.map_or_else(String::new, |log| log.answered.to_string()),
            float(day.log.and_then(|log| log.reward)),
            float(day.log.and_then(|log| log.right)),
            day.releases.join(" "),
        ])?;
    }
    let bytes = out.into_inner().context("the table cannot be written")?;
    String::from_utf8(bytes).context("the table is no text")
}

//! Rank and releases for the terminal.

use std::fmt::Write as _;

use super::Report;
use super::releases::{Change, Verdict};
use crate::table::table;

/// Rao of one alpha.
const RAO: f64 = 1e9;

fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// Where we stand, and the days.
pub(crate) fn text(report: &Report) -> String {
    let mut text = String::new();
    match &report.chain {
        Some(chain) => {
            let ours = &chain.ours;
            let rank = ours
                .rank
                .map_or_else(|| "no miner".to_owned(), |rank| format!("rank {rank} of {} miners", ours.miners));
            let _ = writeln!(
                text,
                "chain, block {}: {rank}, incentive {:.5}, {:.3} alpha at the last payout",
                ours.block,
                ours.incentive,
                ours.emission_rao as f64 / RAO
            );
            let _ = writeln!(text, "{}", chain.door());
        }
        None => text += "the chain's figures are not known: `hivis rank` reads them where [chain] network is set\n",
    }
    if let Some(theirs) = &report.taostats {
        let _ = writeln!(
            text,
            "TaoStats, block {} ({}): rank {} of {}, incentive {:.5}, {:.3} alpha",
            theirs.block,
            theirs.said_at.strftime("%Y-%m-%d %H:%M UTC"),
            theirs.rank,
            theirs.miners,
            theirs.incentive,
            theirs.emission_rao as f64 / RAO
        );
        if let Some(apart) = &theirs.difference {
            let _ = writeln!(
                text,
                "  TaoStats less the chain: {:+} blocks, rank {}, incentive {:+.5}, {:+.3} alpha",
                apart.blocks,
                apart.rank.map_or_else(|| "-".to_owned(), |rank| format!("{rank:+}")),
                apart.incentive,
                apart.emission_rao as f64 / RAO
            );
        }
    }
    if report.days.is_empty() {
        return text + "no day has a reading yet: each call keeps one, and so does a server that follows the chain\n";
    }
    let rows: Vec<Vec<String>> = report
        .days
        .iter()
        .map(|day| {
            vec![
                day.date.to_string(),
                or_dash(day.rank),
                or_dash(day.miners),
                or_dash(day.incentive.map(|share| format!("{share:.5}"))),
                day.readings.to_string(),
                or_dash(day.seen_rank),
                or_dash(day.seen_incentive.map(|share| format!("{share:.5}"))),
            ]
        })
        .collect();
    text += &table(&["day (UTC)", "rank", "miners", "incentive", "readings", "TaoStats", "its incentive"], &rows);
    for change in &report.changes {
        let _ = writeln!(text, "{}  {} began to serve", change.at.strftime("%Y-%m-%d %H:%M"), change.release);
    }
    text
}

/// One line of a verdict.
pub(crate) fn verdict(change: &Change) -> String {
    let by = change.by.map_or_else(String::new, |by| format!(" (by {by})"));
    match &change.verdict {
        Verdict::Helped => format!("it helped{by}"),
        Verdict::Hurt => format!("it hurt{by}"),
        Verdict::NoDifferenceSeen => format!("no difference seen{by}"),
        Verdict::TooEarly { days } => format!("too early to say: {days} more days with a reading"),
        Verdict::CannotBeSaid { why } => format!("it cannot be said: {why}"),
    }
}

/// Each change with its measures.
pub(crate) fn changes(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "no release took the place of another yet\n".to_owned();
    }
    let mut text = String::new();
    for change in changes {
        let _ = writeln!(text, "{}  {} -> {}", change.at.strftime("%Y-%m-%d %H:%M UTC"), change.from, change.to);
        let _ = writeln!(text, "  {}", verdict(change));
        let known =
            change.measures.iter().filter(|measure| measure.compared.before.days + measure.compared.after.days > 0);
        let rows: Vec<Vec<String>> = known
            .map(|measure| {
                let number = |value: Option<f64>| or_dash(value.map(|value| format!("{value:.5}")));
                let (before, after) = (&measure.compared.before, &measure.compared.after);
                let difference = measure.compared.difference;
                vec![
                    format!("  {}", measure.name),
                    format!("{} ({} days)", number(before.mean), before.days),
                    format!("{} ({} days)", number(after.mean), after.days),
                    difference.map_or_else(
                        || "-".to_owned(),
                        |d| format!("{:+.5} ({:+.5} to {:+.5})", d.point, d.low, d.high),
                    ),
                ]
            })
            .collect();
        if !rows.is_empty() {
            text += &table(&["  measure", "before", "after", "difference (90% interval)"], &rows);
        }
        for beside in &change.beside {
            let _ = writeln!(text, "  meanwhile: {beside}");
        }
    }
    text + "a difference is no proof that the release made it\n"
}

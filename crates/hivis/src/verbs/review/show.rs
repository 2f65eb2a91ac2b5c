//! Reviews as text for a person.

use std::fmt::Write as _;

use hivis_store::{Decision, Review, ReviewCounts, ReviewState, ReviewStory, ReviewVerdict, Settled};
use hivis_types::Label;

use crate::reviewing::{AgreementRow, RateRow, Rates};
use crate::table::table;

/// A label in the subnet's words.
pub(super) fn word(label: Label) -> &'static str {
    match label {
        Label::Roadwork => "roadwork",
        Label::Clear => "none",
    }
}

/// The queue as a table, and how much of it there is.
pub(super) fn list(reviews: &[Review], counts: ReviewCounts) -> String {
    let row = |review: &Review| {
        vec![
            review.number.to_string(),
            review.id.to_string()[..12].to_owned(),
            review.why.as_str().to_owned(),
            review.asked.map_or("-", word).to_owned(),
            review.state.as_str().to_owned(),
            review.wanted.to_string(),
            format!("{:.2}", review.priority),
            review.queued.strftime("%Y-%m-%d %H:%M").to_string(),
        ]
    };
    let rows: Vec<_> = reviews.iter().map(row).collect();
    let headings = ["review", "picture", "why", "asked for", "state", "looks", "priority", "queued (UTC)"];
    let mut out = if rows.is_empty() { String::new() } else { table(&headings, &rows) + "\n" };
    let ReviewCounts { open, second, conflict, accepted, rejected, skipped } = counts;
    let _ = writeln!(
        out,
        "{open} open, {second} for a second look, {conflict} in conflict; {accepted} accepted, {rejected} rejected, {skipped} skipped"
    );
    if counts == ReviewCounts::default() {
        out.push_str("nothing was queued yet: `hivis review fill` queues what there is\n");
    }
    out
}

/// A picture before it is decided: what it is and what was asked, without what others decided.
pub(super) fn question(story: &ReviewStory) -> String {
    let review = &story.review;
    let mut out = format!("review {}: {} ({})\n", review.number, review.path.display(), review.why.as_str());
    let mut line = |name: &str, text: &str| {
        let _ = writeln!(out, "  {name:<9} {text}");
    };
    line("sha256", &review.id.to_string());
    if let Some(made) = &story.generated {
        line("asked for", review.asked.map_or("-", word));
        line("prompt", &made.prompt.escape_debug().to_string());
        line("made by", &format!("{}, {}, {}, seed {}", made.generator, made.model, made.mode, made.seed));
        line("of", &made.prompt_id);
        if let Some(parent) = &made.parent {
            line("varies", parent);
        }
        if !made.slices.is_empty() {
            line("slices", &made.slices.join(", "));
        }
    }
    if let Some(record) = review.record {
        let answered = story.probability.map_or_else(String::new, |p| format!(", answered {p:.3}"));
        line("record", &format!("{record}{answered}"));
    }
    if !story.reasons.is_empty() {
        line("hard for", &story.reasons.join(", "));
    }
    for said in &story.words {
        line("label", &format!("{} says {}", said.source.escape_debug(), word(said.label)));
    }
    if review.wanted > 1 || matches!(review.state, ReviewState::Second) {
        line("looks", "two people look at this one");
    }
    out
}

/// Everything, decisions included.
pub(super) fn told(story: &ReviewStory) -> String {
    let mut out = question(story);
    let _ = writeln!(out, "  {:<9} {}", "state", story.review.state.as_str());
    if let Some((name, until)) = &story.held {
        let _ = writeln!(out, "  {:<9} {name} until {}", "shown to", until.strftime("%Y-%m-%d %H:%M:%S UTC"));
    }
    for decision in &story.decisions {
        let _ = writeln!(out, "  {}", decided(decision));
    }
    out
}

fn decided(decision: &Decision) -> String {
    let mut out = format!(
        "{}  {} {}",
        decision.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        decision.reviewer,
        decision.verdict.as_str()
    );
    if let Some(label) = decision.label {
        let _ = write!(out, " as {}", word(label));
    }
    if let Some(reason) = decision.reason {
        let _ = write!(out, " for {}", reason.as_str());
    }
    if let Some(source) = &decision.contradicts {
        let _ = write!(out, ", against {}", source.escape_debug());
    }
    if let Some(note) = &decision.note {
        let _ = write!(out, ": {}", note.escape_debug());
    }
    if let (Some(at), Some(by)) = (decision.undone, &decision.undone_by) {
        let _ = write!(out, " (undone by {by} at {})", at.strftime("%Y-%m-%d %H:%M:%S UTC"));
    }
    out
}

/// What a decision came to.
pub(super) fn settled(settled: &Settled) -> String {
    let number = settled.number;
    let against = settled.contradicts.as_ref().map_or_else(String::new, |source| {
        format!(" (it contradicts {}, so another person must look)", source.escape_debug())
    });
    match (settled.state, settled.label) {
        (ReviewState::Accepted, Some(label)) => format!("review {number} is accepted as {}\n", word(label)),
        (ReviewState::Second, _) => format!("review {number} waits for a second look{against}\n"),
        (ReviewState::Conflict, _) => format!("review {number}: two people differ, a third must decide\n"),
        (state, _) => format!("review {number} is {}\n", state.as_str()),
    }
}

/// What an undoing came to.
pub(super) fn undone(settled: &Settled) -> String {
    let verdict = match settled.verdict {
        ReviewVerdict::Accept => "accept",
        ReviewVerdict::Reject => "reject",
        ReviewVerdict::Skip => "skip",
    };
    format!("undid the {verdict} of {}; review {} is {}\n", settled.reviewer, settled.number, settled.state.as_str())
}

/// Rates as a table, generators with their prompts below them, and what the rules say.
pub(super) fn rates(rates: &Rates) -> String {
    if rates.rows.is_empty() {
        return format!("no generated picture was decided since {}\n", rates.since);
    }
    let row = |row: &RateRow| {
        let judgement = &row.judgement;
        vec![
            row.prompt.as_ref().map_or_else(|| row.generator.clone(), |prompt| format!("  {prompt}")),
            judgement.rate.n.to_string(),
            judgement.rate.good.to_string(),
            row.relabelled.to_string(),
            judgement.rate.share().map_or_else(|| "-".to_owned(), |share| format!("{:.0}%", 100.0 * share)),
            format!("{:.0}-{:.0}%", 100.0 * judgement.interval.low, 100.0 * judgement.interval.high),
            judgement.verdict.as_str().to_owned(),
        ]
    };
    let rows: Vec<_> = rates.rows.iter().map(row).collect();
    let headings = ["generator and prompt", "decided", "accepted", "relabelled", "rate", "90%", "verdict"];
    let mut out = format!("{} to {}\n{}", rates.since, rates.until, table(&headings, &rows));
    for row in rates.alarms() {
        for reason in &row.judgement.reasons {
            let name = row.prompt.as_ref().map_or_else(String::new, |prompt| format!(", {prompt}"));
            let _ = writeln!(out, "{}{name}: {reason}", row.generator);
        }
    }
    out
}

/// Agreement as a table.
pub(super) fn agreement(rows: &[AgreementRow]) -> String {
    if rows.iter().all(|row| row.agreement.n == 0) {
        return "nothing was looked at by two people yet\n".to_owned();
    }
    let row = |row: &AgreementRow| {
        let figure = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
        vec![
            row.people.as_ref().map_or_else(|| "everybody".to_owned(), |(one, other)| format!("{one} and {other}")),
            row.agreement.n.to_string(),
            row.agreement.same.to_string(),
            figure(row.agreement.share),
            figure(row.agreement.kappa),
        ]
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    table(&["reviewers", "pictures", "the same", "share", "kappa"], &rows)
}

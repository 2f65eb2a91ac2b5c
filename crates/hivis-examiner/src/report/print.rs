//! The report as plain text: what `hivis exam` prints without `--json`.

use std::fmt::{self, Display, Formatter};

use super::{CandidateReport, ExamReport, PairedReport, PartDifference, PoolReport, Seen};
use crate::interval::{Expected, Interval};

impl Display for Interval {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ({:.3} to {:.3})", self.point, self.low, self.high)
    }
}

impl Display for ExamReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plan = &self.plan;
        writeln!(f, "Exam of {} questions from {}, seed {}", plan.questions, self.source, plan.seed)?;
        writeln!(f, "Intervals hold 90% of deployments of {} steps ({} simulated)", plan.deployment, plan.replicates)?;
        for candidate in &self.candidates {
            writeln!(f)?;
            print_candidate(f, candidate)?;
        }
        for pair in &self.paired {
            writeln!(f)?;
            print_pair(f, pair)?;
        }
        print_parts(f, &self.parts)?;
        if !self.skipped.is_empty() {
            writeln!(f, "\nPassed over {} pictures:", self.skipped.len())?;
            for skip in self.skipped.iter().take(5) {
                writeln!(f, "  {}: {}", skip.name, skip.why)?;
            }
            if self.skipped.len() > 5 {
                writeln!(f, "  and {} more", self.skipped.len() - 5)?;
            }
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}

fn print_candidate(f: &mut Formatter<'_>, c: &CandidateReport) -> fmt::Result {
    writeln!(f, "{}", c.candidate)?;
    for pool in &c.pools {
        print_pool(f, pool)?;
    }
    let l = &c.latency;
    writeln!(
        f,
        "  latency of {} answers: p50 {:.0} ms, p90 {:.0} ms, p99 {:.0} ms, max {:.0} ms",
        l.answers, l.p50_ms, l.p90_ms, l.p99_ms, l.max_ms
    )?;
    if let Some(footprint) = &c.footprint {
        write!(f, "  graph of {}", megabytes(footprint.graph_bytes))?;
        match footprint.memory_bytes {
            Some(bytes) => writeln!(f, ", {} more memory at its peak, loading and judging", megabytes(bytes)),
            None => writeln!(f),
        }?;
    }
    if c.late > 0 {
        writeln!(f, "  {} asks started late: too many were under way, the rate was not kept", c.late)?;
    }
    for failure in &c.failures {
        write!(f, "  {} {}", failure.count, failure.outcome.as_str())?;
        if failure.example.is_empty() { writeln!(f) } else { writeln!(f, ", such as: {}", failure.example) }?;
    }
    if let Some(last) = c.curve.last() {
        writeln!(f, "  score after the exam {:.3}, emitted weight {} of 65535", last.score, last.weight)?;
    }
    Ok(())
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn print_pool(f: &mut Formatter<'_>, pool: &PoolReport) -> fmt::Result {
    writeln!(f, "  {}: {} questions of {} scenes", pool.seen.as_str(), pool.questions, pool.scenes)?;
    if let Some(forecast) = &pool.forecast {
        print_expected(f, "a settled miner", &forecast.from_full)?;
        print_expected(f, "a new hotkey", &forecast.from_empty)?;
    }
    let a = &pool.accuracy;
    writeln!(
        f,
        "    accuracy {:.3} ({:.3} to {:.3}) of {} judged, MCC {:.3}, AUC {:.3}, F1 {:.3}",
        a.share, a.low, a.high, a.of, pool.mcc, pool.metrics.auc, pool.metrics.f1
    )?;
    let best = pool.silence.iter().max_by(|a, b| a.reward.total_cmp(&b.reward));
    if let (Some(all), Some(best)) = (pool.silence.first(), best)
        && best.share > 0.0
    {
        writeln!(
            f,
            "    silence: leaving the least sure {:.0}% unanswered would earn {:.3} instead of {:.3}",
            100.0 * best.share,
            best.reward,
            all.reward
        )?;
    }
    writeln!(f, "    {:<28} {:>6} {:>6}  accuracy (95% interval)", "part", "asked", "judged")?;
    for row in &pool.table {
        let a = &row.accuracy;
        let part = format!("{} {}", row.kind, row.value);
        writeln!(f, "    {part:<28} {:>6} {:>6}  {:.3} ({:.3} to {:.3})", row.asked, a.of, a.share, a.low, a.high)?;
    }
    Ok(())
}

fn print_expected(f: &mut Formatter<'_>, who: &str, expected: &Expected) -> fmt::Result {
    writeln!(f, "    expected reward of {who}: {}, score after it {}", expected.reward, expected.score)
}

/// Only the parts that differ more than chance would make them.
fn print_parts(f: &mut Formatter<'_>, parts: &[PartDifference]) -> fmt::Result {
    for part in parts.iter().filter(|part| part.is_worse() || part.is_better()) {
        let word = if part.is_worse() { "worse" } else { "better" };
        writeln!(
            f,
            "  {word} on {}: accuracy {:+.3} over {} scenes, p = {:.4} after Holm",
            part.part,
            part.difference,
            part.scenes,
            part.p_worse_holm.min(part.p_better_holm)
        )?;
    }
    Ok(())
}

fn print_pair(f: &mut Formatter<'_>, pair: &PairedReport) -> fmt::Result {
    let p = &pair.paired;
    let weight = if pair.seen == Seen::TrainedOn { " (only reported)" } else { "" };
    writeln!(f, "Second minus first, {}{weight}", pair.seen.as_str())?;
    writeln!(f, "  reward {:+.3} ({:+.3} to {:+.3})", p.reward.point, p.reward.low, p.reward.high)?;
    writeln!(f, "  score  {:+.3} ({:+.3} to {:+.3})", p.score.point, p.score.low, p.score.high)?;
    writeln!(f, "  lower bound at {:.2}% one-sided {:+.3}", 100.0 * p.level, p.lower)?;
    writeln!(f, "  p = {:.4} that equals would differ so in its favour, {:.4} either way", p.p_better, p.p_differs)
}

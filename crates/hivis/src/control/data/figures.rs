//! Slices and trends: from the newest exam, the newest mining run, the gate's verdicts and people's.

use std::collections::BTreeMap;

use hivis_console::{DataPlot, DataSlice, DataSlices, DataTable, SourceError};
use hivis_store::{Home, Ledger};
use jiff::Timestamp;
use serde_json::Value;

use super::plots::{Series, plot};
use super::{failed, refusal};
use crate::config::ReviewSettings;
use crate::exam_file::ExamFile;
use crate::reviewing;

/// Verdicts on batches that a trend goes back.
const BATCHES: u32 = 120;
/// Figures of the gate that are plotted, those of the most batches first, then in the order of [`WORDS`].
const FIGURES: usize = 8;
/// What the gate's figures of a batch are, the most telling first.
const WORDS: [(&str, &str); 12] = [
    ("passed_share", "share of the pictures that passed"),
    ("frechet_ratio", "Fréchet distance to real pictures, over that between real samples"),
    ("kid", "kernel inception distance (KID) to real pictures"),
    ("fid", "Fréchet inception distance (FID) to real pictures"),
    ("uniqueness", "unlike the others of the batch"),
    ("real_distance", "distance to the nearest real picture"),
    ("probability", "mean probability of roadwork, by the releases that looked"),
    ("laplacian", "sharpness (variance of the Laplacian)"),
    ("frechet", "Fréchet distance to real pictures"),
    ("frechet_real", "Fréchet distance between real samples"),
    ("kid_real", "KID between real samples"),
    ("pictures", "pictures"),
];
/// Generators that have a line.
const GENERATORS: usize = 6;
/// Parts of an exam's table that are no slices of what a picture shows.
const NO_SLICE: [&str; 5] = ["label", "origin", "level", "age", "slice"];

/// Accuracy of the current release and what mining covers, by slice.
pub(super) async fn slices(home: &Home, ledger: &Ledger) -> Result<DataSlices, SourceError> {
    let at = home.clone();
    let exam = tokio::task::spawn_blocking(move || newest(&at)).await.map_err(|error| failed(&error))?;
    let exam = exam.map_err(|error| failed(&error))?;
    let mut found: BTreeMap<String, DataSlice> = BTreeMap::new();
    let slice = |name: String| DataSlice { slice: name, ..DataSlice::default() };
    let accuracy_of = match exam {
        None => "The current release has sat no exam: `hivis exam` gives it one.".to_owned(),
        Some((release, exam)) => {
            let at = exam.candidates.iter().position(|sitter| sitter.release.as_str() == release);
            let pool = at.and_then(|at| exam.report.candidates.get(at)).and_then(|candidate| candidate.headline());
            if let Some(pool) = pool {
                for row in pool.table.iter().filter(|row| !NO_SLICE.contains(&row.kind.as_str())) {
                    let name = format!("{}:{}", row.kind, row.value);
                    let entry = found.entry(name.clone()).or_insert_with(|| slice(name));
                    let accuracy = row.accuracy;
                    (entry.right, entry.judged) = (Some(accuracy.hits as u64), Some(accuracy.of as u64));
                    entry.share = Some((accuracy.share, accuracy.low, accuracy.high));
                    entry.failing = accuracy.high < pool.accuracy.share;
                }
            }
            let all = pool.map_or(0.0, |pool| pool.accuracy.share);
            let day = exam.made.strftime("%Y-%m-%d %H:%M UTC");
            format!("{release} in the exam of {day}: {:.1}% right over all.", all * 100.0)
        }
    };
    let run = ledger.mining_runs(1).await.map_err(refusal)?.into_iter().next();
    let coverage_of = match run {
        None => "Nothing was mined yet: `hivis mine run` picks what is hard.".to_owned(),
        Some(run) => {
            for row in run.coverage.as_array().into_iter().flatten() {
                let Some(name) = row["slice"].as_str() else { continue };
                let entry = found.entry(name.to_owned()).or_insert_with(|| slice(name.to_owned()));
                (entry.hard, entry.picked) = (row["hard"].as_u64(), row["picked"].as_u64());
            }
            let day = run.at.strftime("%Y-%m-%d %H:%M UTC");
            format!(
                "Mining run {} of {day}: {} hard of {} looked at, {} picked.",
                run.id, run.hard, run.looked, run.picks
            )
        }
    };
    let mut slices: Vec<DataSlice> = found.into_values().collect();
    // The least accurate first; those that no exam asked come last, by name.
    let share = |slice: &DataSlice| slice.share.filter(|_| slice.judged > Some(0)).map_or(2.0, |(share, ..)| share);
    slices.sort_by(|a, b| share(a).total_cmp(&share(b)).then_with(|| a.slice.cmp(&b.slice)));
    Ok(DataSlices { accuracy_of, coverage_of, slices })
}

/// The current release with its newest exam.
fn newest(home: &Home) -> anyhow::Result<Option<(String, ExamFile)>> {
    let Some(current) = home.releases().current()? else { return Ok(None) };
    Ok(ExamFile::newest_of(home, &current)?.map(|exam| (current.to_string(), exam)))
}

/// The gate's figures from batch to batch.
pub(super) async fn gate(ledger: &Ledger) -> Result<Vec<DataPlot>, SourceError> {
    let mut batches = ledger.newest_batch_verdicts(BATCHES).await.map_err(refusal)?;
    batches.reverse();
    let mut figures: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
    for (at, (_, _, said)) in batches.iter().enumerate() {
        let said: BTreeMap<String, Value> = serde_json::from_str(said).unwrap_or_default();
        for (name, value) in said {
            if let Some(value) = value.as_f64().filter(|value| value.is_finite()) {
                figures.entry(name).or_default().push((at, value));
            }
        }
    }
    let mut figures: Vec<_> = figures.into_iter().filter(|(_, points)| points.len() > 1).collect();
    let place = |name: &str| WORDS.iter().position(|(known, _)| *known == name).unwrap_or(WORDS.len());
    figures.sort_by(|a, b| {
        let places = || place(&a.0).cmp(&place(&b.0));
        b.1.len().cmp(&a.1.len()).then_with(places).then_with(|| a.0.cmp(&b.0))
    });
    figures.truncate(FIGURES);
    let places: Vec<String> = batches.iter().map(|(batch, _, _)| batch.to_string()).collect();
    let plotted = figures.into_iter().map(|(name, points)| {
        let row = |&(at, value): &(usize, f64)| {
            let (batch, when, _) = &batches[at];
            vec![when.strftime("%Y-%m-%d %H:%M").to_string(), batch.to_string(), format!("{value:.4}")]
        };
        let name = words(&name);
        let headings = ["UTC", "batch", &name].map(str::to_owned).to_vec();
        let table = DataTable { headings, rows: points.iter().rev().map(row).collect() };
        let series = [Series { name: name.clone(), points }];
        Ok(DataPlot { svg: plot(&series, &places, "batch", &name)?, title: name, table })
    });
    plotted.collect::<anyhow::Result<_>>().map_err(|error| failed(&error))
}

fn words(name: &str) -> String {
    match (WORDS.iter().find(|(known, _)| *known == name), name.strip_prefix("refused_")) {
        (Some((_, words)), _) => (*words).to_owned(),
        (None, Some(reason)) => format!("pictures refused: {}", reason.replace('_', " ")),
        (None, None) => name.replace('_', " "),
    }
}

/// Accepted of judged, by week.
type ByWeek = BTreeMap<String, (u64, u64)>;

/// Acceptance by generator, week by week.
pub(super) async fn acceptance(ledger: &Ledger, settings: &ReviewSettings) -> Result<Vec<DataPlot>, SourceError> {
    let rates = reviewing::rates(ledger, settings, Timestamp::now()).await.map_err(|error| failed(&error))?;
    let generators = rates.rows.iter().filter(|row| row.prompt.is_none()).take(GENERATORS);
    let mut weeks: Vec<String> = Vec::new();
    let mut lines: Vec<(String, ByWeek)> = Vec::new();
    for row in generators {
        let of = row.weeks.iter().map(|week| (week.week.to_string(), (week.rate.good, week.rate.n))).collect();
        let of: ByWeek = of;
        weeks.extend(of.keys().cloned());
        lines.push((row.generator.clone(), of));
    }
    weeks.sort();
    weeks.dedup();
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = Vec::new();
    let mut series = Vec::new();
    for (name, of) in lines {
        let share = |(good, n): (u64, u64)| 100.0 * good as f64 / (n.max(1)) as f64;
        let points = weeks.iter().enumerate().filter_map(|(at, week)| Some((at, share(*of.get(week)?)))).collect();
        rows.extend(of.iter().map(|(week, (good, n))| {
            vec![week.clone(), name.clone(), good.to_string(), n.to_string(), format!("{:.0}%", share((*good, *n)))]
        }));
        series.push(Series { name, points });
    }
    let headings = ["week", "generator", "accepted", "of", "share"].map(str::to_owned).to_vec();
    let svg = plot(&series, &weeks, "week", "% accepted").map_err(|error| failed(&error))?;
    let title = "Generated pictures that reviewers accepted as asked, by week".to_owned();
    Ok(vec![DataPlot { title, svg, table: DataTable { headings, rows } }])
}

//! Which slices the current release fails: what the prompt writer makes more of.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use hivis_curate::mine::UNKNOWN;
use hivis_store::Home;
use hivis_types::Label;
use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;

use crate::cli::ServeArgs;
use crate::embedded::Embedder;
use crate::exam_file::ExamFile;
use crate::home;
use crate::mining::slices;

/// Below so many pictures a slice's accuracy says nothing.
const LEAST: u64 = 8;
/// Labelled records that are looked at, the newest.
const RECORDS: usize = 2_000;
/// Parts of an exam's table that are no slices of what a picture shows.
const NO_SLICE: [&str; 5] = ["label", "origin", "level", "age", "slice"];
/// Records a page.
const PAGE: u32 = 5_000;

/// A slice where the current release is less often right than over all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct FailingSlice {
    /// Such as `weather:rain`.
    pub(crate) slice: String,
    /// Right of judged, in [0, 1], over the exam and the records together.
    pub(crate) accuracy: f64,
    /// Judged pictures behind it.
    pub(crate) pictures: u64,
    /// Where that was seen.
    pub(crate) why: String,
}

/// Right and judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    right: u64,
    judged: u64,
}

/// What one source says: over all, and of each slice.
#[derive(Clone, Debug, Default)]
struct Table {
    name: String,
    all: Count,
    slices: BTreeMap<String, Count>,
}

/// The failing slices of the current release, worst first, from its newest exam (scenes never seen) and from the newest
/// labelled records that it judged itself, whose slices are guessed. None without a current release, an exam and labels.
pub(crate) async fn failing(home: &Home) -> Result<Vec<FailingSlice>> {
    let Some(current) = home.releases().current()? else { return Ok(Vec::new()) };
    let mut tables = Vec::new();
    if let Some(exam) = ExamFile::newest_of(home, &current)? {
        let at = exam.candidates.iter().position(|sitter| sitter.release == current);
        let pool = at.and_then(|at| exam.report.candidates.get(at)).and_then(|candidate| candidate.headline());
        if let Some(pool) = pool {
            let count = |hits: usize, of: usize| Count { right: hits as u64, judged: of as u64 };
            let rows = pool.table.iter().filter(|row| !NO_SLICE.contains(&row.kind.as_str()));
            tables.push(Table {
                name: format!("the exam of {}", exam.made.strftime("%Y-%m-%d")),
                all: count(pool.accuracy.hits, pool.accuracy.of),
                slices: rows
                    .map(|row| (format!("{}:{}", row.kind, row.value), count(row.accuracy.hits, row.accuracy.of)))
                    .collect(),
            });
        }
    }
    tables.extend(recorded(home, &current).await?);
    Ok(worst(&tables))
}

/// Labelled records that the release judged.
async fn recorded(home: &Home, current: &hivis_types::ReleaseId) -> Result<Option<Table>> {
    let ledger = home.ledger().await?;
    // Labels are few, so this list is short whatever the ledger's size.
    let (mut labelled, mut after) = (Vec::new(), 0);
    loop {
        let page = ledger.judged(Timestamp::MIN, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        labelled.extend(page.into_iter().filter(|r| r.release == *current && r.label.is_some()));
    }
    let newest = labelled.split_off(labelled.len().saturating_sub(RECORDS));
    if newest.is_empty() {
        return Ok(None);
    }
    let settings = home::settings(home, &ServeArgs::default())?;
    let embedder = Embedder::open(home, &settings, None).await.context("the current release cannot be brought up")?;
    let guesser = slices::guesser(&ledger, &embedder, settings.mine.guess).await?;
    let pictures: Vec<_> = newest.iter().map(|record| (record.sha256, record.md5)).collect();
    let features = embedder.features(&pictures).await?;
    let work = move || {
        let guess = |row: &Option<Vec<f32>>| row.as_ref().map(|row| guesser.guess(row)).unwrap_or_default();
        let guessed: Vec<Vec<String>> = features.par_iter().map(guess).collect();
        let mut table = Table { name: "labelled records".to_owned(), ..Table::default() };
        for (record, slices) in newest.iter().zip(guessed) {
            let right = record.label.is_some_and(|word| word.label == Label::from_probability(record.probability));
            table.all.add(right);
            for slice in slices.into_iter().filter(|slice| !slice.ends_with(UNKNOWN)) {
                table.slices.entry(slice).or_default().add(right);
            }
        }
        table
    };
    Ok(Some(tokio::task::spawn_blocking(work).await.context("guessing the slices panicked")?))
}

impl Count {
    fn add(&mut self, right: bool) {
        self.right += u64::from(right);
        self.judged += 1;
    }

    fn share(self) -> f64 {
        if self.judged == 0 { 0.0 } else { self.right as f64 / self.judged as f64 }
    }
}

/// Joins what the sources say of each slice; those below the whole, worst first.
fn worst(tables: &[Table]) -> Vec<FailingSlice> {
    let sum = |counts: &mut dyn Iterator<Item = Count>| {
        counts.fold(Count::default(), |a, b| Count { right: a.right + b.right, judged: a.judged + b.judged })
    };
    let all = sum(&mut tables.iter().map(|table| table.all)).share();
    let mut names: Vec<&String> = tables.iter().flat_map(|table| table.slices.keys()).collect();
    names.sort();
    names.dedup();
    let mut found: Vec<FailingSlice> = Vec::new();
    for name in names {
        let count = sum(&mut tables.iter().filter_map(|table| table.slices.get(name).copied()));
        if count.judged < LEAST || count.share() >= all {
            continue;
        }
        let said = tables.iter().filter_map(|table| {
            let count = table.slices.get(name)?;
            Some(format!("{} of {} right in {}", count.right, count.judged, table.name))
        });
        found.push(FailingSlice {
            slice: name.clone(),
            accuracy: count.share(),
            pictures: count.judged,
            why: format!("{}; {all:.3} over all", said.collect::<Vec<_>>().join(", ")),
        });
    }
    // Of equals the one with more pictures behind it.
    found.sort_by(|a, b| {
        a.accuracy.total_cmp(&b.accuracy).then(b.pictures.cmp(&a.pictures)).then(a.slice.cmp(&b.slice))
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, all: (u64, u64), slices: &[(&str, u64, u64)]) -> Table {
        let count = |(right, judged)| Count { right, judged };
        let slices = slices.iter().map(|(name, right, judged)| ((*name).to_owned(), count((*right, *judged))));
        Table { name: name.to_owned(), all: count(all), slices: slices.collect() }
    }

    #[test]
    fn slices_below_the_whole_come_worst_first_with_where_it_was_seen() {
        let exam = table(
            "the exam",
            (80, 100),
            &[("weather:rain", 12, 20), ("weather:clear", 58, 60), ("time:night", 9, 15), ("weather:snow", 0, 7)],
        );
        let records = table("records", (10, 20), &[("weather:rain", 2, 10), ("time:day", 7, 9)]);
        let found = worst(&[exam, records]);
        let rows: Vec<_> = found.iter().map(|f| (f.slice.as_str(), f.pictures)).collect();
        // 14 of 30, 9 of 15; snow has too few pictures, day and clear are above 90 of 120.
        assert_eq!(rows, [("weather:rain", 30), ("time:night", 15)]);
        assert_eq!(found[0].accuracy, 14.0 / 30.0);
        assert_eq!(found[0].why, "12 of 20 right in the exam, 2 of 10 right in records; 0.750 over all");
        assert_eq!(worst(&[]), []);
    }
}

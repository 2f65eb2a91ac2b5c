//! What changes from one version to another: counts by part and source, and a few pictures of each.

use std::collections::BTreeMap;

use hivis_console::{DataChange, DataCount, DataDiff, DataSample, SourceError};
use hivis_store::{DataVersion, Ledger};

use super::{counted, failed, refusal};
use crate::versioning::change::{Count, source};
use crate::versioning::line::Line;

/// Pictures that are read at most: a million lines would take gigabytes.
const MOST: u32 = 200_000;
/// Pictures that are shown of each kind of change.
const SAMPLES: usize = 12;

#[derive(Default)]
struct Tally {
    pictures: u64,
    parts: BTreeMap<String, Count>,
    sources: BTreeMap<String, Count>,
    samples: Vec<DataSample>,
}

pub(super) async fn difference(ledger: &Ledger, from: &DataVersion, to: &DataVersion) -> Result<DataDiff, SourceError> {
    let found = ledger.version_difference(from, to, MOST).await.map_err(refusal)?;
    if found.len() == MOST as usize {
        return Err(SourceError::Unfit(format!(
            "{} and {} differ in {MOST} pictures or more (`hivis data version diff` counts them)",
            from.name, to.name
        )));
    }
    let (from, to) = (from.name.to_string(), to.name.to_string());
    let work = move || {
        let mut tallies: BTreeMap<&'static str, Tally> = BTreeMap::new();
        for difference in found {
            let read = |text: &Option<String>| text.as_deref().map(Line::read).transpose();
            let (before, after) = (read(&difference.before)?, read(&difference.after)?);
            let Some(line) = after.as_ref().or(before.as_ref()) else { continue };
            let tally = tallies.entry(kind(before.as_ref(), after.as_ref())).or_default();
            tally.take(line, before.as_ref().filter(|_| after.is_some()));
        }
        Ok::<_, anyhow::Error>(tallies)
    };
    let tallies = tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))?;
    let mut tallies = tallies.map_err(|error| failed(&error))?;
    let order = ["added", "removed", "relabelled", "moved", "described"];
    let changes = order.into_iter().filter_map(|what| Some(tallies.remove(what)?.change(what))).collect();
    Ok(DataDiff { from, to, changes })
}

/// The gravest of what changed, as `hivis data version diff` counts it.
fn kind(before: Option<&Line>, after: Option<&Line>) -> &'static str {
    match (before, after) {
        (None, _) => "added",
        (_, None) => "removed",
        (Some(a), Some(b)) if a.label != b.label => "relabelled",
        (Some(a), Some(b)) if a.split != b.split => "moved",
        _ => "described",
    }
}

fn part(line: &Line) -> &'static str {
    line.split.map_or("in no part", |part| part.as_str())
}

impl Tally {
    fn take(&mut self, line: &Line, before: Option<&Line>) {
        self.pictures += 1;
        let counts = [self.parts.entry(part(line).to_owned()), self.sources.entry(source(line))];
        for count in counts {
            let count = count.or_default();
            count.pictures += 1;
            count.roadwork += u64::from(line.roadwork());
        }
        if self.samples.len() < SAMPLES {
            let now = format!("{}, {}", line.label, part(line));
            let said = match before {
                Some(before) => {
                    format!("{}, {} → {now} (by {})", before.label, part(before), line.label_source.as_str())
                }
                None => now,
            };
            self.samples.push(DataSample { sha256: line.sha256.clone(), said, record: line.record.clone() });
        }
    }

    fn change(self, what: &str) -> DataChange {
        let counts = |counts: BTreeMap<String, Count>| counts.into_iter().map(counted).collect::<Vec<DataCount>>();
        DataChange {
            what: what.to_owned(),
            pictures: self.pictures,
            parts: counts(self.parts),
            sources: counts(self.sources),
            samples: self.samples,
        }
    }
}

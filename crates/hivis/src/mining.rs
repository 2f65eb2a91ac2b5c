//! What was hard among the records, and a spread of it: the first step of a night, and the verb `hivis mine run`.
//!
//! The records of the time are read in pages without their features ([`scan`]), so that memory grows by some 150 bytes a
//! picture; of the hard ones the hardest `mine.pool` are looked at closely, with features ([`space`]).

mod report;
mod scan;
pub(crate) mod slices;
mod space;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use hivis_curate::mine::{Hard, Picked, Pool, Spread, SpreadSettings, coverage, spread};
use hivis_curate::vectors::Matrix;
use hivis_store::{Home, Ledger, NewMiningRun, NewPick};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

pub(crate) use report::{MineReport, PickReport, picks_table};

use crate::config::mine::plain;
use crate::config::{MineSettings, RunSize, Settings};
use crate::mining::scan::{Scan, Seen};
use crate::mining::space::Space;

/// What a run is for; it says how far the run looks back and how many it picks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MineKind {
    /// Every night, a few.
    Night,
    /// Once a week, a large spread.
    Week,
    /// A person wants to see: as many as a week's run.
    #[default]
    Hand,
}

impl MineKind {
    /// The name in the ledger.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Night => "night",
            Self::Week => "week",
            Self::Hand => "hand",
        }
    }

    fn size(self, settings: &MineSettings) -> RunSize {
        match self {
            Self::Night => settings.night,
            Self::Week | Self::Hand => settings.week,
        }
    }
}

/// What to mine; the default is what the configuration says, now and by hand.
#[derive(Clone, Debug)]
pub(crate) struct MineOrder {
    /// Records from then on [default: as far back as the configuration says for the kind].
    pub(crate) since: Option<Timestamp>,
    /// What the run is for.
    pub(crate) kind: MineKind,
    /// The time of the run.
    pub(crate) now: Timestamp,
    /// Of the start of k-means.
    pub(crate) seed: u64,
    /// Only look: nothing is written down.
    pub(crate) dry_run: bool,
}

impl Default for MineOrder {
    fn default() -> Self {
        Self { since: None, kind: MineKind::default(), now: Timestamp::now(), seed: 72, dry_run: false }
    }
}

/// A hard picture of the pool.
struct Candidate {
    seen: Seen,
    hard: Hard,
    probability: f32,
}

/// Looks at the judged records of the time, weighs them, picks a spread, and writes the run down. Prints nothing.
pub(crate) async fn run(home: &Home, settings: &Settings, order: &MineOrder) -> Result<MineReport> {
    let mine = &settings.mine;
    let size = order.kind.size(mine);
    let since = match order.since {
        Some(since) => since,
        None => order.now.checked_sub(size.back).unwrap_or(Timestamp::MIN),
    };
    let ledger = home.ledger().await?;
    let scan = Scan::read(&ledger, since, order.now).await?;
    let mut report = MineReport::new(order, since, mine.expected);
    report.judged = ledger.judged_count(since).await?;
    report.without_picture = report.judged.saturating_sub(scan.records);
    report.pictures = scan.pictures.len() as u64;
    report.future = scan.future;
    let space = Space::open(home, settings, &scan, &mut report.notes).await?;
    report.release = space.release().cloned();
    let opinions = space.opinions(home, settings, &scan, &mut report.notes).await?;
    let weighed = scan.weigh(&mine.rules, space.release(), &opinions);
    report.count(&weighed);
    let again = order.now.checked_sub(mine.again).unwrap_or(Timestamp::MIN);
    let picked_before = ledger.picked_since(again).await?;
    let (mut earlier, mut pool): (Vec<Candidate>, Vec<Candidate>) =
        weighed.into_iter().partition(|candidate| picked_before.contains(&candidate.seen.sha256));
    report.again = earlier.len() as u64;
    // Hardest first; of equals the one that came last.
    pool.sort_by(|a, b| b.hard.score.total_cmp(&a.hard.score).then(b.seen.seq.cmp(&a.seen.seq)));
    pool.truncate(mine.pool);
    report.pool = pool.len() as u64;
    // What was picked before is no candidate; it keeps its twins away.
    let fresh = pool.len();
    earlier.truncate(mine.pool);
    pool.extend(earlier);

    let features = space.features(&ledger, &pool).await?;
    report.without_features = features[..fresh].iter().filter(|row| row.is_none()).count() as u64;
    let (features, guessed) = slices::guess(&ledger, &space, mine.guess, features).await?;
    let how = SpreadSettings { clusters: size.clusters, each: size.each, seed: order.seed, ..mine.spread };
    let (pool, found, picked) = tokio::task::spawn_blocking(move || {
        let (found, picked) = pick(&pool, fresh, features, &how)?;
        Ok::<_, anyhow::Error>((pool, found, picked))
    })
    .await
    .context("the spread panicked")??;
    report.clusters = found.clusters as u64;
    report.scenes = found.scenes as u64;
    report.picked_scenes = found.picked_scenes as u64;
    report.twins = found.twins as u64;
    report.coverage = coverage(&guessed[..fresh], &picked.iter().map(|(row, _)| *row).collect::<Vec<_>>());
    let picks: Vec<NewPick> =
        picked.iter().map(|&(row, cluster)| new_pick(&pool[row], cluster, &guessed[row])).collect();
    if !order.dry_run {
        report.run = Some(write(&ledger, &report, mine, &picks).await?);
    }
    report.picks = named(&ledger, &picks).await?;
    report.remark();
    Ok(report)
}

/// A row of the pool and its cluster, when it had features.
type Chosen = (usize, Option<u32>);

/// Picks from the first `fresh` of the pool by features; where they are missing or were too few, the hardest of the others
/// follow, each without a cluster and no hash twice. The rest of the pool was picked before.
fn pick(
    pool: &[Candidate],
    fresh: usize,
    features: Vec<Option<Vec<f32>>>,
    how: &SpreadSettings,
) -> Result<(Spread, Vec<Chosen>)> {
    let rows: Vec<usize> = (0..pool.len()).filter(|&row| features[row].is_some()).collect();
    let width = features.iter().flatten().map(Vec::len).next().unwrap_or(1);
    let matrix = Matrix::new(width, features.into_iter().flatten().flatten().collect())?;
    let scores: Vec<f32> = rows.iter().map(|&row| pool[row].hard.score).collect();
    let hashes: Vec<Option<u64>> = rows.iter().map(|&row| pool[row].seen.dhash).collect();
    let taken: Vec<usize> = (0..rows.len()).filter(|&at| rows[at] >= fresh).collect();
    let found = spread(Pool { features: &matrix, scores: &scores, hashes: &hashes, taken: &taken }, how)?;
    let mut picked: Vec<Chosen> =
        found.picks.iter().map(|&Picked { row, cluster }| (rows[row], Some(cluster))).collect();
    let with: BTreeSet<usize> = rows.into_iter().collect();
    let shown = picked.iter().map(|(row, _)| *row).chain(fresh..pool.len());
    let mut hashes: BTreeSet<u64> = shown.filter_map(|row| pool[row].seen.dhash).collect();
    let left = (how.clusters * how.each).saturating_sub(picked.len());
    let new = |row: &usize| !with.contains(row) && pool[*row].seen.dhash.is_none_or(|hash| hashes.insert(hash));
    let others: Vec<Chosen> = (0..fresh).filter(new).take(left).map(|row| (row, None)).collect();
    picked.extend(others);
    Ok((found, picked))
}

fn new_pick(candidate: &Candidate, cluster: Option<u32>, slices: &[String]) -> NewPick {
    NewPick {
        record: candidate.seen.seq,
        sha256: candidate.seen.sha256,
        probability: candidate.probability,
        reasons: candidate.hard.reasons.iter().map(ToString::to_string).collect(),
        score: candidate.hard.score,
        cluster,
        slices: slices.to_vec(),
    }
}

async fn write(ledger: &Ledger, report: &MineReport, settings: &MineSettings, picks: &[NewPick]) -> Result<i64> {
    let run = NewMiningRun {
        kind: report.kind.as_str().to_owned(),
        at: report.at,
        since: report.since,
        release: report.release.clone(),
        looked: report.pictures,
        hard: report.hard,
        settings: json!({
            "confidence": plain(settings.rules.confidence),
            "bands": settings.rules.bands.iter().map(|(low, high)| [plain(*low), plain(*high)]).collect::<Vec<_>>(),
            "entropy_bits": plain(settings.rules.entropy_bits),
            "disagreement": plain(settings.rules.disagreement),
            "drift": plain(settings.rules.drift),
            "merge": plain(settings.spread.merge),
            "split": plain(settings.spread.split),
            "seed": report.seed,
        }),
        coverage: serde_json::to_value(&report.coverage)?,
        facts: report.facts(),
    };
    ledger.write_mining_run(&run, picks).await.context("the run cannot be written down")
}

/// The picks with their records' ids.
async fn named(ledger: &Ledger, picks: &[NewPick]) -> Result<Vec<PickReport>> {
    let records: Vec<i64> = picks.iter().map(|pick| pick.record).collect();
    let records: BTreeMap<i64, _> =
        ledger.judged_at(&records).await?.into_iter().map(|record| (record.seq, record)).collect();
    let name = |(place, pick): (usize, &NewPick)| {
        let record = records.get(&pick.record)?;
        Some(PickReport {
            place: place as u32,
            record: record.id.clone(),
            sha256: pick.sha256,
            md5: record.md5,
            probability: pick.probability,
            reasons: pick.reasons.clone(),
            score: pick.score,
            cluster: pick.cluster,
            slices: pick.slices.clone(),
            label: record.label.map(|word| word.label),
        })
    };
    Ok(picks.iter().enumerate().filter_map(name).collect())
}

//! What is known of a version when it is cut: counts, acceptance, and how the serving release stands.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_store::{Acceptance, Bump, Home, Ledger, ObjectId};
use hivis_types::ReleaseId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::change::{Change, Count};
use super::line::Line;
use crate::exam_file::ExamFile;

/// The facts of a version, kept with it. What is not known is absent, never guessed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Which part of the number went up.
    pub(crate) bump: Bump,
    /// Why.
    pub(crate) why: Vec<String>,
    /// What changed.
    pub(crate) change: Change,
    /// All pictures, by `record`, `dataset` and `generated`.
    pub(crate) from: BTreeMap<String, Count>,
    /// All pictures by part; `none` for those in no part.
    pub(crate) parts: BTreeMap<String, Count>,
    /// Seed of the split, when one was made.
    pub(crate) split_seed: Option<u64>,
    /// Pictures that were left out because trusted sources contradict each other.
    pub(crate) disputed: u64,
    /// What gate and people said of each generator's pictures.
    pub(crate) acceptance: BTreeMap<String, Acceptance>,
    /// How the serving release stands.
    pub(crate) standing: Standing,
    /// The version that this one equals, when it takes back what came after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) equals: Option<String>,
}

/// How the serving release stands, by its newest exam and the newest reading of the chain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// The release.
    pub(crate) release: Option<ReleaseId>,
    /// When its newest exam was sat.
    pub(crate) exam: Option<Timestamp>,
    /// Share of right answers there, with its 95% interval.
    pub(crate) accuracy: Option<(f64, f64, f64)>,
    /// The middle of its times for an answer, ms.
    pub(crate) latency_ms: Option<f64>,
    /// Its place among the miners, and how many there are.
    pub(crate) rank: Option<(u16, u16)>,
}

impl Standing {
    /// As it is now.
    pub(crate) async fn now(home: &Home, ledger: &Ledger) -> Result<Self> {
        let mut standing = Self { release: home.releases().current()?, ..Self::default() };
        if let Some(release) = &standing.release
            && let Some(exam) = ExamFile::newest_of(home, release)?
        {
            standing.exam = Some(exam.made);
            let at = exam.candidates.iter().position(|sitter| sitter.release == *release);
            if let Some(candidate) = at.and_then(|at| exam.report.candidates.get(at)) {
                let accuracy = candidate.headline().map(|pool| &pool.accuracy).filter(|accuracy| accuracy.of > 0);
                standing.accuracy = accuracy.map(|a| (a.share, a.low, a.high));
                standing.latency_ms = Some(candidate.latency.p50_ms).filter(|ms| ms.is_finite());
            }
        }
        let newest = ledger.readings(None, Timestamp::MIN).await?.into_iter().last();
        standing.rank = newest.and_then(|reading| reading.rank.map(|rank| (rank, reading.miners)));
        Ok(standing)
    }
}

/// Counts all pictures by where they came from, and by part.
pub(crate) fn counts(lines: &[(ObjectId, Line)]) -> (BTreeMap<String, Count>, BTreeMap<String, Count>) {
    let (mut from, mut parts) = (BTreeMap::<String, Count>::new(), BTreeMap::<String, Count>::new());
    for (_, line) in lines {
        let part = line.split.map_or("none", |part| part.as_str());
        for count in [from.entry(line.from.clone()).or_default(), parts.entry(part.to_owned()).or_default()] {
            count.pictures += 1;
            count.roadwork += u64::from(line.roadwork());
        }
    }
    (from, parts)
}

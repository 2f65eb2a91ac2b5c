//! What a mining run found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use hivis_curate::mine::Coverage;
use hivis_store::{Md5, ObjectId};
use hivis_types::{Label, ReleaseId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Candidate, MineKind, MineOrder};
use crate::table::table;

/// Below so many pictures their hard share says little.
const FEW: u64 = 100;

/// What a run looked at, found hard, and picked.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MineReport {
    /// Its number; `None` for a dry run.
    pub(crate) run: Option<i64>,
    /// What it was for.
    pub(crate) kind: MineKind,
    /// When, UTC.
    pub(crate) at: Timestamp,
    /// Records from then on were looked at.
    pub(crate) since: Timestamp,
    /// Of the start of k-means.
    pub(crate) seed: u64,
    /// Whose word counts, and whose features the spread was made on.
    pub(crate) release: Option<ReleaseId>,
    /// Records of the time that were judged.
    pub(crate) judged: u64,
    /// Of those, records whose picture is not in the home: they cannot be picked.
    pub(crate) without_picture: u64,
    /// Records that arrived later than `at`.
    pub(crate) future: u64,
    /// Distinct pictures of the others.
    pub(crate) pictures: u64,
    /// Of those, hard ones.
    pub(crate) hard: u64,
    /// `hard` of `pictures`, in [0, 1].
    pub(crate) share: f64,
    /// The share that is expected, from and to.
    pub(crate) expected: (f64, f64),
    /// Pictures by reason; one picture may have several.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Hard pictures that an earlier run picked already.
    pub(crate) again: u64,
    /// Hard pictures that were looked at closely.
    pub(crate) pool: u64,
    /// Of the pool, those without features: they come last, by score alone.
    pub(crate) without_features: u64,
    /// Of the pool, near-duplicates of another one.
    pub(crate) twins: u64,
    /// Clusters of the pool.
    pub(crate) clusters: u64,
    /// Distinct scenes in the pool.
    pub(crate) scenes: u64,
    /// Distinct scenes among the picks.
    pub(crate) picked_scenes: u64,
    /// What the picks cover of the guessed slices of the pool.
    pub(crate) coverage: Vec<Coverage>,
    /// The picks, in order.
    pub(crate) picks: Vec<PickReport>,
    /// What a person should know besides.
    pub(crate) notes: Vec<String>,
}

/// One pick.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PickReport {
    /// Its place, 0 is the first.
    pub(crate) place: u32,
    /// The record's id.
    pub(crate) record: String,
    /// The picture's identity.
    pub(crate) sha256: ObjectId,
    /// The picture's address.
    #[serde(skip)]
    pub(crate) md5: Md5,
    /// What it was weighed by.
    pub(crate) probability: f32,
    /// Why it is hard.
    pub(crate) reasons: Vec<String>,
    /// How hard, in [0, 1].
    pub(crate) score: f32,
    /// Its cluster, when it had features.
    pub(crate) cluster: Option<u32>,
    /// Guessed slices.
    pub(crate) slices: Vec<String>,
    /// The label that counts, where there is one.
    pub(crate) label: Option<Label>,
}

impl MineReport {
    pub(super) fn new(order: &MineOrder, since: Timestamp, expected: (f64, f64)) -> Self {
        Self {
            run: None,
            kind: order.kind,
            at: order.now,
            since,
            seed: order.seed,
            release: None,
            judged: 0,
            without_picture: 0,
            future: 0,
            pictures: 0,
            hard: 0,
            share: 0.0,
            expected,
            reasons: BTreeMap::new(),
            again: 0,
            pool: 0,
            without_features: 0,
            twins: 0,
            clusters: 0,
            scenes: 0,
            picked_scenes: 0,
            coverage: Vec::new(),
            picks: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, weighed: &[Candidate]) {
        self.hard = weighed.len() as u64;
        self.share = if self.pictures == 0 { 0.0 } else { self.hard as f64 / self.pictures as f64 };
        for reason in weighed.iter().flat_map(|candidate| &candidate.hard.reasons) {
            *self.reasons.entry(reason.to_string()).or_default() += 1;
        }
    }

    /// Says what is odd.
    pub(super) fn remark(&mut self) {
        let (low, high) = self.expected;
        if self.pictures >= FEW && !(low..=high).contains(&self.share) {
            let which = if self.share < low { "less" } else { "more" };
            self.notes.push(format!(
                "{:.1}% is {which} than the {:.0}-{:.0}% expected: look at the calibration, and at what is asked",
                100.0 * self.share,
                100.0 * low,
                100.0 * high
            ));
        }
        if self.future > 0 {
            self.notes.push(format!("{} records arrived later than now: a clock went backwards", self.future));
        }
        if self.without_features > 0 {
            self.notes.push(format!("{} hard pictures have no features: they come last", self.without_features));
        }
    }

    /// What is kept of it beside the columns of the ledger.
    pub(super) fn facts(&self) -> Value {
        json!({
            "judged": self.judged,
            "without_picture": self.without_picture,
            "future": self.future,
            "share": self.share,
            "expected": self.expected,
            "reasons": self.reasons,
            "again": self.again,
            "pool": self.pool,
            "without_features": self.without_features,
            "twins": self.twins,
            "clusters": self.clusters,
            "scenes": self.scenes,
            "picked_scenes": self.picked_scenes,
        })
    }

    /// Slices of the pool that a pick shows, and all of them.
    pub(crate) fn covered(&self) -> (usize, usize) {
        (self.coverage.iter().filter(|row| row.picked > 0).count(), self.coverage.len())
    }

    /// One line for a person.
    pub(crate) fn said(&self) -> String {
        let (covered, of) = self.covered();
        let (low, high) = self.expected;
        format!(
            "{} of {} judged pictures were hard ({:.1}%, {:.0}-{:.0}% expected); {} picked from {} of {} scenes, {covered} of {of} slices",
            self.hard,
            self.pictures,
            100.0 * self.share,
            100.0 * low,
            100.0 * high,
            self.picks.len(),
            self.picked_scenes,
            self.scenes,
        )
    }

    /// The whole report for a person.
    pub(crate) fn text(&self) -> String {
        let mut out = self.said() + "\n";
        let rows: Vec<_> = self.reasons.iter().map(|(reason, n)| vec![reason.clone(), n.to_string()]).collect();
        if !rows.is_empty() {
            let _ = write!(out, "\n{}", table(&["reason", "pictures"], &rows));
        }
        let _ = writeln!(
            out,
            "\n{} clusters, {} near-duplicates, {} picked before and left out",
            self.clusters, self.twins, self.again
        );
        let row = |c: &Coverage| vec![c.slice.clone(), c.hard.to_string(), c.picked.to_string()];
        if self.coverage.iter().any(|c| c.slice != hivis_curate::mine::UNKNOWN) {
            let rows: Vec<_> = self.coverage.iter().map(row).collect();
            let _ = write!(out, "\n{}", table(&["guessed slice", "hard", "picked"], &rows));
        }
        out.push('\n');
        out.push_str(&picks_table(&self.picks));
        for note in self.notes.iter().collect::<BTreeSet<_>>() {
            let _ = writeln!(out, "note: {note}");
        }
        let _ = match self.run {
            Some(run) => {
                writeln!(out, "kept as run {run}; `hivis mine show {run} --sheet picks.png` shows the pictures")
            }
            None => writeln!(out, "a dry run: nothing was written down"),
        };
        out
    }
}

/// One line a pick.
pub(crate) fn picks_table(picks: &[PickReport]) -> String {
    if picks.is_empty() {
        return "nothing was picked\n".to_owned();
    }
    let row = |pick: &PickReport| {
        let label = pick.label.map_or("-", |label| if label == Label::Roadwork { "roadwork" } else { "clear" });
        vec![
            pick.record.clone(),
            format!("{:.3}", pick.probability),
            format!("{:.3}", pick.score),
            label.to_owned(),
            pick.cluster.map_or_else(|| "-".to_owned(), |cluster| cluster.to_string()),
            pick.reasons.join(" "),
        ]
    };
    let rows: Vec<_> = picks.iter().map(row).collect();
    table(&["record", "probability", "score", "label", "cluster", "reasons"], &rows)
}

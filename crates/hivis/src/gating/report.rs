//! What a run of the gate says.

use std::collections::BTreeMap;

use hivis_curate::gate::Limits;
use hivis_store::{BatchVerdict, StoredVerdict};
use serde::Serialize;

use super::judged::Outcome;

/// What was judged, and how it ended.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct GateReport {
    /// Nothing was written.
    pub(crate) dry_run: bool,
    /// Pictures judged.
    pub(crate) judged: u64,
    /// Those that passed level 1.
    pub(crate) passed: u64,
    /// Those that level 2 chose.
    pub(crate) chosen: u64,
    /// Pictures that at least two releases agree on.
    pub(crate) agreed: u64,
    /// How many were refused for what; a picture counts once for each of its reasons.
    pub(crate) refused: BTreeMap<String, u64>,
    /// The limits that applied.
    pub(crate) limits: Option<Limits>,
    /// Batches, as a whole.
    pub(crate) batches: Vec<BatchVerdict>,
    /// What a reader should know of the limits.
    pub(crate) notes: Vec<String>,
    /// Picture by picture.
    pub(crate) verdicts: Vec<StoredVerdict>,
}

impl GateReport {
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            dry_run,
            judged: 0,
            passed: 0,
            chosen: 0,
            agreed: 0,
            refused: BTreeMap::new(),
            limits: None,
            batches: Vec::new(),
            notes: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, words: impl Into<String>) {
        self.notes.push(words.into());
    }

    pub(super) fn take(&mut self, outcome: Outcome) {
        for verdict in &outcome.verdicts {
            match verdict.level {
                1 => {
                    self.judged += 1;
                    self.passed += u64::from(verdict.passed);
                    for reason in &verdict.reasons {
                        let kind = reason.split(':').next().unwrap_or(reason);
                        *self.refused.entry(kind.to_owned()).or_default() += 1;
                    }
                }
                _ => self.chosen += u64::from(verdict.passed),
            }
        }
        self.agreed = outcome.agreed.len() as u64;
        self.batches = outcome.batches;
        self.verdicts = outcome.verdicts;
    }

    /// One line for a person.
    pub(crate) fn said(&self) -> String {
        if self.judged == 0 {
            return "no generated picture waits for a verdict".to_owned();
        }
        let kinds: Vec<String> = self.refused.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let why = if kinds.is_empty() { String::new() } else { format!(" (refused: {})", kinds.join(", ")) };
        let dry = if self.dry_run { "; a dry run, nothing is written" } else { "" };
        format!(
            "{} of {} pictures passed the gate{why}, {} chosen for level 2{dry}",
            self.passed, self.judged, self.chosen
        )
    }
}

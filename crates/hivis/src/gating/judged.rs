//! From what was found out to verdicts.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_curate::gate::{
    Choice, Evidence, Figures, Known, LikeSettings, Limits, Reason, ReasonKind, Verdict, consensus, judge, judge_batch,
    likeness, mean_nearest, median, second,
};
use hivis_curate::vectors::Matrix;
use hivis_store::{BatchVerdict, ObjectId, StoredLabel, StoredVerdict, ToGate};
use hivis_train::split::ALIKE;
use hivis_types::LabelSource;
use jiff::Timestamp;

use super::features::Features;
use super::inception::Inception;
use super::measured::Measured;
use super::real::{Real, short};
use crate::config::GateSettings;

/// Batches of this kind hold only what the serving release gets wrong: its word on their labels refuses nothing.
const ADVERSARIAL: &str = "adversarial";
/// The embedded generator.
const PROCEDURAL: &str = "procedural";
/// Real neighbours that a picture's distance from the real set is the mean to.
const NEIGHBOURS: usize = 5;
/// No release is so sure.
const NEVER: f64 = 2.0;

/// Pictures to judge, with all that was found out about them. Lists are in their order.
pub(super) struct Run {
    pub(super) gate: GateSettings,
    pub(super) limits: Limits,
    pub(super) pending: Vec<ToGate>,
    pub(super) measured: Vec<Measured>,
    pub(super) scores: Vec<Vec<f64>>,
    pub(super) releases: Option<String>,
    pub(super) real: Real,
    pub(super) features: Option<Features>,
    pub(super) inception: Inception,
    pub(super) now: Timestamp,
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) verdicts: Vec<StoredVerdict>,
    pub(super) batches: Vec<BatchVerdict>,
    pub(super) agreed: Vec<(ObjectId, StoredLabel)>,
}

impl Run {
    pub(super) fn judged(self) -> Result<Outcome> {
        let mut verdicts = self.one_by_one();
        let batches = self.by_batch(&mut verdicts)?;
        let agreed = self.agreed(&verdicts);
        let second = self.second_level(&verdicts)?;
        let stored = |(picture, verdict): (&ToGate, Verdict)| StoredVerdict {
            id: picture.id,
            level: 1,
            at: self.now,
            passed: verdict.passed,
            reasons: verdict.reasons.iter().map(ToString::to_string).collect(),
            figures: verdict.figures,
            release: self.releases.clone(),
        };
        let mut verdicts: Vec<StoredVerdict> = self.pending.iter().zip(verdicts).map(stored).collect();
        verdicts.extend(second);
        Ok(Outcome { verdicts, batches, agreed })
    }

    /// Level 1. What passed is known to those that come after it.
    fn one_by_one(&self) -> Vec<Verdict> {
        let row = |id: ObjectId| self.features.as_ref().and_then(|features| features.rows.get(&id).copied());
        let none = Matrix::default();
        let rows = self.features.as_ref().map_or(&none, |features| &features.all);
        let with_row = |(id, known): &(ObjectId, Known)| Known { row: row(*id), ..known.clone() };
        let mut known: Vec<Known> = self.real.known.iter().map(with_row).collect();
        let settings = LikeSettings { alike: ALIKE, same: self.gate.same_bits, distance: self.gate.same_distance };
        let far = self.far();
        let mut verdicts = Vec::with_capacity(self.pending.len());
        for (at, (picture, measured)) in self.pending.iter().zip(&self.measured).enumerate() {
            let (quality, hash) = match measured {
                Ok(found) => found,
                Err(why) => {
                    verdicts.push(judge(&Evidence::unreadable(why.clone()), &self.limits));
                    continue;
                }
            };
            let own = picture.parent.and_then(|parent| self.real.parts.get(&parent.to_string()).copied());
            let features = self.features.as_ref().and_then(|features| features.row(picture.id));
            let like = likeness(*hash, features, own, (&known, rows));
            let evidence = Evidence {
                likeness: Some((like, settings)),
                label: Some((picture.wanted, self.scores[at].clone())),
                sureness: if by_construction(picture) { NEVER } else { self.gate.sureness },
                ..Evidence::of(quality)
            };
            let mut verdict = judge(&evidence, &self.limits);
            if let Some(far) = far[at] {
                verdict.figures.insert("real_distance".to_owned(), far);
            }
            if verdict.passed {
                let name = format!("generated picture {}", short(picture.id));
                known.push(Known { name, hash: *hash, row: row(picture.id), closed: own });
            }
            verdicts.push(verdict);
        }
        verdicts
    }

    /// How far each picture is from the real set.
    fn far(&self) -> Vec<Option<f64>> {
        let Some(features) = self.features.as_ref().filter(|features| !features.real.is_empty()) else {
            return vec![None; self.pending.len()];
        };
        let rows: Vec<Option<usize>> = self.pending.iter().map(|p| features.rows.get(&p.id).copied()).collect();
        let there: Vec<usize> = rows.iter().copied().flatten().collect();
        let mut far = mean_nearest(&features.all.gathered(&there), &features.real.normalised(), NEIGHBOURS).into_iter();
        rows.into_iter().map(|row| row.and_then(|_| far.next()).map(f64::from)).collect()
    }

    /// Each batch as a whole. In one that is far from the real set, and was made for nothing in particular, nothing passes.
    fn by_batch(&self, verdicts: &mut [Verdict]) -> Result<Vec<BatchVerdict>> {
        let mut batches: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (at, picture) in self.pending.iter().enumerate() {
            batches.entry(picture.batch).or_default().push(at);
        }
        let mut said = Vec::new();
        for (batch, members) in batches {
            let passed: Vec<usize> = members.iter().copied().filter(|&at| verdicts[at].passed).collect();
            let mut figures = pictures_figures(&members, verdicts);
            let (mut verdict, mut reasons) = (None, Vec::new());
            if let Some(features) = &self.features {
                let rows: Vec<f32> =
                    passed.iter().filter_map(|&at| features.pending[at].as_deref()).flatten().copied().collect();
                let rows = Matrix::new(features.all.width(), rows)?;
                let mut found = judge_batch(&rows, &features.real, &self.gate.batch)?;
                if let Some(refusal) = self.inception.judge(&passed, &mut found.figures)? {
                    found.passed = Some(false);
                    found.reasons.push(refusal);
                }
                (verdict, reasons) = (found.passed, found.reasons);
                figures.extend(found.figures);
            }
            // Pictures of what fails are not spread as all pictures are: of such a batch the verdict is told, no more.
            let aimed = members.first().is_some_and(|&at| self.pending[at].aimed);
            if verdict == Some(false) && !aimed {
                let words = reasons.first().map_or_else(String::new, |reason: &Reason| reason.words.clone());
                for at in passed {
                    verdicts[at].passed = false;
                    verdicts[at].reasons.push(Reason::new(ReasonKind::Batch, format!("batch {batch} is {words}")));
                }
            }
            figures.retain(|_, value| value.is_finite());
            said.push(BatchVerdict {
                batch,
                at: self.now,
                pictures: members.len() as u64,
                passed: verdict,
                reasons: reasons.iter().map(ToString::to_string).collect(),
                figures,
            });
        }
        Ok(said)
    }

    /// What at least two releases agree on, of pictures that passed. A generated picture's wanted label outranks it; it
    /// shows where they differ.
    fn agreed(&self, verdicts: &[Verdict]) -> Vec<(ObjectId, StoredLabel)> {
        let label = |((picture, verdict), scores): ((&ToGate, &Verdict), &Vec<f64>)| {
            let found = consensus(scores, self.gate.consensus).filter(|_| verdict.passed)?;
            let source = LabelSource::Consensus;
            Some((picture.id, StoredLabel { label: found.label, source, confidence: found.confidence, at: self.now }))
        };
        self.pending.iter().zip(verdicts).zip(&self.scores).filter_map(label).collect()
    }

    /// Level 2, of what passed level 1.
    fn second_level(&self, verdicts: &[Verdict]) -> Result<Vec<StoredVerdict>> {
        let Some(features) = &self.features else { return Ok(Vec::new()) };
        let far_of = |at: usize| verdicts[at].figures.get("real_distance").map(|far| *far as f32);
        let candidates: Vec<(usize, usize, f32)> = (0..self.pending.len())
            .filter(|&at| verdicts[at].passed)
            .filter_map(|at| Some((at, *features.rows.get(&self.pending[at].id)?, far_of(at)?)))
            .collect();
        let rows: Vec<usize> = candidates.iter().map(|candidate| candidate.1).collect();
        let far: Vec<f32> = candidates.iter().map(|candidate| candidate.2).collect();
        let choices = second(&features.all.gathered(&rows), &far, &self.gate.second)?;
        let verdict = |(candidate, choice): (&(usize, usize, f32), Choice)| {
            let mut figures = Figures::from([("real_distance".to_owned(), f64::from(candidate.2))]);
            let mut note = |uniqueness: f64, cluster: Option<u32>| {
                figures.insert("uniqueness".to_owned(), uniqueness);
                cluster.map(|cluster| figures.insert("cluster".to_owned(), f64::from(cluster)));
            };
            let share = 100.0 * self.gate.second.share;
            let reason = match choice {
                Choice::NotBest => Some(format!("not-best: not of the {share:.0}% nearest to the real set")),
                Choice::Outlier { uniqueness } => {
                    note(uniqueness, None);
                    Some("outlier: unlike all others".to_owned())
                }
                Choice::Passed { cluster, uniqueness } => {
                    note(uniqueness, Some(cluster));
                    Some(format!("spread: {} of its cluster are more unique", self.gate.second.most))
                }
                Choice::Chosen { cluster, uniqueness } => {
                    note(uniqueness, Some(cluster));
                    None
                }
            };
            StoredVerdict {
                id: self.pending[candidate.0].id,
                level: 2,
                at: self.now,
                passed: reason.is_none(),
                reasons: reason.into_iter().collect(),
                figures,
                release: self.releases.clone(),
            }
        };
        Ok(candidates.iter().zip(choices).map(verdict).collect())
    }
}

/// Of a batch's pictures the middle of every figure, how many passed, and how many were refused for what.
fn pictures_figures(members: &[usize], verdicts: &[Verdict]) -> Figures {
    let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut figures = Figures::new();
    for &at in members {
        for (name, value) in &verdicts[at].figures {
            values.entry(name).or_default().push(*value);
        }
        let mut kinds: Vec<ReasonKind> = verdicts[at].reasons.iter().map(|reason| reason.kind).collect();
        kinds.dedup();
        for kind in kinds {
            *figures.entry(format!("refused_{}", kind.as_str())).or_default() += 1.0;
        }
    }
    let passed = members.iter().filter(|&&at| verdicts[at].passed).count();
    figures.insert("passed_share".to_owned(), passed as f64 / members.len() as f64);
    figures.extend(values.into_iter().filter_map(|(name, mut values)| Some((name.to_owned(), median(&mut values)?))));
    figures
}

/// Whether no release's word on the label counts: a scene shows what it was built of, its variations what the parent was
/// labelled, and an adversarial batch is what the serving release gets wrong.
fn by_construction(picture: &ToGate) -> bool {
    picture.kind == ADVERSARIAL || picture.generator == PROCEDURAL
}

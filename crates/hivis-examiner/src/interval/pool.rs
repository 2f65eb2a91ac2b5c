//! The exam's challenges as a pool to draw deployments from.

use std::collections::HashMap;

use hivis_types::{Label, Level, Origin};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::reward::{Entry, HISTORY};
use crate::{Question, Sitting};

/// Cells that the validator draws from: label x origin x level.
const CELLS: usize = 16;

/// One challenge of the exam, without its picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Its scene; challenges of one scene are drawn together.
    pub scene: String,
    /// Which half.
    pub origin: Origin,
    /// Whether the candidate was trained on the scene.
    pub trained_on: bool,
    /// The truth.
    pub label: Label,
    /// The augmentation; one without is never drawn into a deployment.
    pub level: Option<Level>,
}

impl From<&Question> for Asked {
    fn from(q: &Question) -> Self {
        Self { scene: q.scene.clone(), origin: q.origin, trained_on: q.trained_on, label: q.label, level: q.level }
    }
}

/// One candidate's answers to the challenges, in their order, as the reward code gets them.
pub type Candidate = Vec<f64>;

/// Challenges, their scenes by stratum, and every candidate's answers.
#[derive(Clone, Debug)]
pub struct Pool {
    cells: Vec<Option<u8>>,
    /// Members of each scene within a stratum; strata in a fixed order.
    strata: Vec<Vec<Vec<u32>>>,
    /// Scene of each challenge over all strata: a pair of a photograph and its generated twin is one.
    scenes: Vec<u32>,
    scene_count: usize,
    entries: Vec<Vec<Entry>>,
}

/// Buffers of one thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    cells: [Vec<u32>; CELLS],
    /// Challenges in the order played: 100 that only fill the history, then the deployment.
    pub(super) deployment: Vec<u32>,
}

fn cell(label: Label, origin: Origin, level: Level) -> u8 {
    (label as u8) << 3 | u8::from(origin == Origin::Synthetic) << 2 | level as u8
}

/// The generator of a replicate: `kind` keeps its uses apart.
pub(super) fn stream(seed: u64, number: u32, kind: u8) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x005e_5a3e_9b1e_0000);
    rng.set_stream(u64::from(number) << 8 | u64::from(kind));
    rng
}

impl Pool {
    /// Challenges with each candidate's answers. Panics when a candidate has another number of answers than there are
    /// challenges.
    pub fn new(asked: &[Asked], candidates: &[Candidate]) -> Self {
        assert!(candidates.iter().all(|c| c.len() == asked.len()), "one answer a challenge");
        let mut scene_numbers: HashMap<&str, u32> = HashMap::new();
        let mut strata: [Vec<Vec<u32>>; 4] = Default::default();
        let mut places: HashMap<(usize, u32), usize> = HashMap::new();
        let mut scenes = Vec::with_capacity(asked.len());
        for (i, a) in asked.iter().enumerate() {
            let next = scene_numbers.len() as u32;
            let scene = *scene_numbers.entry(a.scene.as_str()).or_insert(next);
            scenes.push(scene);
            let stratum = usize::from(a.origin == Origin::Synthetic) << 1 | usize::from(a.trained_on);
            let place = *places.entry((stratum, scene)).or_insert_with(|| {
                strata[stratum].push(Vec::new());
                strata[stratum].len() - 1
            });
            strata[stratum][place].push(i as u32);
        }
        Self {
            cells: asked.iter().map(|a| a.level.map(|level| cell(a.label, a.origin, level))).collect(),
            strata: strata.into_iter().filter(|scenes| !scenes.is_empty()).collect(),
            scenes,
            scene_count: scene_numbers.len(),
            entries: candidates
                .iter()
                .map(|answers| answers.iter().zip(asked).map(|(&p, a)| Entry::new(Some(p), a.label)).collect())
                .collect(),
        }
    }

    /// From questions and the sittings over them.
    pub fn of(questions: &[&Question], sittings: &[&Sitting]) -> Self {
        let asked: Vec<Asked> = questions.iter().map(|q| Asked::from(*q)).collect();
        let answers = |s: &&Sitting| {
            let by_id: HashMap<u32, f64> = s.answers.iter().map(|a| (a.question, a.prediction)).collect();
            questions.iter().map(|q| by_id.get(&q.id).copied().unwrap_or(crate::reward::NO_ANSWER)).collect()
        };
        Self::new(&asked, &sittings.iter().map(answers).collect::<Vec<Candidate>>())
    }

    /// Candidates in the pool.
    pub fn candidates(&self) -> usize {
        self.entries.len()
    }

    /// Distinct scenes.
    pub fn scenes(&self) -> usize {
        self.scene_count
    }

    pub(super) fn scene_of(&self, challenge: u32) -> u32 {
        self.scenes[challenge as usize]
    }

    pub(super) fn entries(&self, candidate: usize) -> &[Entry] {
        &self.entries[candidate]
    }

    /// Step (a): as many scenes as a stratum has, with replacement, all challenges of each.
    pub(super) fn draw_scenes(&self, scratch: &mut Scratch, rng: &mut ChaCha8Rng) {
        scratch.cells.iter_mut().for_each(Vec::clear);
        for stratum in &self.strata {
            for _ in 0..stratum.len() {
                let scene = &stratum[rng.random_range(0..stratum.len() as u32) as usize];
                self.put(scratch, scene.iter().copied());
            }
        }
    }

    /// The pool as it is.
    pub(super) fn take_all(&self, scratch: &mut Scratch) {
        scratch.cells.iter_mut().for_each(Vec::clear);
        self.put(scratch, 0..self.cells.len() as u32);
    }

    fn put(&self, scratch: &mut Scratch, challenges: impl Iterator<Item = u32>) {
        for challenge in challenges {
            if let Some(cell) = self.cells[challenge as usize] {
                scratch.cells[usize::from(cell)].push(challenge);
            }
        }
    }
}

/// Step (b): 100 challenges to fill a history and `steps` more, from the pool that lies in the scratch. `None` when a
/// label is missing.
pub(super) fn draw_deployment(scratch: &mut Scratch, steps: u32, rng: &mut ChaCha8Rng) -> Option<()> {
    let Scratch { cells, deployment } = scratch;
    deployment.clear();
    for _ in 0..HISTORY as u32 + steps {
        // Sixteen even cells: label, origin and level in one throw.
        let wanted = rng.random_range(0..CELLS as u32) as usize;
        let from = nearest(cells, wanted)?;
        deployment.push(from[rng.random_range(0..from.len() as u32) as usize]);
    }
    Some(())
}

/// The wanted cell, or where the pool has none of its kind: another level, then another origin, of the same label.
fn nearest(cells: &[Vec<u32>; CELLS], wanted: usize) -> Option<&Vec<u32>> {
    if !cells[wanted].is_empty() {
        return Some(&cells[wanted]);
    }
    (1..8).map(|other| &cells[wanted ^ other]).find(|cell| !cell.is_empty())
}

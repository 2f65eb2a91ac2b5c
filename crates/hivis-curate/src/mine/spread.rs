//! A spread of what is hard: clusters, the hardest of each, nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::CurateError;
use crate::vectors::{KMeansSettings, Matrix, MergeSplit, dbscan, kmeans, merge_and_split};

use super::twins::{TwinSettings, cosine_distance, twins};

/// How a spread is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadSettings {
    /// Clusters to begin with.
    pub clusters: usize,
    /// Picks a cluster; a spread has at most `clusters` times `each`.
    pub each: usize,
    /// Clusters whose centres are nearer than this in cosine distance become one.
    pub merge: f32,
    /// A cluster with a member further than this from its centre, in cosine distance, is split.
    pub split: f32,
    /// Scores within a step of this size count as the same; then the one furthest from all picks comes first.
    pub step: f32,
    /// Pictures nearer than this in cosine distance show one scene, as DBSCAN chains them.
    pub scene: f32,
    /// What is one picture.
    pub twins: TwinSettings,
    /// Of the start of k-means.
    pub seed: u64,
}

impl Default for SpreadSettings {
    fn default() -> Self {
        Self {
            clusters: 20,
            each: 5,
            merge: 0.4,
            split: 0.6,
            step: 0.05,
            scene: 0.05,
            twins: TwinSettings::default(),
            seed: 72,
        }
    }
}

/// The hard pictures that a spread is picked from; all lists but `taken` have n entries.
#[derive(Clone, Copy, Debug)]
pub struct Pool<'a> {
    /// Features of one space, `[n, width]`.
    pub features: &'a Matrix,
    /// How hard each is, in [0, 1].
    pub scores: &'a [f32],
    /// 64-bit difference hashes, where known.
    pub hashes: &'a [Option<u64>],
    /// Rows that were picked before: they are not picked again, nor are their twins, and the picks keep away from them.
    pub taken: &'a [usize],
}

/// One picked row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picked {
    /// Its row in the pool.
    pub row: usize,
    /// Its cluster, numbered by the hardest member, the hardest cluster first.
    pub cluster: u32,
}

/// What was picked, and what it was picked from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// In the order in which they were picked.
    pub picks: Vec<Picked>,
    /// Clusters after merging and splitting.
    pub clusters: usize,
    /// Distinct scenes in the pool: DBSCAN's clusters, and each row that is in none.
    pub scenes: usize,
    /// Distinct scenes among the picks.
    pub picked_scenes: usize,
    /// Rows that are another one's twin, and so were not looked at further.
    pub twins: usize,
}

/// Picks a spread: twins count once (the hardest stands), the others are clustered by k-means on features of length 1,
/// near clusters are merged and wide ones split; then the clusters take turns, the one with the hardest member first, and
/// each gives its hardest member that is left, until `clusters * each` are picked. Among members within one step of score
/// the one whose nearest pick is furthest comes first, as k-centre would take it. Deterministic for a seed.
pub fn spread(pool: Pool<'_>, settings: &SpreadSettings) -> Result<Spread, CurateError> {
    let rows = pool.features.len();
    if pool.scores.len() != rows || pool.hashes.len() != rows {
        return Err(CurateError::Lengths { rows, others: pool.scores.len().min(pool.hashes.len()) });
    }
    let wanted = settings.clusters * settings.each;
    if rows == 0 || wanted == 0 {
        return Ok(Spread::default());
    }
    let taken: BTreeSet<usize> = pool.taken.iter().copied().filter(|row| *row < rows).collect();
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by(|&a, &b| {
        let of_scores = pool.scores[b].total_cmp(&pool.scores[a]);
        taken.contains(&b).cmp(&taken.contains(&a)).then(of_scores).then(a.cmp(&b))
    });
    let stands = twins(pool.features, pool.hashes, &order, settings.twins)?;
    order.retain(|&row| stands[row] == row && !taken.contains(&row));
    let fresh = rows - taken.len();
    if order.is_empty() {
        return Ok(Spread { twins: fresh, ..Spread::default() });
    }
    let width = pool.features.width();
    let standing = order.iter().flat_map(|&row| pool.features.row(row)).copied().collect();
    let standing = Matrix::new(width, standing)?.normalised();
    let of = clusters(&standing, settings);
    let scenes = scenes(&standing, settings.scene);
    let mut turns = Turns::new(&of, order.iter().map(|&row| pool.scores[row]).collect(), settings.step);
    for &row in &taken {
        turns.keep_away(&standing, pool.features.row(row));
    }
    let mut picks = Vec::with_capacity(wanted.min(order.len()));
    let mut seen = BTreeSet::new();
    while picks.len() < wanted
        && let Some((at, cluster)) = turns.next(&standing)
    {
        seen.insert(scenes.of[at]);
        picks.push(Picked { row: order[at], cluster });
    }
    Ok(Spread {
        picks,
        clusters: turns.members.len(),
        scenes: scenes.count,
        picked_scenes: seen.len(),
        twins: fresh - order.len(),
    })
}

fn clusters(standing: &Matrix, settings: &SpreadSettings) -> Vec<u32> {
    let clusters = settings.clusters.min(standing.len());
    let how = KMeansSettings { clusters, seed: settings.seed, ..KMeansSettings::default() };
    let found = kmeans(standing, &how);
    merge_and_split(standing, found, &MergeSplit { merge: settings.merge, split: settings.split }).of
}

struct Scenes {
    of: Vec<usize>,
    count: usize,
}

/// Rows in no cluster are scenes of their own.
fn scenes(standing: &Matrix, within: f32) -> Scenes {
    let found = dbscan(standing, within, 2);
    let mut count = found.clusters;
    let mut alone = || {
        count += 1;
        count - 1
    };
    let of = found.of.iter().map(|scene| scene.map_or_else(&mut alone, |scene| scene as usize)).collect();
    Scenes { of, count }
}

/// Clusters that take turns. Places are those of the standing rows, which come hardest first.
struct Turns {
    /// Of each cluster what is left, hardest first.
    members: Vec<Vec<usize>>,
    scores: Vec<f32>,
    /// Cosine distance of each place to the nearest pick.
    far: Vec<f32>,
    step: f32,
    turn: usize,
}

impl Turns {
    fn new(of: &[u32], scores: Vec<f32>, step: f32) -> Self {
        // Numbered in the order of their hardest members, which is the order of first appearance.
        let mut numbers = BTreeMap::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        for (at, cluster) in of.iter().enumerate() {
            let number = *numbers.entry(*cluster).or_insert_with(|| {
                members.push(Vec::new());
                members.len() - 1
            });
            members[number].push(at);
        }
        let far = vec![f32::INFINITY; of.len()];
        Self { members, scores, far, step, turn: 0 }
    }

    /// The next pick and its cluster; `None` when nothing is left.
    fn next(&mut self, standing: &Matrix) -> Option<(usize, u32)> {
        let count = self.members.len();
        let cluster = (self.turn..self.turn + count).map(|turn| turn % count).find(|&c| !self.members[c].is_empty())?;
        self.turn = (cluster + 1) % count;
        let left = &self.members[cluster];
        let least = self.scores[left[0]] - self.step;
        // Of equals the first, which is the harder one.
        let mut best = 0;
        for (place, &at) in left.iter().enumerate().take_while(|(_, at)| self.scores[**at] >= least) {
            if self.far[at] > self.far[left[best]] {
                best = place;
            }
        }
        let at = self.members[cluster].remove(best);
        self.keep_away(standing, standing.row(at));
        Some((at, cluster as u32))
    }

    /// Notes that something like this is picked.
    fn keep_away(&mut self, standing: &Matrix, from: &[f32]) {
        for (place, far) in self.far.iter_mut().enumerate() {
            *far = far.min(cosine_distance(standing.row(place), from));
        }
    }
}

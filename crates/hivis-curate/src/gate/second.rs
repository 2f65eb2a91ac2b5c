//! Level 2: a spread of the best fifth.

use serde::Serialize;

use super::figures::median;
use crate::CurateError;
use crate::vectors::{KMeansSettings, Matrix, kmeans, outliers};

/// How a spread is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SecondSettings {
    /// The best share that is looked at.
    pub share: f64,
    /// Clusters at most; fewer when there are fewer than four pictures for each.
    pub clusters: usize,
    /// Pictures that a cluster must have; a smaller one stands apart.
    pub least: usize,
    /// Pictures taken of a cluster at most.
    pub most: usize,
    /// Neighbours that uniqueness is measured by.
    pub neighbours: usize,
    /// Names the clustering's draws.
    pub seed: u64,
}

impl Default for SecondSettings {
    fn default() -> Self {
        Self { share: 0.2, clusters: 50, least: 2, most: 4, neighbours: 5, seed: 72 }
    }
}

/// What became of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "choice")]
pub enum Choice {
    /// It is not among the best.
    NotBest,
    /// It is unlike all others.
    Outlier {
        /// Mean cosine distance to its neighbours.
        uniqueness: f64,
    },
    /// Its cluster has more unique ones enough.
    Passed {
        /// Its cluster.
        cluster: u32,
        /// Mean cosine distance to its neighbours.
        uniqueness: f64,
    },
    /// Chosen.
    Chosen {
        /// Its cluster.
        cluster: u32,
        /// Mean cosine distance to its neighbours.
        uniqueness: f64,
    },
}

/// Chooses among pictures that passed level 1: `features` row by row, of length one, and how far each is from the real set
/// (`far`, the lower the better). The best share is clustered; of each cluster the most unique come first; what lies more
/// than three deviations (by the median) beyond the usual uniqueness is an outlier.
pub fn second(features: &Matrix, far: &[f32], settings: &SecondSettings) -> Result<Vec<Choice>, CurateError> {
    if far.len() != features.len() {
        return Err(CurateError::Shape { values: far.len(), width: features.len() });
    }
    let mut choices = vec![Choice::NotBest; far.len()];
    let mut best: Vec<usize> = (0..far.len()).collect();
    best.sort_by(|&a, &b| far[a].total_cmp(&far[b]).then(a.cmp(&b)));
    best.truncate((settings.share * far.len() as f64).ceil() as usize);
    if best.is_empty() {
        return Ok(choices);
    }
    let uniqueness: Vec<f64> = match best.len() {
        1 => vec![0.0],
        many => {
            let k = settings.neighbours.clamp(1, many - 1);
            outliers(&features.gathered(&best), k).into_iter().map(f64::from).collect()
        }
    };
    let usual = median(&mut uniqueness.clone()).unwrap_or_default();
    let deviation =
        median(&mut uniqueness.iter().map(|value| (value - usual).abs()).collect::<Vec<_>>()).unwrap_or_default();
    // 1.4826: the median deviation of a normal distribution is so much less than its standard deviation.
    let limit = usual + 3.0 * 1.4826 * deviation;
    let mut kept = Vec::new();
    for (&at, &uniqueness) in best.iter().zip(&uniqueness) {
        // Few pictures have no usual distance to go by.
        if best.len() >= 8 && uniqueness > limit {
            choices[at] = Choice::Outlier { uniqueness };
        } else {
            kept.push((at, uniqueness));
        }
    }
    let clusters = settings.clusters.min(kept.len().div_ceil(settings.most)).max(1);
    let asked = KMeansSettings { clusters, iterations: 100, tolerance: 1e-4, seed: settings.seed, restarts: 3 };
    let found = kmeans(&features.gathered(&kept.iter().map(|(at, _)| *at).collect::<Vec<_>>()), &asked);
    for cluster in 0..clusters as u32 {
        let mut members: Vec<(usize, f64)> =
            kept.iter().zip(&found.of).filter(|(_, of)| **of == cluster).map(|(member, _)| *member).collect();
        members.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let alone = members.len() < settings.least && clusters > 1;
        for (place, (at, uniqueness)) in members.into_iter().enumerate() {
            choices[at] = match () {
                () if alone => Choice::Outlier { uniqueness },
                () if place < settings.most => Choice::Chosen { cluster, uniqueness },
                () => Choice::Passed { cluster, uniqueness },
            };
        }
    }
    Ok(choices)
}

//! k-means: groups of rows about their means.
//!
//! Lloyd's iterations give what scikit-learn's give from the same centres. Most rows are not looked at in most of them:
//! each keeps how far at most its own centre is and how near at least any other (Hamerly, 2010), and only rows whose
//! bounds cross are multiplied with the centres, in blocks.

mod lloyd;
mod seeding;

use crate::vectors::Matrix;
use crate::vectors::product::Products;
use lloyd::Lloyd;

/// How to look for groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KMeansSettings {
    /// Groups, at most as many as there are different rows.
    pub clusters: usize,
    /// The most iterations of one start.
    pub iterations: u32,
    /// A start ends when the squared moves of all centres sum to less than this share of the columns' mean variance.
    pub tolerance: f64,
    /// Everything random follows from it.
    pub seed: u64,
    /// Starts; the one of the least inertia counts.
    pub restarts: u32,
}

impl Default for KMeansSettings {
    /// 20 clusters, else as scikit-learn has it: 300 iterations, tolerance 1e-4; 3 starts.
    fn default() -> Self {
        Self { clusters: 20, iterations: 300, tolerance: 1e-4, seed: 0, restarts: 3 }
    }
}

/// Rows in groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// The mean of each group, `[clusters, width]`.
    pub centres: Matrix,
    /// The group of each row.
    pub of: Vec<u32>,
    /// The Euclidean distance of each row from its centre.
    pub distance: Vec<f32>,
    /// The sum of the squared distances.
    pub inertia: f64,
    /// Iterations made.
    pub iterations: u32,
}

impl Clustering {
    /// The rows of each group, in order.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.centres.len()];
        for (row, &of) in self.of.iter().enumerate() {
            members[of as usize].push(row);
        }
        members
    }
}

/// Groups the rows about `settings.clusters` means (Euclidean). Each start draws its centres by greedy k-means++, from a
/// sample when there are many rows; a group that runs empty moves to the row that is farthest from its centre. Fewer
/// groups come back when fewer rows differ; none when there is no row.
pub fn kmeans(matrix: &Matrix, settings: &KMeansSettings) -> Clustering {
    let clusters = settings.clusters.clamp(1, matrix.len().max(1));
    let products = Products::new();
    let mut best: Option<Clustering> = None;
    if matrix.is_empty() {
        return Clustering { centres: matrix.clone(), of: vec![], distance: vec![], inertia: 0.0, iterations: 0 };
    }
    let lloyd = Lloyd::new(matrix, &products);
    for start in 0..settings.restarts.max(1) {
        let centres = seeding::centres(matrix, &products, clusters, (settings.seed, start));
        let found = lloyd.run(centres, settings.iterations, settings.tolerance);
        if best.as_ref().is_none_or(|best| found.inertia < best.inertia) {
            best = Some(found);
        }
    }
    best.expect("there is one start at least: this is a bug")
}

/// Lloyd's iterations from these centres: what [`kmeans`] does with each start.
///
/// # Panics
/// When the centres are not as long as the rows, or there is none.
pub fn kmeans_from(matrix: &Matrix, centres: &Matrix, iterations: u32, tolerance: f64) -> Clustering {
    assert!(
        !centres.is_empty() && (matrix.is_empty() || centres.width() == matrix.width()),
        "centres of another width"
    );
    if matrix.is_empty() {
        return Clustering { centres: centres.clone(), of: vec![], distance: vec![], inertia: 0.0, iterations: 0 };
    }
    Lloyd::new(matrix, &Products::new()).run(centres.data().to_vec(), iterations, tolerance)
}

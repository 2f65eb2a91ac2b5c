//! Groups of any shape: rows that are joined by near ones.

use crate::vectors::{Matrix, near_pairs};

/// Which group each row is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dbscan {
    /// The group of each row, numbered by their first core rows; `None` for noise.
    pub of: Vec<Option<u32>>,
    /// How many groups.
    pub clusters: usize,
}

/// DBSCAN with cosine distances (Ester and others, 1996). A row with at least `min_points` rows within `eps`, itself
/// and the bound included, is a core row; core rows within `eps` of each other share a group. A row that is no core row
/// but within `eps` of one belongs to the lowest numbered group that it is near to: so scikit-learn has it.
pub fn dbscan(matrix: &Matrix, eps: f32, min_points: usize) -> Dbscan {
    let count = matrix.len();
    let pairs = near_pairs(matrix, eps);
    let mut near = vec![1_usize; count];
    for pair in &pairs {
        near[pair.a] += 1;
        near[pair.b] += 1;
    }
    let core: Vec<bool> = near.iter().map(|&near| near >= min_points).collect();
    let mut groups = Groups::new(count);
    for pair in pairs.iter().filter(|pair| core[pair.a] && core[pair.b]) {
        groups.join(pair.a as u32, pair.b as u32);
    }
    let (mut of, clusters) = groups.numbered(&core);
    for pair in &pairs {
        let (border, of_core) = match (core[pair.a], core[pair.b]) {
            (true, false) => (pair.b, of[pair.a]),
            (false, true) => (pair.a, of[pair.b]),
            _ => continue,
        };
        of[border] = of[border].min(of_core).or(of_core);
    }
    Dbscan { of, clusters }
}

/// Sets that grow together; each is known by its lowest row.
struct Groups {
    parent: Vec<u32>,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self { parent: (0..count as u32).collect() }
    }

    fn root(&mut self, mut row: u32) -> u32 {
        while self.parent[row as usize] != row {
            let above = self.parent[self.parent[row as usize] as usize];
            self.parent[row as usize] = above;
            row = above;
        }
        row
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }

    /// The group of each core row, numbered in the order of their lowest rows.
    fn numbered(mut self, core: &[bool]) -> (Vec<Option<u32>>, usize) {
        let mut of = vec![None; core.len()];
        let mut clusters = 0;
        for row in (0..core.len()).filter(|&row| core[row]) {
            let root = self.root(row as u32) as usize;
            if root == row {
                of[row] = Some(clusters);
                clusters += 1;
            } else {
                of[row] = of[root];
            }
        }
        (of, clusters as usize)
    }
}

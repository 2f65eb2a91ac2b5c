//! Groups of any shape: rows that are joined by near ones.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::vectors::Matrix;
use crate::vectors::near::{self, Found};

/// Pairs that are kept between the two looks (8 bytes each); with more, they are looked for twice.
const KEPT: usize = 100_000_000;

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
    let near: Vec<AtomicU32> = (0..count).map(|_| AtomicU32::new(1)).collect();
    let (kept, seen) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    near::each(matrix, eps, &|found| {
        for pair in &found {
            near[pair.a as usize].fetch_add(1, Ordering::Relaxed);
            near[pair.b as usize].fetch_add(1, Ordering::Relaxed);
        }
        if seen.fetch_add(found.len(), Ordering::Relaxed) + found.len() <= KEPT {
            let found = found.iter().map(|pair| (pair.a, pair.b));
            kept.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
        }
    });
    let core: Vec<bool> = near.into_iter().map(|near| near.into_inner() as usize >= min_points).collect();
    let groups = Mutex::new((Groups::new(count), Vec::new()));
    let join = |pairs: &mut dyn Iterator<Item = (u32, u32)>| {
        let (groups, borders) = &mut *groups.lock().unwrap_or_else(PoisonError::into_inner);
        for (a, b) in pairs {
            match (core[a as usize], core[b as usize]) {
                (true, true) => groups.join(a, b),
                (true, false) => borders.push((b, a)),
                (false, true) => borders.push((a, b)),
                (false, false) => {}
            }
        }
    };
    let kept: Vec<(u32, u32)> = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
    if kept.len() == seen.into_inner() {
        join(&mut kept.into_iter());
    } else {
        drop(kept);
        near::each(matrix, eps, &|found: Vec<Found>| join(&mut found.iter().map(|pair| (pair.a, pair.b))));
    }
    let (groups, borders) = groups.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (mut of, clusters) = groups.numbered(&core);
    for (border, by) in borders {
        let group = of[by as usize];
        let own = &mut of[border as usize];
        *own = (*own).min(group).or(group);
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

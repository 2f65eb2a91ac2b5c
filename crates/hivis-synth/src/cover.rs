//! What covers each part of a picture.

use crate::Stuff;

/// A map of classes, finer than the picture: `oversampling` by `oversampling` samples a pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Cover {
    width: usize,
    height: usize,
    oversampling: usize,
    ids: Vec<u8>,
}

/// The shares of a grid of square patches.
#[derive(Clone, Debug, PartialEq)]
pub struct Patches {
    /// Patches across.
    pub grid_w: u32,
    /// Patches down.
    pub grid_h: u32,
    /// `[grid_h * grid_w]`, row by row from the top: the share of the patch that each class covers; sums to 1.
    pub shares: Vec<[f32; Stuff::COUNT]>,
}

impl Cover {
    /// Wraps class ids, `[height * oversampling, width * oversampling]`, sides in pixels.
    pub(crate) fn new(width: usize, height: usize, oversampling: usize, ids: Vec<u8>) -> Self {
        debug_assert_eq!(ids.len(), width * height * oversampling * oversampling);
        Self { width, height, oversampling, ids }
    }

    /// What is at pixel column `x`, row `y` (its upper left sample); panics outside the picture.
    pub fn at(&self, x: u32, y: u32) -> Stuff {
        let (x, y) = (x as usize, y as usize);
        assert!(x < self.width && y < self.height, "({x}, {y}) is outside {} x {}", self.width, self.height);
        Stuff::ALL[self.ids[(y * self.oversampling * self.width + x) * self.oversampling] as usize]
    }

    /// The share of the whole picture that each class covers; sums to 1.
    pub fn shares(&self) -> [f32; Stuff::COUNT] {
        let mut counts = [0_u32; Stuff::COUNT];
        for &id in &self.ids {
            counts[id as usize] += 1;
        }
        counts.map(|count| count as f32 / self.ids.len() as f32)
    }

    /// The share of the picture that is covered by classes with [`Stuff::is_roadwork`].
    pub fn roadwork(&self) -> f32 {
        let shares = self.shares();
        Stuff::ALL.into_iter().filter(|stuff| stuff.is_roadwork()).map(|stuff| shares[stuff as usize]).sum()
    }

    /// The share of roadwork classes between two places across the picture, 0 is its left edge and 1 its right.
    pub(crate) fn roadwork_between(&self, left: f32, right: f32) -> f32 {
        let stride = self.width * self.oversampling;
        let column = |place: f32| ((place * stride as f32).round() as usize).min(stride);
        let band = column(left)..column(right).max(column(left) + 1);
        let is_roadwork = |id: &&u8| Stuff::ALL[usize::from(**id)].is_roadwork();
        let count: usize =
            self.ids.chunks_exact(stride).map(|row| row[band.clone()].iter().filter(is_roadwork).count()).sum();
        count as f32 / (band.len() * self.ids.len() / stride) as f32
    }

    /// The shares of each `patch` by `patch` pixel square; squares at the right and lower edge may be cut.
    pub fn patches(&self, patch: u32) -> Patches {
        let patch = patch.max(1) as usize;
        let (grid_w, grid_h) = (self.width.div_ceil(patch), self.height.div_ceil(patch));
        let side = patch * self.oversampling;
        let mut counts = vec![[0_u32; Stuff::COUNT]; grid_w * grid_h];
        for (y, row) in self.ids.chunks_exact(self.width * self.oversampling).enumerate() {
            let line = &mut counts[y / side * grid_w..][..grid_w];
            for (cell, ids) in line.iter_mut().zip(row.chunks(side)) {
                for &id in ids {
                    cell[id as usize] += 1;
                }
            }
        }
        let share = |cell: [u32; Stuff::COUNT]| {
            let total = cell.iter().sum::<u32>() as f32;
            cell.map(|count| count as f32 / total)
        };
        Patches { grid_w: grid_w as u32, grid_h: grid_h as u32, shares: counts.into_iter().map(share).collect() }
    }
}

impl std::fmt::Debug for Cover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cover({} x {}, {} samples a side)", self.width, self.height, self.oversampling)
    }
}

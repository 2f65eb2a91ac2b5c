//! Rows of equal length.

use rayon::prelude::*;

use crate::CurateError;
use crate::vectors::distance::{self, vectorised};

/// Rows that one thread looks at in one go.
const CHUNK: usize = 1024;

/// Rows of `width` finite numbers, one after another: the features of so many pictures.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Matrix {
    width: usize,
    data: Vec<f32>,
}

impl Matrix {
    /// Wraps `data` (`[n, width]`, row-major; `width` at least 1). Refuses NaN and infinity.
    pub fn new(width: usize, data: Vec<f32>) -> Result<Self, CurateError> {
        if width == 0 || !data.len().is_multiple_of(width) {
            return Err(CurateError::Shape { values: data.len(), width });
        }
        let strange = data.par_chunks(width * CHUNK).enumerate().find_map_first(|(chunk, rows)| {
            if vectorised(|| all_finite(rows)) {
                return None;
            }
            let at = rows.iter().position(|x| !x.is_finite());
            at.map(|at| chunk * CHUNK + at / width)
        });
        match strange {
            Some(row) => Err(CurateError::NotFinite { row }),
            None => Ok(Self { width, data }),
        }
    }

    /// The same numbers, known to be rows of finite ones.
    pub(crate) fn trusted(width: usize, data: Vec<f32>) -> Self {
        debug_assert!(width > 0 && data.len().is_multiple_of(width));
        Self { width, data }
    }

    /// Length of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.data.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// One row; panics when there is none of that number.
    pub fn row(&self, at: usize) -> &[f32] {
        &self.data[at * self.width..][..self.width]
    }

    /// All rows, `[n, width]`.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The rows of these numbers, in that order; panics when there is none of a number.
    #[must_use]
    pub fn gathered(&self, rows: &[usize]) -> Self {
        let mut data = vec![0.0; rows.len() * self.width];
        if self.width > 0 {
            let places = data.par_chunks_mut(self.width).with_min_len(CHUNK).zip(rows);
            places.for_each(|(to, &row)| to.copy_from_slice(self.row(row)));
        }
        Self { width: self.width, data }
    }

    /// Every row at length 1. A row of zeros stays one.
    #[must_use]
    pub fn normalised(&self) -> Self {
        let mut data = self.data.clone();
        if self.width > 0 {
            data.par_chunks_mut(self.width * CHUNK).for_each(|rows| {
                vectorised(|| rows.chunks_exact_mut(self.width).for_each(distance::normalise));
            });
        }
        Self { width: self.width, data }
    }

    /// Squared lengths of the rows.
    pub(crate) fn squares(&self) -> Vec<f32> {
        let mut squares = vec![0.0; self.len()];
        let chunks = squares.par_chunks_mut(CHUNK).zip(self.data.par_chunks((self.width * CHUNK).max(1)));
        chunks.for_each(|(squares, rows)| {
            vectorised(|| {
                for (square, row) in squares.iter_mut().zip(rows.chunks_exact(self.width)) {
                    *square = distance::dot(row, row);
                }
            });
        });
        squares
    }
}

/// Branchless: what is not finite times zero is not zero.
#[inline(always)]
fn all_finite(values: &[f32]) -> bool {
    values.iter().fold(0_u32, |worst, x| worst.max(x.to_bits() & 0x7fff_ffff)) < 0x7f80_0000
}

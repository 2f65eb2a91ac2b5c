//! Rows of equal length.

use crate::CurateError;

/// Rows of `width` numbers, one after another: the features of so many pictures.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Matrix {
    width: usize,
    data: Vec<f32>,
}

impl Matrix {
    /// Wraps `data` (`[n, width]`, row-major; `width` at least 1).
    pub fn new(width: usize, data: Vec<f32>) -> Result<Self, CurateError> {
        if width == 0 || !data.len().is_multiple_of(width) {
            return Err(CurateError::Shape { values: data.len(), width });
        }
        Ok(Self { width, data })
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
}

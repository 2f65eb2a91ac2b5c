//! Rotary positions as transformers' DINOv3 computes them.
//!
//! A patch's position is its centre relative to the picture, in [-1, 1], row and column. Relative, not counted in
//! patches: so a model trained at 112 px reads 224 px without new tables.

/// Cosines and sines of one grid: `[tokens, head_dim / 2]` each, prefix tokens (CLS, registers) not turned.
///
/// Half is enough, because the second half of a head repeats the first (`angles.tile(2)` there).
#[derive(Clone, Debug, PartialEq)]
pub struct Tables {
    /// Tokens, prefix included.
    pub tokens: usize,
    /// Half the head's width.
    pub half: usize,
    /// Cosines, row-major.
    pub cos: Vec<f32>,
    /// Sines, row-major.
    pub sin: Vec<f32>,
}

/// The tables of a `rows` x `columns` grid of patches after `prefix` tokens; `head_dim` is a multiple of four.
pub fn tables(prefix: usize, (rows, columns): (usize, usize), head_dim: usize, theta: f32) -> Tables {
    let (quarter, half) = (head_dim / 4, head_dim / 2);
    let tokens = prefix + rows * columns;
    let (mut cos, mut sin) = (vec![1.0; prefix * half], vec![0.0; prefix * half]);
    let frequency = |k: usize| 1.0 / theta.powf(4.0 * k as f32 / head_dim as f32);
    for row in 0..rows {
        for column in 0..columns {
            let centre = |at: usize, of: usize| 2.0 * ((at as f32 + 0.5) / of as f32) - 1.0;
            for place in [centre(row, rows), centre(column, columns)] {
                for k in 0..quarter {
                    let angle = std::f32::consts::TAU * place * frequency(k);
                    cos.push(angle.cos());
                    sin.push(angle.sin());
                }
            }
        }
    }
    Tables { tokens, half, cos, sin }
}

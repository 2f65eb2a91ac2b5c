//! Constants that are computed: the angles of RoPE, the weights of bilinear resizing, position tables of another grid.

/// Cosines and signed sines of DINOv3's rotary positions.
pub(crate) struct Rope {
    /// `[tokens, head_dim]`.
    pub cos: Vec<f32>,
    /// `[tokens, head_dim]`, the first half negated: it multiplies the vector with its halves swapped.
    pub sin: Vec<f32>,
}

/// The tables of `prefix` tokens, which do not turn, and a `rows` x `columns` grid of patches.
///
/// A patch centre has coordinates in [-1, 1]; angle = 2 pi * coordinate / theta^(4k / head_dim) for k below
/// head_dim / 4, rows' angles before columns', the whole twice. Source: transformers' `modeling_dinov3_vit`.
pub(crate) fn rope(prefix: usize, (rows, columns): (usize, usize), head_dim: usize, theta: f64) -> Rope {
    let quarter = head_dim / 4;
    let frequencies: Vec<f64> = (0..quarter).map(|k| theta.powf(-4.0 * k as f64 / head_dim as f64)).collect();
    let centre = |i: usize, n: usize| 2.0 * ((i as f64 + 0.5) / n as f64) - 1.0;
    let tokens = prefix + rows * columns;
    let mut cos = Vec::with_capacity(tokens * head_dim);
    let mut sin = Vec::with_capacity(tokens * head_dim);
    cos.resize(prefix * head_dim, 1.0);
    sin.resize(prefix * head_dim, 0.0);
    for row in 0..rows {
        for column in 0..columns {
            for sign in [-1.0, 1.0] {
                for coordinate in [centre(row, rows), centre(column, columns)] {
                    for frequency in &frequencies {
                        let angle = std::f64::consts::TAU * coordinate * frequency;
                        cos.push(angle.cos() as f32);
                        sin.push((sign * angle.sin()) as f32);
                    }
                }
            }
        }
    }
    Rope { cos, sin }
}

/// The matrix `[to, from]` that resizes one axis bilinearly, antialiased when it shrinks (Pillow's triangle filter
/// without its rounding to 8 bits). Each row sums to 1.
pub(crate) fn resize(from: usize, to: usize) -> Vec<f32> {
    let scale = from as f64 / to as f64;
    let support = scale.max(1.0);
    let mut matrix = vec![0.0f32; from * to];
    for (i, row) in matrix.chunks_exact_mut(from).enumerate() {
        let centre = (i as f64 + 0.5) * scale;
        let weight = |j: usize| (1.0 - ((j as f64 + 0.5 - centre) / support).abs()).max(0.0);
        let sum: f64 = (0..from).map(weight).sum();
        for (j, cell) in row.iter_mut().enumerate() {
            *cell = (weight(j) / sum) as f32;
        }
    }
    matrix
}

/// How a table of learned positions is resized. Source: torch's `interpolate` with `align_corners=False`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// `mode="bicubic"`: four neighbours, borders repeated, Keys' a = -0.75.
    Bicubic,
    /// The same with `antialias=True`: stretched where it shrinks, borders left out, a = -0.5.
    BicubicAntialiased,
}

/// A table `[rows * columns, width]` for the grid `from`, as one for the grid `to`.
pub(crate) fn resize_positions(table: Vec<f32>, from: (usize, usize), to: (usize, usize), kernel: Kernel) -> Vec<f32> {
    if from == to {
        return table;
    }
    let width = table.len() / (from.0 * from.1);
    let (down, across) = (bicubic(from.0, to.0, kernel), bicubic(from.1, to.1, kernel));
    let mut out = Vec::with_capacity(to.0 * to.1 * width);
    for rows in down.chunks_exact(from.0) {
        for columns in across.chunks_exact(from.1) {
            let mut sum = vec![0.0f64; width];
            for (row, &r) in table.chunks_exact(from.1 * width).zip(rows).filter(|(_, r)| **r != 0.0) {
                for (cell, &c) in row.chunks_exact(width).zip(columns).filter(|(_, c)| **c != 0.0) {
                    sum.iter_mut().zip(cell).for_each(|(sum, &v)| *sum += r * c * f64::from(v));
                }
            }
            out.extend(sum.into_iter().map(|v| v as f32));
        }
    }
    out
}

/// The matrix `[to, from]` that resizes one axis. Each row sums to 1.
fn bicubic(from: usize, to: usize, kernel: Kernel) -> Vec<f64> {
    let scale = from as f64 / to as f64;
    let mut matrix = vec![0.0f64; from * to];
    for (i, row) in matrix.chunks_exact_mut(from).enumerate() {
        let centre = (i as f64 + 0.5) * scale;
        match kernel {
            Kernel::Bicubic => {
                let first = (centre - 0.5).floor() as i64 - 1;
                for j in first..first + 4 {
                    let weight = keys(j as f64 + 0.5 - centre, -0.75);
                    row[j.clamp(0, from as i64 - 1) as usize] += weight;
                }
            }
            Kernel::BicubicAntialiased => {
                let stretch = scale.max(1.0);
                row.iter_mut().enumerate().for_each(|(j, w)| *w = keys((j as f64 + 0.5 - centre) / stretch, -0.5));
                let sum: f64 = row.iter().sum();
                for w in row {
                    *w /= sum;
                }
            }
        }
    }
    matrix
}

/// Keys' cubic convolution kernel. Source: R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
fn keys(x: f64, a: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        a * (((x - 5.0) * x + 8.0) * x - 4.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Kernel, bicubic, resize, resize_positions, rope};

    #[test]
    fn positions_of_another_grid() {
        for kernel in [Kernel::Bicubic, Kernel::BicubicAntialiased] {
            assert_eq!(bicubic(3, 3, kernel), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], "{kernel:?}");
            for (from, to) in [(37, 16), (4, 9), (1, 3), (5, 1)] {
                for row in bicubic(from, to, kernel).chunks(from) {
                    assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{kernel:?} {from} to {to}");
                }
            }
        }
        // Halfway between two of four: -0.09375 and 0.59375 with a = -0.75, by hand.
        assert_eq!(bicubic(4, 2, Kernel::Bicubic)[..4], [-0.09375 + 0.59375, 0.59375, -0.09375, 0.0]);
        // Rows and columns keep their places: 1 x 2 of two numbers, turned into 2 x 1.
        let table = vec![1.0, 10.0, 3.0, 30.0];
        assert_eq!(resize_positions(table, (1, 2), (2, 1), Kernel::BicubicAntialiased), [2.0, 20.0, 2.0, 20.0]);
    }

    #[test]
    fn prefix_tokens_do_not_turn() {
        let table = rope(2, (1, 3), 8, 100.0);
        assert_eq!(table.cos.len(), 5 * 8);
        assert!(table.cos[..16].iter().all(|&c| c == 1.0) && table.sin[..16].iter().all(|&s| s == 0.0));
        // One row: its centre is 0, so the row's angles are 0; the first column's coordinate is -2/3.
        assert_eq!(table.cos[16..18], [1.0, 1.0]);
        let angle = -std::f32::consts::TAU * 2.0 / 3.0;
        assert!((table.cos[18] - angle.cos()).abs() < 1e-6 && (table.sin[18] + angle.sin()).abs() < 1e-6);
        assert!((table.sin[22] - angle.sin()).abs() < 1e-6);
    }

    #[test]
    fn resizing_weights() {
        assert_eq!(resize(2, 2), [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(resize(1, 3), [1.0; 3]);
        assert_eq!(resize(2, 4), [1.0, 0.0, 0.75, 0.25, 0.25, 0.75, 0.0, 1.0]);
        // Half the size: a triangle two pixels to either side, cut at the border.
        let half = resize(4, 2);
        assert!((half.iter().sum::<f32>() - 2.0).abs() < 1e-6 && half[0] == half[1] && half[2] > 0.0 && half[3] == 0.0);
    }
}

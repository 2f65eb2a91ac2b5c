//! Pictures that show the same thing twice.

use std::collections::BTreeMap;

use crate::CurateError;
use crate::vectors::{Matrix, near_pairs};

/// When two pictures are one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwinSettings {
    /// Bits in which two 64-bit difference hashes may differ, when the features agree too.
    pub hash_bits: u32,
    /// Cosine distance of the features that a likeness of hashes wants beside it: the hash alone joins different scenes.
    pub alike: f32,
    /// Cosine distance of the features that is enough alone.
    pub same: f32,
}

impl Default for TwinSettings {
    fn default() -> Self {
        Self { hash_bits: 10, alike: 0.1, same: 0.01 }
    }
}

/// For each row the row that stands for it: itself, or an earlier one of `order` that it is a twin of. A twin stands for
/// nobody, so a chain of small changes does not join its ends.
///
/// `features` are `[n, width]`, `hashes` and `order` (a permutation of all rows, the one that should stand first) have n
/// entries. Time grows with the square of n: a second for 10,000 rows and their hashes, and what [`near_pairs`] takes.
pub fn twins(
    features: &Matrix,
    hashes: &[Option<u64>],
    order: &[usize],
    settings: TwinSettings,
) -> Result<Vec<usize>, CurateError> {
    let rows = features.len();
    if hashes.len() != rows || order.len() != rows {
        return Err(CurateError::Lengths { rows, others: hashes.len().min(order.len()) });
    }
    let mut near: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for pair in near_pairs(features, settings.same) {
        near.entry(pair.a).or_default().push(pair.b);
        near.entry(pair.b).or_default().push(pair.a);
    }
    let mut stands: Vec<Option<usize>> = vec![None; rows];
    let mut hashed: Vec<(u64, usize)> = Vec::new();
    for &row in order {
        let by_features = near.get(&row).into_iter().flatten().find(|&&other| stands[other] == Some(other)).copied();
        let by_hash = || {
            let hash = hashes[row]?;
            let close = hashed.iter().filter(|(other, _)| (hash ^ other).count_ones() <= settings.hash_bits);
            close
                .map(|(_, other)| *other)
                .find(|&other| cosine_distance(features.row(row), features.row(other)) <= settings.alike)
        };
        let twin = by_features.or_else(by_hash);
        stands[row] = Some(twin.unwrap_or(row));
        if let (None, Some(hash)) = (twin, hashes[row]) {
            hashed.push((hash, row));
        }
    }
    Ok(stands.into_iter().enumerate().map(|(row, stands)| stands.unwrap_or(row)).collect())
}

/// 1 - cosine of the angle, in [0, 2]; 1 when one of them has no length.
pub fn cosine_distance(a: &[f32], b: &[f32]) -> f32 {
    let (mut dot, mut aa, mut bb) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (&x, &y) in a.iter().zip(b) {
        let (x, y) = (f64::from(x), f64::from(y));
        dot += x * y;
        aa += x * x;
        bb += y * y;
    }
    let length = (aa * bb).sqrt();
    if length > 0.0 { (1.0 - dot / length).clamp(0.0, 2.0) as f32 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unit vectors in the plane, by their angle in degrees.
    fn angles(degrees: &[f32]) -> Matrix {
        let data = degrees.iter().flat_map(|d| [d.to_radians().cos(), d.to_radians().sin()]).collect();
        Matrix::new(2, data).expect("rows of two")
    }

    #[test]
    fn a_twin_is_alike_in_hash_and_features_or_the_same_in_features() {
        // Cosine distances from row 0: 8 degrees 0.0097, 9 degrees 0.0123, 25 degrees 0.0937, 26 degrees 0.1012.
        let features = angles(&[0.0, 8.0, 9.0, 25.0, -26.0, 180.0]);
        let (zero, ten_bits, eleven_bits) = (Some(0), Some(0x3FF), Some(0x7FF));
        let order = [0, 1, 2, 3, 4, 5];
        let of = |hashes: [Option<u64>; 6]| twins(&features, &hashes, &order, TwinSettings::default()).expect("shapes");
        // Without hashes only row 1 is row 0 again; row 2 is near row 1, which stands for nobody.
        assert_eq!(of([None; 6]), [0, 0, 2, 3, 4, 5]);
        assert_eq!(of([zero, None, ten_bits, ten_bits, ten_bits, zero]), [0, 0, 0, 0, 4, 5]);
        assert_eq!(of([zero, None, eleven_bits, None, zero, None]), [0, 0, 2, 3, 4, 5]);
        // The first of the order stands.
        let turned = twins(&features, &[None; 6], &[5, 4, 3, 2, 1, 0], TwinSettings::default()).expect("shapes");
        assert_eq!(turned, [0, 2, 2, 3, 4, 5], "row 1 stands for nobody");
        assert!(twins(&features, &[None; 5], &order, TwinSettings::default()).is_err());
    }

    #[test]
    fn rows_without_length_are_like_nothing() {
        assert_eq!(cosine_distance(&[0.0, 0.0], &[1.0, 0.0]), 1.0);
        assert_eq!(cosine_distance(&[2.0, 0.0], &[-3.0, 0.0]), 2.0);
    }
}

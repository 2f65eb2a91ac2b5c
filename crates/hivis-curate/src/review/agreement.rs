//! How far two people see the same.

use std::collections::BTreeMap;

use serde::Serialize;

/// What two people said of the same pictures, each without knowing of the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Pictures that both looked at.
    pub n: u64,
    /// Of those, pictures of which both said the same.
    pub same: u64,
    /// `same / n`; `None` without a picture.
    pub share: Option<f64>,
    /// What chance alone would give: the sum over words of the product of both persons' shares of that word.
    pub chance: Option<f64>,
    /// Cohen's kappa, `(share - chance) / (1 - chance)`, in [-1, 1]: 1 is agreement, 0 is what chance gives. `None` where
    /// both always said one and the same word, since chance would give that too.
    pub kappa: Option<f64>,
}

/// Compares pairs of words: what the first person said, what the second said of the same picture.
///
/// Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960); without
/// weights, as scikit-learn's `cohen_kappa_score` has it.
pub fn agreement<T: Ord>(pairs: &[(T, T)]) -> Agreement {
    let n = pairs.len() as u64;
    let same = pairs.iter().filter(|(one, other)| one == other).count() as u64;
    if n == 0 {
        return Agreement { n, same, share: None, chance: None, kappa: None };
    }
    let mut said: BTreeMap<&T, (u64, u64)> = BTreeMap::new();
    for (one, other) in pairs {
        said.entry(one).or_default().0 += 1;
        said.entry(other).or_default().1 += 1;
    }
    // In whole numbers, so that a chance of exactly 1 is seen.
    let by_chance: u64 = said.values().map(|(one, other)| one * other).sum();
    let (share, chance) = (same as f64 / n as f64, by_chance as f64 / (n * n) as f64);
    let kappa = (by_chance < n * n).then(|| (share - chance) / (1.0 - chance));
    Agreement { n, same, share: Some(share), chance: Some(chance), kappa }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `counts[i][j]`: how often the first said `i` and the second `j`.
    fn pairs(counts: &[&[usize]]) -> Vec<(usize, usize)> {
        let rows = counts.iter().enumerate();
        let cells = rows.flat_map(|(i, row)| row.iter().enumerate().map(move |(j, n)| ((i, j), *n)));
        cells.flat_map(|(cell, n)| std::iter::repeat_n(cell, n)).collect()
    }

    #[test]
    fn kappa_is_scikit_learns() {
        // cohen_kappa_score of scikit-learn 1.7 on the same words; NaN there is None here.
        type Row = (&'static [&'static [usize]], u64, Option<f64>);
        let table: [Row; 7] = [
            (&[&[2, 1, 1], &[0, 3, 0], &[1, 0, 2]], 7, Some(0.5522388059701492)),
            (&[&[20, 5], &[10, 15]], 35, Some(0.4)),
            (&[&[45, 15], &[25, 15]], 60, Some(0.13043478260869568)),
            (&[&[0, 2], &[2, 0]], 0, Some(-1.0)),
            (&[&[1, 0, 0], &[0, 1, 0], &[0, 0, 1]], 3, Some(1.0)),
            (&[&[3, 0], &[1, 0]], 3, Some(0.0)),
            (&[&[3]], 3, None),
        ];
        for (counts, same, kappa) in table {
            let found = agreement(&pairs(counts));
            assert_eq!(found.same, same, "{counts:?}");
            match (found.kappa, kappa) {
                (Some(found), Some(kappa)) => assert!((found - kappa).abs() < 1e-12, "{counts:?}: {found} {kappa}"),
                (found, kappa) => assert_eq!(found, kappa, "{counts:?}"),
            }
        }
        assert_eq!(agreement::<u8>(&[]), Agreement { n: 0, same: 0, share: None, chance: None, kappa: None });
    }
}

//! What a pick covers of the slices.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// One slice among the hard pictures and among the picks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Such as `weather:rain`, or `weather:unknown`.
    pub slice: String,
    /// Hard pictures of it.
    pub hard: usize,
    /// Picks of it.
    pub picked: usize,
}

/// Counts the slices of `slices` (one list a hard picture) and of the `picked` ones among them (places in it), by name.
/// A slice counts once a picture.
pub fn coverage(slices: &[Vec<String>], picked: &[usize]) -> Vec<Coverage> {
    let picked: BTreeSet<usize> = picked.iter().copied().collect();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, of) in slices.iter().enumerate() {
        for slice in of.iter().collect::<BTreeSet<_>>() {
            let (hard, taken) = counts.entry(slice).or_default();
            *hard += 1;
            *taken += usize::from(picked.contains(&at));
        }
    }
    let row = |(slice, (hard, picked)): (&str, _)| Coverage { slice: slice.to_owned(), hard, picked };
    counts.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_counted_among_the_hard_and_the_picked() {
        let slices = [vec!["time:night", "weather:rain"], vec!["time:day"], vec!["time:night", "time:night"], vec![]];
        let slices: Vec<Vec<String>> =
            slices.into_iter().map(|of| of.into_iter().map(str::to_owned).collect()).collect();
        let found = coverage(&slices, &[2, 3, 2]);
        let row = |slice: &str, hard, picked| Coverage { slice: slice.to_owned(), hard, picked };
        assert_eq!(found, [row("time:day", 1, 0), row("time:night", 2, 1), row("weather:rain", 1, 0)]);
        assert_eq!(coverage(&[], &[]), []);
    }
}

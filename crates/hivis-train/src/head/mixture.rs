//! Which rows an epoch is made of: all of them once, or groups in given shares.

use crate::draws::{Purpose, order, stream};

/// Rows in groups, each with its share of every epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    groups: Vec<(Vec<usize>, f64)>,
    length: usize,
}

impl Mixture {
    /// Each of `rows` rows once an epoch.
    pub fn whole(rows: usize) -> Self {
        Self { groups: vec![((0..rows).collect(), 1.0)], length: rows }
    }

    /// Groups of rows with their shares of an epoch of `length` rows. What an empty group would have had goes to the others
    /// in proportion; `None` when no group with a share has a row.
    pub fn of(groups: Vec<(Vec<usize>, f64)>, length: usize) -> Option<Self> {
        let mut groups: Vec<_> = groups.into_iter().filter(|(rows, share)| !rows.is_empty() && *share > 0.0).collect();
        let sum: f64 = groups.iter().map(|(_, share)| share).sum();
        for (_, share) in &mut groups {
            *share /= sum;
        }
        if groups.is_empty() { None } else { Some(Self { groups, length }) }
    }

    /// Rows an epoch.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether an epoch has no row.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The rows of one epoch in their order. Within a group every row comes once before any comes again.
    pub(super) fn epoch(&self, seed: u64, epoch: u64) -> Vec<usize> {
        let mut rng = stream(seed, Purpose::Order, epoch, 0);
        let shuffled = |rows: &[usize], rng: &mut _| order(rows.len(), rng).into_iter().map(|at| rows[at]).collect();
        if let [(rows, _)] = self.groups.as_slice()
            && rows.len() == self.length
        {
            return shuffled(rows, &mut rng);
        }
        let mut all = Vec::with_capacity(self.length);
        let mut due = 0.0;
        for (rows, share) in &self.groups {
            // By the running sum, so that the parts add up to the whole.
            due += share * self.length as f64;
            while all.len() < due.round() as usize {
                let more: Vec<usize> = shuffled(rows, &mut rng);
                let room = due.round() as usize - all.len();
                all.extend(more.into_iter().take(room));
            }
        }
        shuffled(&all, &mut rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(mixture: &Mixture, rows: usize) -> Vec<usize> {
        let mut counts = vec![0; rows];
        mixture.epoch(7, 3).into_iter().for_each(|row| counts[row] += 1);
        counts
    }

    #[test]
    fn all_rows_once() {
        assert_eq!(counts(&Mixture::whole(50), 50), vec![1; 50]);
        assert_ne!(Mixture::whole(50).epoch(7, 3), Mixture::whole(50).epoch(7, 4));
    }

    #[test]
    fn shares_hold_and_rows_of_a_group_are_even() {
        let groups = vec![((0..80).collect(), 0.4), ((80..100).collect(), 0.4), ((100..110).collect(), 0.2)];
        let counts = counts(&Mixture::of(groups, 110).unwrap(), 110);
        let part = |range: std::ops::Range<usize>| counts[range].iter().sum::<usize>();
        assert_eq!([part(0..80), part(80..100), part(100..110)], [44, 44, 22]);
        assert!(counts[..80].iter().all(|&n| n <= 1) && counts[80..100].iter().all(|&n| n == 2 || n == 3));
    }

    #[test]
    fn an_empty_group_leaves_its_share_to_the_others() {
        let groups = vec![((0..30).collect(), 0.5), (Vec::new(), 0.2), ((30..40).collect(), 0.3)];
        let counts = counts(&Mixture::of(groups, 40).unwrap(), 40);
        assert_eq!((counts[..30].iter().sum::<usize>(), counts[30..].iter().sum::<usize>()), (25, 15));
        assert_eq!(Mixture::of(vec![(Vec::new(), 1.0), (vec![1, 2], 0.0)], 2), None);
    }
}

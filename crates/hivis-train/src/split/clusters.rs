//! Sets that grow together.

/// A partition of places, at first each alone.
#[derive(Clone, Debug)]
pub(super) struct Clusters {
    above: Vec<usize>,
}

impl Clusters {
    pub(super) fn new(count: usize) -> Self {
        Self { above: (0..count).collect() }
    }

    /// The lowest place of the set that `place` is in.
    pub(super) fn first(&mut self, place: usize) -> usize {
        let mut top = place;
        while self.above[top] != top {
            top = self.above[top];
        }
        let mut at = place;
        while self.above[at] != top {
            at = std::mem::replace(&mut self.above[at], top);
        }
        top
    }

    /// Joins the sets of two places. The lower top stays, so that a set is known by its lowest place.
    pub(super) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        self.above[one.max(other)] = one.min(other);
    }
}

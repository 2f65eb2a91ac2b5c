//! Drawing evenly from a fixed set, each once before any comes again.
//!
//! The validator draws with replacement from its cache. A deck has the same chances for each single question and shows
//! more distinct pictures in one exam, which is what the interval lives on.

use hivis_types::{Label, Origin};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Wanted;

#[derive(Clone, Debug, Default)]
struct Pile {
    all: Vec<u64>,
    left: Vec<u64>,
}

/// Four piles: label by origin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deck {
    piles: [[Pile; 2]; 2],
}

fn place(origin: Origin) -> usize {
    match origin {
        Origin::Real => 0,
        Origin::Synthetic => 1,
    }
}

impl Deck {
    pub(crate) fn add(&mut self, label: Label, origin: Origin, id: u64) {
        self.piles[label as usize][place(origin)].all.push(id);
    }

    /// A picture of the wanted label; of the other origin when the wanted one has none; `None` when there is no picture
    /// of the label at all.
    pub(crate) fn draw(&mut self, wanted: Wanted, rng: &mut ChaCha8Rng) -> Option<u64> {
        let piles = &mut self.piles[wanted.label as usize];
        let first = place(wanted.origin);
        let pile = if piles[first].all.is_empty() { &mut piles[1 - first] } else { &mut piles[first] };
        if pile.all.is_empty() {
            return None;
        }
        if pile.left.is_empty() {
            pile.left.clone_from(&pile.all);
        }
        let at = rng.random_range(0..pile.left.len());
        Some(pile.left.swap_remove(at))
    }
}

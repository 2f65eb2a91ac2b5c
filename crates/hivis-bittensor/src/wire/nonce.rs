//! Nonces that were used: a bounded set of those still inside the window, per verified hotkey.

use std::collections::{BTreeSet, HashMap};

use hivis_types::Hotkey;

/// Behind this no nonce can pass any window: 4 s of grace and 12 s of the largest timeout that counts.
pub(crate) const LONGEST_WINDOW_NS: u64 = 16_000_000_000;
/// Nonces kept for one hotkey; 256 Ki are 13,000 requests a second through the whole window of 20 s.
const KEPT: usize = 1 << 18;
/// Hotkeys with nonces before those without any left are looked for.
const HOTKEYS: usize = 512;

/// Which nonces each hotkey has used. A set, not a highest: a request that was overtaken by a later one of the same
/// caller is honest. Only verified nonces are kept, so its size is bounded by permits and by [`KEPT`].
#[derive(Clone, Debug, Default)]
pub struct NonceBook {
    seen: HashMap<Hotkey, Seen>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    nonces: BTreeSet<u64>,
    /// Nonces up to this one were let go under pressure: all of them count as used.
    floor: u64,
}

impl NonceBook {
    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nonces kept, over all hotkeys.
    pub fn len(&self) -> usize {
        self.seen.values().map(|seen| seen.nonces.len()).sum()
    }

    /// Whether no nonce is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this hotkey has used this nonce.
    pub(crate) fn used(&self, hotkey: &Hotkey, nonce: u64) -> bool {
        self.seen.get(hotkey).is_some_and(|seen| nonce <= seen.floor || seen.nonces.contains(&nonce))
    }

    /// Keeps a nonce whose signature was verified; lets go of those that the window refuses anyway.
    pub(crate) fn keep(&mut self, hotkey: &Hotkey, nonce: u64, now_ns: u64) {
        let horizon = now_ns.saturating_sub(LONGEST_WINDOW_NS);
        if self.seen.len() >= HOTKEYS && !self.seen.contains_key(hotkey) {
            self.seen.retain(|_, seen| seen.nonces.last().is_some_and(|last| *last > horizon));
        }
        let seen = self.seen.entry(hotkey.clone()).or_default();
        seen.nonces.insert(nonce);
        while seen.nonces.first().is_some_and(|first| *first <= horizon) {
            seen.nonces.pop_first();
        }
        if seen.nonces.len() > KEPT
            && let Some(first) = seen.nonces.pop_first()
        {
            seen.floor = first;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_is_bounded_and_never_forgets_inside_the_window() {
        let (key, now) = (Hotkey::new("5a"), 1_000_000_000_000_000_000);
        let mut book = NonceBook::new();
        for n in 0..=KEPT as u64 + 10 {
            book.keep(&key, now + n, now);
        }
        assert_eq!(book.len(), KEPT);
        assert!((0..=KEPT as u64 + 10).all(|n| book.used(&key, now + n)), "what was let go counts as used");
        assert!(!book.used(&key, now + KEPT as u64 + 11));
        let later = now + KEPT as u64 + 11 + LONGEST_WINDOW_NS;
        book.keep(&key, later, later);
        assert_eq!(book.len(), 1, "the window has passed over the rest");
        for n in 0..2 * HOTKEYS as u64 {
            book.keep(&Hotkey::new(n.to_string()), later + n * LONGEST_WINDOW_NS, later + n * LONGEST_WINDOW_NS);
        }
        assert!(book.len() <= HOTKEYS, "{} hotkeys are kept", book.len());
    }
}

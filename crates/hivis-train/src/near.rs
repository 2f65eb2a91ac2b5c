//! Pairs of pictures that look alike, found without comparing every picture with every other.
//!
//! The pigeonhole principle: two hashes that differ in at most `d` of 256 bits differ in at most `d / 16` bits of some
//! 16-bit piece. For each piece the hashes lie sorted by its value, and each looks up the values so near to its own. What
//! is found is compared in full, so the answer is exact. When there are few hashes, or `d` is large, comparing
//! all is less work and is done instead.

use hivis_image::FineHash;
use rayon::prelude::*;

/// 16-bit pieces of a hash.
const PIECES: usize = 16;
/// Values of a piece.
const VALUES: usize = 1 << 16;

/// Two hashes by their places, the lower first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Bits in which they differ.
    pub distance: u32,
    /// The lower place.
    pub a: usize,
    /// The higher place.
    pub b: usize,
}

/// All pairs of at most `within` bits, the nearest first. Pairs may be as many as the square of the hashes: give each
/// hash once.
pub fn pairs(hashes: &[FineHash], within: u32) -> Vec<Pair> {
    let mut found = fold(hashes, within, &Collect);
    found.par_sort_unstable();
    found
}

/// Takes pairs one by one, on many threads, and brings together what each thread has.
pub trait Gather: Sync {
    /// What is gathered.
    type Into: Default + Send;

    /// Takes one pair.
    fn take(&self, into: &mut Self::Into, pair: Pair);

    /// Joins what two threads gathered. The result must not depend on how the pairs were shared among them.
    fn merge(&self, one: Self::Into, other: Self::Into) -> Self::Into;
}

struct Collect;

impl Gather for Collect {
    type Into = Vec<Pair>;

    fn take(&self, into: &mut Vec<Pair>, pair: Pair) {
        into.push(pair);
    }

    fn merge(&self, mut one: Vec<Pair>, mut other: Vec<Pair>) -> Vec<Pair> {
        one.append(&mut other);
        one
    }
}

/// Hands every pair of at most `within` bits to `gather`, once, in no particular order.
pub fn fold<G: Gather>(hashes: &[FineHash], within: u32, gather: &G) -> G::Into {
    let masks = masks(within / PIECES as u32, hashes.len() / PIECES);
    match masks {
        Some(masks) => by_pieces(hashes, within, &masks, gather),
        None => by_all(hashes, within, gather),
    }
}

fn by_all<G: Gather>(hashes: &[FineHash], within: u32, gather: &G) -> G::Into {
    gathered(hashes.len(), gather, |b, into| {
        for (a, hash) in hashes[..b].iter().enumerate() {
            let distance = hash.distance(&hashes[b]);
            if distance <= within {
                gather.take(into, Pair { distance, a, b });
            }
        }
    })
}

fn by_pieces<G: Gather>(hashes: &[FineHash], within: u32, masks: &[u16], gather: &G) -> G::Into {
    let radius = within / PIECES as u32;
    let sorted: Vec<Sorted> = (0..PIECES).into_par_iter().map(|piece| Sorted::new(hashes, piece)).collect();
    gathered(hashes.len(), gather, |b, into| {
        for (piece, sorted) in sorted.iter().enumerate() {
            let own = sorted.value(&hashes[b]);
            for mask in masks {
                for &a in sorted.at(own ^ mask) {
                    let a = a as usize;
                    if a >= b {
                        break; // places ascend
                    }
                    let distance = hashes[a].distance(&hashes[b]);
                    // A pair is told by the first piece that finds it.
                    if distance <= within && !(0..piece).any(|p| apart(&hashes[a], &hashes[b], p) <= radius) {
                        gather.take(into, Pair { distance, a, b });
                    }
                }
            }
        }
    })
}

fn gathered<G: Gather>(count: usize, gather: &G, each: impl Fn(usize, &mut G::Into) + Sync) -> G::Into {
    (0..count)
        .into_par_iter()
        .fold(G::Into::default, |mut into, b| {
            each(b, &mut into);
            into
        })
        .reduce(G::Into::default, |one, other| gather.merge(one, other))
}

fn piece(hash: &FineHash, piece: usize) -> u16 {
    (hash.0[piece / 4] >> (16 * (piece % 4))) as u16
}

fn apart(a: &FineHash, b: &FineHash, at: usize) -> u32 {
    (piece(a, at) ^ piece(b, at)).count_ones()
}

/// All 16-bit masks of at most `radius` bits; `None` when there are more than `most`.
fn masks(radius: u32, most: usize) -> Option<Vec<u16>> {
    let masks: Vec<u16> = (0..=u16::MAX).filter(|mask| mask.count_ones() <= radius).take(most + 1).collect();
    (masks.len() <= most).then_some(masks)
}

/// Places by the value of one piece: those of a value lie together and ascend.
struct Sorted {
    piece: usize,
    starts: Vec<u32>,
    places: Vec<u32>,
}

impl Sorted {
    fn new(hashes: &[FineHash], at: usize) -> Self {
        let mut starts = vec![0_u32; VALUES + 1];
        for hash in hashes {
            starts[usize::from(piece(hash, at)) + 1] += 1;
        }
        for value in 0..VALUES {
            starts[value + 1] += starts[value];
        }
        let mut next = starts.clone();
        let mut places = vec![0_u32; hashes.len()];
        for (place, hash) in hashes.iter().enumerate() {
            let slot = &mut next[usize::from(piece(hash, at))];
            places[*slot as usize] = place as u32;
            *slot += 1;
        }
        Self { piece: at, starts, places }
    }

    fn value(&self, hash: &FineHash) -> u16 {
        piece(hash, self.piece)
    }

    fn at(&self, value: u16) -> &[u32] {
        let value = usize::from(value);
        &self.places[self.starts[value] as usize..self.starts[value + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Hashes in groups: each group's members differ from its first in up to `spread` bits.
    fn hashes(seed: u64, groups: usize, members: usize, spread: usize) -> Vec<FineHash> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut all = Vec::new();
        for _ in 0..groups {
            let first: [u64; 4] = rng.random();
            for _ in 0..members {
                let mut hash = first;
                for _ in 0..rng.random_range(0..=spread) {
                    let bit = rng.random_range(0..256);
                    hash[bit / 64] ^= 1 << (bit % 64);
                }
                all.push(FineHash(hash));
            }
        }
        all
    }

    fn plainly(hashes: &[FineHash], within: u32) -> Vec<Pair> {
        let all = (0..hashes.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let all = all.map(|(a, b)| Pair { distance: hashes[a].distance(&hashes[b]), a, b });
        let mut near: Vec<Pair> = all.filter(|pair| pair.distance <= within).collect();
        near.sort_unstable();
        near
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn pieces_and_all_find_what_a_plain_search_finds(seed: u64, spread in 1_usize..40, within in 0_u32..48) {
            let hashes = hashes(seed, 60, 5, spread);
            let wanted = plainly(&hashes, within);
            let masks = masks(within / 16, VALUES).unwrap();
            let mut by_pieces = by_pieces(&hashes, within, &masks, &Collect);
            by_pieces.sort_unstable();
            prop_assert_eq!(&by_pieces, &wanted);
            let mut by_all = by_all(&hashes, within, &Collect);
            by_all.sort_unstable();
            prop_assert_eq!(&by_all, &wanted);
            prop_assert_eq!(&pairs(&hashes, within), &wanted);
        }
    }

    #[test]
    fn the_search_of_many_goes_by_pieces() {
        // 137 values of a piece lie within two bits: from 2,192 hashes on, pieces are less work.
        assert_eq!(masks(2, 2_192 / PIECES).map(|masks| masks.len()), Some(137));
        assert_eq!(masks(2, 2_191 / PIECES), None);
        let hashes = hashes(7, 1_000, 3, 20);
        let found = pairs(&hashes, 40);
        assert!(found.len() >= 3_000, "all of a group are within 40 bits: {}", found.len());
        assert_eq!(found, plainly(&hashes, 40));
    }

    #[test]
    fn one_hash_has_no_pair() {
        assert_eq!(pairs(&[FineHash([7; 4])], 24), []);
        assert_eq!(pairs(&[], 24), []);
        assert_eq!(pairs(&[FineHash([7; 4]); 2], 0), [Pair { distance: 0, a: 0, b: 1 }]);
    }
}

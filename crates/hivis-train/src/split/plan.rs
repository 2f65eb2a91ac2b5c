//! Every picture's part, from scenes, likeness and what was held before.

use std::collections::{BTreeMap, HashMap};

use hivis_image::FineHash;
use hivis_types::{Label, LabelSource, Origin};
use serde::{Deserialize, Serialize};

use super::clusters::Clusters;
use super::{Part, part};
use crate::near::{self, Gather, Pair};

/// Pictures whose hashes differ in at most so many of 256 bits are one scene.
///
/// Measured (`examples/nearness.rs`): it finds every one of 500 scenes after JPEG of quality 20, another size, another
/// brightness or 2% cut off each side, 85% with 3% cut off, 90% of generated twins and 18% from another camera; of 4.5 million
/// pairs of different scenes none is joined and none within 68 bits. It is the most that two bits in each of sixteen pieces
/// can find (see [`near`]).
pub const ALIKE: u32 = 47;

/// A labelled picture that is to be put into a part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// SHA-256 in hex: its identity. Two rows may have one key.
    pub key: String,
    /// How far its label is trusted.
    pub trusted: LabelSource,
    /// Where its label comes from, such as the data set's name.
    pub source: String,
    /// What a person finds it by.
    pub name: String,
    /// Its scene, where one was given. A generated picture has the scene of the picture that it was made from.
    pub scene: Option<String>,
    /// What it shows.
    pub label: Label,
    /// Photograph or generated.
    pub origin: Origin,
    /// What it looks like; without it, only its key and its scene tie it to others.
    pub hash: Option<FineHash>,
}

/// The part that each picture was ever put into, by key: what a plan has to respect. Of one seed only.
pub type Held = BTreeMap<String, Part>;

/// Why a row is in no part: neither learned from nor judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Out {
    /// Its scene is joined with one of a part that is more closed.
    Joined,
    /// Equally trusted sources label this very picture differently.
    LabelsDiffer,
    /// The same picture is there in another row, at least as trusted.
    Repeated,
}

impl Out {
    /// The name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::LabelsDiffer => "labels-differ",
            Self::Repeated => "repeated",
        }
    }
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its part, or why it has none.
    pub place: Result<Part, Out>,
    /// The scene that it is counted with: the least name among the given scenes that are joined, or else the least key.
    pub scene: String,
}

/// Every row's part.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The split's seed.
    pub seed: u64,
    /// One for each row, in their order.
    pub rows: Vec<Placed>,
    /// What to give to the next plan of this seed.
    pub held: Held,
    /// For each row the lowest row that looks like it, directly or through others; given scenes count for nothing here.
    pub(super) alike: Vec<usize>,
}

/// Puts rows into parts. A pure function: the order of rows changes nothing, nor do rows that touch none of the others.
///
/// Pictures are *joined* when they share a key, a given scene, or look alike ([`ALIKE`]), and a set of joined pictures lies
/// in one part. Each picture may *claim* parts: [`part`] of each scene given for it, and what `held` says. The set's part
/// is the most closed one claimed (test, exam, tune, train); without a claim it is [`part`] of the set's least key.
/// When several are claimed, only pictures that claim nothing but the set's part stay; all others are out as
/// [`Out::Joined`], so what was learned from is never judged and what is judged is never learned from.
///
/// It follows that with `held` a picture is never moved from one part into another, whatever is added: a picture that was
/// in a part claims it. Without `held` this is true of given scenes, but a set of pictures without scene moves
/// when one with a lesser key joins it.
pub fn plan(rows: &[Member], seed: u64, held: &Held) -> Plan {
    let pictures = by_key(rows);
    let (mut joined, mut alike) = (Clusters::new(pictures.len()), Clusters::new(pictures.len()));
    for (one, other) in like(rows, &pictures) {
        joined.join(one, other);
        alike.join(one, other);
    }
    let mut scenes: HashMap<&str, usize> = HashMap::new();
    for (place, of) in pictures.iter().enumerate() {
        for scene in of.iter().filter_map(|&row| rows[row].scene.as_deref()) {
            joined.join(*scenes.entry(scene).or_insert(place), place);
        }
    }

    let claims: Vec<Claims> = pictures.iter().map(|of| Claims::of(rows, of, seed, held)).collect();
    let mut sets: BTreeMap<usize, Set> = BTreeMap::new();
    for (place, of) in pictures.iter().enumerate() {
        let set = sets.entry(joined.first(place)).or_default();
        set.claims.extend(claims[place]);
        let given = of.iter().filter_map(|&row| rows[row].scene.as_deref());
        set.scene = set.scene.into_iter().chain(given).min();
    }

    let mut plan = Plan { seed, rows: Vec::new(), held: held.clone(), alike: vec![0; rows.len()] };
    let mut placed: Vec<Option<Placed>> = vec![None; rows.len()];
    for (place, of) in pictures.iter().enumerate() {
        let first = joined.first(place);
        let set = &sets[&first];
        // Pictures lie in the order of keys, so the first of a set has its least one.
        let least = rows[pictures[first][0]].key.as_str();
        let of_set = set.claims.most_closed().unwrap_or_else(|| part(seed, least));
        let stays = !set.claims.several() || claims[place] == Claims::only(of_set);
        let counted = counted(rows, of);
        if let (true, Ok(_)) = (stays, counted) {
            plan.held.insert(rows[of[0]].key.clone(), of_set);
        }
        let scene = set.scene.unwrap_or(least);
        for &row in of {
            let here = match counted {
                Err(out) => Err(out),
                Ok(best) if best != row => Err(Out::Repeated),
                Ok(_) if stays => Ok(of_set),
                Ok(_) => Err(Out::Joined),
            };
            placed[row] = Some(Placed { place: here, scene: scene.to_owned() });
            plan.alike[row] = pictures[alike.first(place)][0];
        }
    }
    plan.rows = placed.into_iter().map(|row| row.expect("every row has a key: this is a bug")).collect();
    plan
}

/// The rows of each picture, in the order of keys, each picture's rows in an order of their own.
fn by_key(rows: &[Member]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| rows[a].cmp(&rows[b]));
    order.chunk_by(|&a, &b| rows[a].key == rows[b].key).map(<[usize]>::to_vec).collect()
}

/// Pairs of pictures that tie together all that look alike.
fn like(rows: &[Member], pictures: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let mut first: HashMap<FineHash, usize> = HashMap::new();
    let (mut hashes, mut places, mut ties) = (Vec::new(), Vec::new(), Vec::new());
    for (place, of) in pictures.iter().enumerate() {
        for hash in of.iter().filter_map(|&row| rows[row].hash) {
            let before = *first.entry(hash).or_insert_with(|| {
                hashes.push(hash);
                places.push(place);
                place
            });
            ties.push((before, place));
        }
    }
    let found = near::fold(&hashes, ALIKE, &Ties { count: hashes.len() });
    ties.extend(found.0.into_iter().map(|(a, b)| (places[a], places[b])));
    ties
}

/// Keeps of all pairs only what ties the same sets together, so that a million pictures of fog need no pair each.
struct Ties {
    count: usize,
}

#[derive(Default)]
struct Tied(Vec<(usize, usize)>);

impl Gather for Ties {
    type Into = Tied;

    fn take(&self, into: &mut Tied, pair: Pair) {
        into.0.push((pair.a, pair.b));
        // A forest over all hashes has fewer edges than hashes.
        if into.0.len() > 4 * self.count + 1_000_000 {
            *into = self.thinned(std::mem::take(into));
        }
    }

    fn merge(&self, mut one: Tied, mut other: Tied) -> Tied {
        one.0.append(&mut other.0);
        if one.0.len() > 4 * self.count + 1_000_000 { self.thinned(one) } else { one }
    }
}

impl Ties {
    fn thinned(&self, all: Tied) -> Tied {
        let mut sets = Clusters::new(self.count);
        Tied(
            all.0
                .into_iter()
                .filter(|&(a, b)| {
                    let apart = sets.first(a) != sets.first(b);
                    sets.join(a, b);
                    apart
                })
                .collect(),
        )
    }
}

/// The row that counts among those of one picture, or why none does.
fn counted(rows: &[Member], of: &[usize]) -> Result<usize, Out> {
    // They are sorted by trust.
    let best = &rows[of[0]];
    let as_trusted = of.iter().take_while(|&&row| rows[row].trusted == best.trusted);
    if as_trusted.into_iter().any(|&row| rows[row].label != best.label) { Err(Out::LabelsDiffer) } else { Ok(of[0]) }
}

/// A set of joined pictures.
#[derive(Debug, Default)]
struct Set<'a> {
    claims: Claims,
    scene: Option<&'a str>,
}

/// Which parts are claimed, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Claims(u8);

impl Claims {
    fn only(part: Part) -> Self {
        Self(1 << part as u8)
    }

    /// What one picture claims.
    fn of(rows: &[Member], of: &[usize], seed: u64, held: &Held) -> Self {
        let mut claims = Self::default();
        for row in of.iter().map(|&row| &rows[row]) {
            for claimed in row.scene.iter().map(|scene| part(seed, scene)).chain(held.get(&row.key).copied()) {
                claims.extend(Self::only(claimed));
            }
        }
        claims
    }

    fn extend(&mut self, more: Self) {
        self.0 |= more.0;
    }

    fn several(self) -> bool {
        self.0.count_ones() > 1
    }

    fn most_closed(self) -> Option<Part> {
        Part::ALL.into_iter().rev().find(|&part| self.0 & Self::only(part).0 != 0)
    }
}

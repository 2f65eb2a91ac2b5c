//! What a plan is worth: sizes, strata, what was left out, and how near the parts come to each other.

use std::collections::{BTreeMap, BTreeSet};

use hivis_image::FineHash;
use hivis_types::{Label, Origin};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Part;
use super::disagreement::{Disagreement, disagreements};
use super::plan::{ALIKE, Member, Out, Plan};
use crate::near::{self, Gather, Pair};

/// Pairs of different parts that are told.
const NEAREST: usize = 50;
/// So many different hashes are all compared with each other; of more, pairs of up to [`SEARCHED`] bits are found.
const ALL_COMPARED: usize = 20_000;
/// Three bits in each of sixteen pieces.
const SEARCHED: u32 = 63;
/// Bits of a hash: no pair is further apart.
const BITS: u32 = 256;
/// Rows and scenes that are told by name.
const TOLD: usize = 100;
/// Shares may be so many percentage points off.
const POINTS: f64 = 2.0;

/// The proof of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// The split's seed.
    pub seed: u64,
    /// A hash of all rows, whatever their order.
    pub data: String,
    /// Rows that were given.
    pub rows: usize,
    /// Different pictures among them, by SHA-256.
    pub pictures: usize,
    /// Rows without a perceptual hash: their likeness to others is not known.
    pub without_hash: usize,
    /// Pictures of up to so many of 256 bits apart are joined.
    pub joined_within: u32,
    /// Pairs of different parts were looked for up to so many bits.
    pub searched_within: u32,
    /// Each part's size.
    pub parts: BTreeMap<Part, Size>,
    /// Each part's share of each stratum.
    pub strata: Vec<Stratum>,
    /// Rows in no part, by reason.
    pub out: BTreeMap<Out, usize>,
    /// The first of them: key, name, reason.
    pub left_out: Vec<(String, String, Out)>,
    /// The largest scenes of more than one picture that nobody gave, and how many pictures each joins: a look at them
    /// tells whether [`ALIKE`] joins too much.
    pub largest_found: Vec<(String, usize)>,
    /// The least distance of each two parts.
    pub apart: Vec<Apart>,
    /// The nearest pairs of different parts, the nearest first.
    pub nearest: Vec<Nearest>,
    /// Where labels contradict each other.
    pub disagreements: Vec<Disagreement>,
}

/// How much a part holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Scenes.
    pub scenes: usize,
    /// Pictures.
    pub pictures: usize,
    /// Its share of the scenes, in percent.
    pub percent: f64,
    /// The share that it should have.
    pub wanted: f64,
    /// The share is more than two points off.
    pub off: bool,
}

/// One part's share of one stratum (label and origin).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    /// What its pictures show.
    pub label: Label,
    /// Photographs or generated.
    pub origin: Origin,
    /// The part.
    pub part: Part,
    /// Its pictures there.
    pub pictures: usize,
    /// Its scenes there: what the share rests on. A share of `p` of `n` scenes strays by about `100 sqrt(p (1 - p) / n)`
    /// points, so that two points cannot be promised below some two thousand scenes a part.
    pub scenes: usize,
    /// Share of the part's pictures, in percent.
    pub percent: f64,
    /// Percentage points above its share of all placed pictures.
    pub deviation: f64,
    /// More than two points off.
    pub off: bool,
}

/// How near two parts come to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apart {
    /// The parts.
    pub parts: [Part; 2],
    /// The least distance of a picture of the one from a picture of the other, in bits; `None`: none as far as was searched.
    pub least: Option<u32>,
}

/// Two pictures of different parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Nearest {
    /// Bits in which they differ.
    pub distance: u32,
    /// Their keys.
    pub keys: [String; 2],
    /// Their names.
    pub names: [String; 2],
    /// Their parts.
    pub parts: [Part; 2],
}

/// Measures a plan of these rows.
pub fn prove(rows: &[Member], plan: &Plan) -> Proof {
    let mut out = BTreeMap::new();
    let mut left_out = Vec::new();
    for (row, placed) in rows.iter().zip(&plan.rows) {
        if let Err(reason) = placed.place {
            *out.entry(reason).or_default() += 1;
            left_out.push((row.key.clone(), row.name.clone(), reason));
        }
    }
    left_out.sort();
    left_out.truncate(TOLD);
    let close = Crossing::new(rows, plan).search();
    Proof {
        seed: plan.seed,
        data: version(rows),
        rows: rows.len(),
        pictures: rows.iter().map(|row| &row.key).collect::<BTreeSet<_>>().len(),
        without_hash: rows.iter().filter(|row| row.hash.is_none()).count(),
        joined_within: ALIKE,
        searched_within: close.within,
        parts: parts(plan),
        strata: strata(rows, plan),
        out,
        left_out,
        largest_found: largest_found(rows, plan),
        apart: close.apart,
        nearest: close.nearest,
        disagreements: disagreements(rows, plan),
    }
}

/// A hash of rows, whatever their order.
fn version(rows: &[Member]) -> String {
    let digest = |row: &Member| {
        let hash = row.hash.map(|hash| hash.to_string());
        // JSON keeps fields apart, whatever stands in them.
        let words = (&row.key, row.label, row.origin, &row.scene, (row.trusted, &row.source, &row.name), hash);
        Sha256::digest(serde_json::to_vec(&words).expect("words are JSON: this is a bug"))
    };
    let mut each: Vec<_> = rows.iter().map(digest).collect();
    each.sort_unstable();
    let all = each.iter().fold(Sha256::new(), Digest::chain_update).finalize();
    hex::encode(&all[..8])
}

fn parts(plan: &Plan) -> BTreeMap<Part, Size> {
    let mut scenes: BTreeMap<Part, BTreeSet<&str>> = BTreeMap::new();
    let mut sizes: BTreeMap<Part, Size> = Part::ALL.into_iter().map(|part| (part, Size::default())).collect();
    for placed in &plan.rows {
        if let Ok(part) = placed.place {
            scenes.entry(part).or_default().insert(&placed.scene);
            sizes.entry(part).or_default().pictures += 1;
        }
    }
    let all: usize = scenes.values().map(BTreeSet::len).sum();
    for (part, size) in &mut sizes {
        size.scenes = scenes.get(part).map_or(0, BTreeSet::len);
        size.percent = percent(size.scenes, all);
        size.wanted = part.percent() as f64;
        size.off = (size.percent - size.wanted).abs() > POINTS;
    }
    sizes
}

/// Pictures and scenes of one stratum in one part.
type InPart<'a> = (usize, BTreeSet<&'a str>);

fn strata(rows: &[Member], plan: &Plan) -> Vec<Stratum> {
    let mut found: BTreeMap<(Label, Origin), BTreeMap<Part, InPart>> = BTreeMap::new();
    for (row, placed) in rows.iter().zip(&plan.rows) {
        if let Ok(part) = placed.place {
            let here = found.entry((row.label, row.origin)).or_default().entry(part).or_default();
            here.0 += 1;
            here.1.insert(&placed.scene);
        }
    }
    let sizes = parts(plan);
    let all = sizes.values().map(|size| size.pictures).sum();
    let mut strata = Vec::new();
    for ((label, origin), by_part) in &found {
        let whole = percent(by_part.values().map(|here| here.0).sum(), all);
        for part in Part::ALL {
            let (pictures, scenes) = by_part.get(&part).map_or((0, 0), |here| (here.0, here.1.len()));
            let percent = percent(pictures, sizes[&part].pictures);
            let deviation = percent - whole;
            let off = deviation.abs() > POINTS;
            strata.push(Stratum { label: *label, origin: *origin, part, pictures, scenes, percent, deviation, off });
        }
    }
    strata
}

fn percent(some: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { 100.0 * some as f64 / all as f64 }
}

fn largest_found(rows: &[Member], plan: &Plan) -> Vec<(String, usize)> {
    let mut sizes: BTreeMap<&str, (BTreeSet<&str>, bool)> = BTreeMap::new();
    for (row, placed) in rows.iter().zip(&plan.rows) {
        let entry = sizes.entry(&placed.scene).or_default();
        entry.0.insert(&row.key);
        // Anything in it that its name does not account for.
        entry.1 |= row.scene.as_deref() != Some(&*placed.scene);
    }
    let found = sizes.into_iter().filter(|(_, (keys, found))| *found && keys.len() > 1);
    let mut found: Vec<(String, usize)> = found.map(|(scene, (keys, _))| (scene.to_owned(), keys.len())).collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.truncate(TOLD);
    found
}

/// Pictures in parts, each hash once: pictures of one hash are in one part, for they are joined.
struct Crossing<'a> {
    hashes: Vec<FineHash>,
    of: Vec<(&'a Member, Part)>,
}

/// What a search found.
struct Close {
    within: u32,
    apart: Vec<Apart>,
    nearest: Vec<Nearest>,
}

impl<'a> Crossing<'a> {
    fn new(rows: &'a [Member], plan: &Plan) -> Self {
        let mut first: BTreeMap<FineHash, (&Member, Part)> = BTreeMap::new();
        for (row, placed) in rows.iter().zip(&plan.rows) {
            if let (Some(hash), Ok(part)) = (row.hash, placed.place) {
                let shown = first.entry(hash).or_insert((row, part));
                if row.key < shown.0.key {
                    *shown = (row, part);
                }
            }
        }
        let (hashes, of) = first.into_iter().unzip();
        Self { hashes, of }
    }

    fn search(&self) -> Close {
        let within = if self.hashes.len() <= ALL_COMPARED { BITS } else { SEARCHED };
        let found = near::fold(&self.hashes, within, self);
        let apart = |a: Part, b: Part| Apart { parts: [a, b], least: found.least.get(&(a, b)).copied() };
        let two = Part::ALL.into_iter().enumerate();
        let two = two.flat_map(|(place, a)| Part::ALL[place + 1..].iter().map(move |&b| (a, b)));
        let told = found.nearest.iter().map(|pair| {
            let (one, other) = (self.of[pair.a], self.of[pair.b]);
            let [one, other] = if one.0.key <= other.0.key { [one, other] } else { [other, one] };
            Nearest {
                distance: pair.distance,
                keys: [one.0.key.clone(), other.0.key.clone()],
                names: [one.0.name.clone(), other.0.name.clone()],
                parts: [one.1, other.1],
            }
        });
        Close { within, apart: two.map(|(a, b)| apart(a, b)).collect(), nearest: told.collect() }
    }
}

#[derive(Default)]
struct Found {
    /// The nearest pairs; hashes lie in their own order, so that equal distances are told apart the same way anywhere.
    nearest: BTreeSet<Pair>,
    least: BTreeMap<(Part, Part), u32>,
}

impl Gather for Crossing<'_> {
    type Into = Found;

    fn take(&self, into: &mut Found, pair: Pair) {
        let (a, b) = (self.of[pair.a].1, self.of[pair.b].1);
        if a == b {
            return;
        }
        let least = into.least.entry((a.min(b), a.max(b))).or_insert(pair.distance);
        *least = pair.distance.min(*least);
        if into.nearest.len() < NEAREST || into.nearest.last().is_some_and(|last| pair < *last) {
            into.nearest.insert(pair);
            if into.nearest.len() > NEAREST {
                into.nearest.pop_last();
            }
        }
    }

    fn merge(&self, mut one: Found, other: Found) -> Found {
        for (parts, distance) in other.least {
            let least = one.least.entry(parts).or_insert(distance);
            *least = distance.min(*least);
        }
        one.nearest.extend(other.nearest);
        while one.nearest.len() > NEAREST {
            one.nearest.pop_last();
        }
        one
    }
}

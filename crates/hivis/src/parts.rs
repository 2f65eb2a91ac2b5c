//! Which pictures of a library are learned from and which only judged: one plan for trainings and exams alike.
//!
//! What a picture was put into once is kept by the home, in `splits/<seed>.csv`: no later picture can move it into another
//! part.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hivis_examiner::pictures::Choice;
use hivis_examiner::{Library, LibraryPicture, PictureBytes, Pictures as _};
use hivis_image::{FineHash, fine_hash};
use hivis_store::Home;
use hivis_train::split::{Held, Member, Part, Plan, plan, read_held};
use hivis_types::{LabelSource, Origin};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// Slices of recorded pictures that name who gave the label.
const LABEL_SLICE: &str = "label:";

/// Pictures with their parts.
pub(crate) struct Parted {
    /// What was planned, one for each picture in the libraries' order.
    pub(crate) members: Vec<Member>,
    /// The plan.
    pub(crate) plan: Plan,
    /// Pictures that cannot be read, by place, with the reason; they are in no part.
    pub(crate) unreadable: BTreeMap<usize, String>,
}

impl Parted {
    /// Plans the pictures of all `libraries` together, under `seed` and what the home holds.
    pub(crate) fn new(home: &Home, libraries: &[&Library], seed: u64) -> Result<Self> {
        let pictures: Vec<&LibraryPicture> = libraries.iter().flat_map(|library| library.pictures()).collect();
        let keys = pictures.par_iter().map(|p| key(&p.bytes)).collect::<Result<Vec<_>>>()?;
        Self::keyed(home, libraries, keys, seed)
    }

    /// The same of pictures whose keys are known already, in the libraries' order.
    pub(crate) fn keyed(home: &Home, libraries: &[&Library], keys: Vec<String>, seed: u64) -> Result<Self> {
        let pictures: Vec<&LibraryPicture> = libraries.iter().flat_map(|library| library.pictures()).collect();
        let mut hashes = Hashes::open(home)?;
        let (mut unreadable, mut from) = (BTreeMap::new(), 0);
        for library in libraries {
            let some = &keys[from..from + library.pictures().len()];
            unreadable.extend(hashes.fill(library, some).into_iter().map(|(at, why)| (from + at, why)));
            from += some.len();
        }
        hashes.keep()?;
        // A generated twin names its original's file as its scene. Their scene is the original's key, by which it was put
        // into its part before there was a twin.
        let given: HashSet<&str> =
            pictures.iter().filter(|picture| !is_own_name(picture)).map(|p| p.scene.as_str()).collect();
        let mut originals: BTreeMap<&str, &str> = BTreeMap::new();
        for (picture, key) in pictures.iter().zip(&keys) {
            if is_own_name(picture) && given.contains(picture.scene.as_str()) {
                let least = originals.entry(&picture.scene).or_insert(key);
                *least = (*least).min(key);
            }
        }
        let scene = |picture: &LibraryPicture| match originals.get(picture.scene.as_str()) {
            Some(key) => Some((*key).to_owned()),
            None => (!is_own_name(picture)).then(|| picture.scene.clone()),
        };
        let scenes: Vec<Option<String>> = pictures.iter().map(|picture| scene(picture)).collect();
        let member = |((picture, scene), key): ((&&LibraryPicture, Option<String>), String)| Member {
            trusted: trusted(picture),
            source: picture.slices.iter().find_map(|s| s.strip_prefix(LABEL_SLICE)).unwrap_or("files").to_owned(),
            name: picture.name.clone(),
            scene,
            label: picture.label,
            origin: picture.origin,
            hash: hashes.known.get(&key).copied(),
            key,
        };
        let members: Vec<Member> = pictures.iter().zip(scenes).zip(keys).map(member).collect();
        Ok(Self { unreadable, ..Self::planned(home, members, seed)? })
    }

    /// Plans members that are known already.
    pub(crate) fn planned(home: &Home, members: Vec<Member>, seed: u64) -> Result<Self> {
        let file = held_file(home, seed);
        let held = if file.exists() { read_held(&file)? } else { Held::new() };
        let plan = plan(&members, seed, &held);
        Ok(Self { members, plan, unreadable: BTreeMap::new() })
    }

    /// The part of the picture at that place; none for one that is left out or cannot be read.
    pub(crate) fn part(&self, at: usize) -> Option<Part> {
        self.plan.rows[at].place.ok().filter(|_| !self.unreadable.contains_key(&at))
    }

    /// Names the pictures with what they show: the version of the data that an exam saw.
    pub(crate) fn data(&self) -> String {
        let mut lines: Vec<String> = self.members.iter().map(|m| format!("{} {}", m.key, m.label.as_u8())).collect();
        lines.sort();
        hex::encode(&Sha256::digest(lines.join("\n"))[..8])
    }

    /// Writes the plan and its proof to `folder`, and what it holds into the home.
    pub(crate) fn keep(&self, home: &Home, folder: &Path) -> Result<hivis_train::split::Proof> {
        let proof = hivis_train::split::prove(&self.members, &self.plan);
        let files = hivis_train::split::write(folder, &self.members, &self.plan, &proof)?;
        let held = held_file(home, self.plan.seed);
        let beside = held.with_extension("partial");
        fs_err::copy(&files.rows, &beside)?;
        fs_err::rename(&beside, &held)?;
        Ok(proof)
    }
}

/// Where no scene was given, the library calls it by the file's name, which a data set's name may stand before.
fn is_own_name(picture: &LibraryPicture) -> bool {
    picture.name.strip_suffix(picture.scene.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

fn held_file(home: &Home, seed: u64) -> PathBuf {
    home.splits().join(format!("{seed}.csv"))
}

/// A picture's identity: SHA-256 in hex.
pub(crate) fn key(bytes: &PictureBytes) -> Result<String> {
    Ok(hex::encode(match bytes {
        PictureBytes::Memory(bytes) => Sha256::digest(bytes),
        PictureBytes::File(path) => {
            let mut hash = Sha256::new();
            std::io::copy(&mut fs_err::File::open(path)?, &mut hash)?;
            hash.finalize()
        }
    }))
}

/// A generated picture shows what was asked for, which nobody checked.
fn trusted(picture: &LibraryPicture) -> LabelSource {
    let known = [LabelSource::Person, LabelSource::ValidatorLog, LabelSource::Testnet, LabelSource::SourceFound];
    let named = picture.slices.iter().find_map(|slice| slice.strip_prefix(LABEL_SLICE));
    match (named.and_then(|name| known.into_iter().find(|source| source.as_str() == name)), picture.origin) {
        (Some(source), _) => source,
        (None, Origin::Synthetic) => LabelSource::Wanted,
        (None, Origin::Real) => LabelSource::Dataset,
    }
}

/// Perceptual hashes by key, kept so that each picture is decoded for its hash once.
struct Hashes {
    file: PathBuf,
    known: BTreeMap<String, FineHash>,
    new: bool,
}

impl Hashes {
    fn open(home: &Home) -> Result<Self> {
        let file = home.cache().join("hashes.csv");
        let mut known = BTreeMap::new();
        if file.exists() {
            for line in fs_err::read_to_string(&file)?.lines() {
                // A line that was cut short is computed again.
                let Some((key, hash)) = line.split_once(',') else { continue };
                if let Ok(hash) = hash.parse() {
                    known.insert(key.to_owned(), hash);
                }
            }
        }
        Ok(Self { file, known, new: false })
    }

    /// Computes what is missing; gives the pictures that cannot be read, by place, with the reason.
    fn fill(&mut self, library: &Library, keys: &[String]) -> BTreeMap<usize, String> {
        let missing: Vec<usize> = (0..keys.len()).filter(|&at| !self.known.contains_key(&keys[at])).collect();
        let hash = |&at: &usize| match library.fetch(Choice(at as u64)) {
            Ok(sample) => (at, Ok(fine_hash(&sample.picture))),
            Err(error) => (at, Err(error.to_string())),
        };
        let found: Vec<(usize, Result<FineHash, String>)> = missing.par_iter().map(hash).collect();
        let mut unreadable = BTreeMap::new();
        for (at, hash) in found {
            match hash {
                Ok(hash) => {
                    self.known.insert(keys[at].clone(), hash);
                    self.new = true;
                }
                Err(why) => {
                    unreadable.insert(at, why);
                }
            }
        }
        unreadable
    }

    fn keep(&self) -> Result<()> {
        if !self.new {
            return Ok(());
        }
        let mut lines = String::new();
        for (key, hash) in &self.known {
            writeln!(lines, "{key},{hash}").context("text cannot be written: this is a bug")?;
        }
        fs_err::create_dir_all(self.file.parent().context("the cache has a folder: this is a bug")?)?;
        let beside = self.file.with_extension("partial");
        fs_err::write(&beside, lines)?;
        Ok(fs_err::rename(&beside, &self.file)?)
    }
}

#[cfg(test)]
mod tests {
    use hivis_types::{Label, Picture};

    use super::*;

    /// Noise of its own for each number, so that no two look alike.
    fn picture(number: u32, (name, scene): (&str, &str), origin: Origin) -> LibraryPicture {
        let mut picture = Picture::filled(64, 64, [0; 3]);
        for (at, pixel) in picture.rgb_mut().chunks_exact_mut(3).enumerate() {
            let block = (at / 64 / 8 * 8 + at % 64 / 8) as u64;
            let mut noise = (u64::from(number) * 64 + block + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            noise = (noise ^ (noise >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            pixel.fill((noise >> 40) as u8);
        }
        LibraryPicture {
            bytes: PictureBytes::Memory(hivis_image::encode_png(&picture).into()),
            name: name.to_owned(),
            label: Label::Roadwork,
            origin,
            scene: scene.to_owned(),
            slices: Vec::new(),
            trained_on: false,
        }
    }

    #[test]
    fn a_generated_twin_lies_where_its_original_lies() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::open_or_create(&folder.path().join("home")).expect("a home");
        let mut pictures = Vec::new();
        for n in 0..40 {
            let (file, twin) = (format!("roadwork/{n}.jpg"), format!("wet/pictures/{n}-rain.jpg"));
            // The original of a data set, and its twin of another one, which gives the original's scene.
            pictures.push(picture(2 * n, (&format!("set/{file}"), &file), Origin::Real));
            pictures.push(picture(2 * n + 1, (&twin, &file), Origin::Synthetic));
        }
        let library = Library::new("both", pictures);
        let parted = Parted::new(&home, &[&library], 7).expect("a plan");
        let parts: Vec<Option<Part>> = (0..80).map(|at| parted.part(at)).collect();
        assert!(parts.chunks_exact(2).all(|pair| pair[0].is_some() && pair[0] == pair[1]), "{parts:?}");
        assert!(parts.contains(&Some(Part::Test)), "all in one part: the test says nothing");
        // Twins that come later move nothing and lose nothing.
        let originals: Vec<LibraryPicture> = library.pictures().iter().step_by(2).cloned().collect();
        let before = Parted::new(&home, &[&Library::new("set", originals)], 7).expect("a plan");
        assert!((0..40).all(|at| before.part(at) == parts[2 * at]), "a twin moved its original");
        // Alone, an original has no scene but what it looks like.
        let alone = Library::new("one", [picture(0, ("set/roadwork/0.jpg", "roadwork/0.jpg"), Origin::Real)]);
        assert_eq!(Parted::new(&home, &[&alone], 7).expect("a plan").members[0].scene, None);
    }
}

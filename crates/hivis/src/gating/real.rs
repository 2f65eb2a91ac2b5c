//! What the home holds that a generated picture is compared with.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use hivis_curate::gate::Known;
use hivis_examiner::Library;
use hivis_image::quality::Quality;
use hivis_store::{Home, Ledger, Md5, ObjectId, Sample, ToGate};
use hivis_train::split::Part;
use hivis_types::Origin;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::measured;
use crate::config::GateSettings;
use crate::parts::Parted;
use crate::{imported, recorded};

/// The split that trainings use when nothing else is said.
const SPLIT_SEED: u64 = 72;

/// The pictures of the home.
pub(super) struct Real {
    /// Everything that has a part or passed the gate before, without rows.
    pub(super) known: Vec<(ObjectId, Known)>,
    /// The closed part of a picture, by its identity.
    pub(super) parts: BTreeMap<String, &'static str>,
    /// The real set: real pictures that are not closed, at most as many as configured.
    pub(super) set: Vec<(ObjectId, Md5)>,
    /// What it measures, as far as it can be read.
    pub(super) qualities: Vec<Quality>,
    /// Closed pictures whose features are compared, at most as many.
    pub(super) closed: Vec<(ObjectId, Md5)>,
}

impl Real {
    pub(super) async fn of(home: &Home, ledger: &Ledger, gate: &GateSettings, pending: &[ToGate]) -> Result<Self> {
        let judged: BTreeSet<ObjectId> = pending.iter().map(|picture| picture.id).collect();
        let samples: Vec<Sample> =
            ledger.samples().await?.into_iter().filter(|sample| !judged.contains(&sample.id)).collect();
        let mut libraries = Vec::new();
        if !ledger.imported(None).await?.is_empty() {
            libraries.push(imported::library(home, imported::Which::All).await?);
        }
        // A home without labelled records has no such library.
        if samples.iter().any(|sample| sample.from.as_str() == "record") {
            libraries.push(recorded::labelled(home).await?);
        }
        let (at, gate) = (home.clone(), gate.clone());
        let work = move || Self::read(&at, &libraries, &samples, &gate);
        tokio::task::spawn_blocking(work).await.context("reading the home's pictures panicked")?
    }

    fn read(home: &Home, libraries: &[Library], samples: &[Sample], gate: &GateSettings) -> Result<Self> {
        let addresses: BTreeMap<String, (ObjectId, Md5)> =
            samples.iter().map(|sample| (sample.id.to_string(), (sample.id, sample.md5))).collect();
        let (mut parts, mut known) = (BTreeMap::new(), BTreeMap::new());
        let libraries: Vec<&Library> = libraries.iter().collect();
        for seed in seeds(home)? {
            if libraries.is_empty() {
                break;
            }
            let parted = Parted::new(home, &libraries, seed)?;
            for (at, member) in parted.members.iter().enumerate() {
                let closed = parted.part(at).filter(|part| *part != Part::Train);
                if let Some(part) = closed {
                    // Of several splits the most closed part counts.
                    let name = parts.entry(member.key.clone()).or_insert(part.as_str());
                    if rank(part.as_str()) > rank(name) {
                        *name = part.as_str();
                    }
                }
                if let Some(hash) = member.hash {
                    known.insert(member.key.clone(), (member.name.clone(), hash));
                }
            }
        }
        let mut set: Vec<(ObjectId, Md5)> = samples
            .iter()
            .filter(|sample| sample.origin == Origin::Real && !parts.contains_key(&sample.id.to_string()))
            .map(|sample| (sample.id, sample.md5))
            .collect();
        let mut closed: Vec<(ObjectId, Md5)> = parts.keys().filter_map(|key| addresses.get(key).copied()).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(gate.batch.seed);
        for some in [&mut set, &mut closed] {
            some.shuffle(&mut rng);
            some.truncate(gate.real);
        }
        let qualities = measured::measure_all(home.objects(), &set).into_iter().flatten().map(|(q, _)| q).collect();
        // What passed the gate earlier is there as well; what cannot be read is nobody's duplicate.
        let more: Vec<&Sample> = samples.iter().filter(|s| !known.contains_key(&s.id.to_string())).collect();
        let places: Vec<(ObjectId, Md5)> = more.iter().map(|sample| (sample.id, sample.md5)).collect();
        for (sample, found) in more.iter().zip(measured::measure_all(home.objects(), &places)) {
            if let Ok((_, hash)) = found {
                known.insert(
                    sample.id.to_string(),
                    (format!("{} picture {}", sample.from.as_str(), short(sample.id)), hash),
                );
            }
        }
        let known = known
            .into_iter()
            .filter_map(|(key, (name, hash))| {
                let closed = parts.get(&key).copied();
                Some((addresses.get(&key)?.0, Known { name, hash, row: None, closed }))
            })
            .collect();
        Ok(Self { known, parts, set, qualities, closed })
    }
}

/// The beginning of an identity, as `hivis gate show` takes it.
pub(super) fn short(id: ObjectId) -> String {
    id.to_string()[..12].to_owned()
}

fn rank(part: &str) -> Option<usize> {
    Part::ALL.iter().position(|known| known.as_str() == part)
}

/// The seeds of the splits that the home holds.
fn seeds(home: &Home) -> Result<Vec<u64>> {
    let mut seeds = Vec::new();
    for entry in fs_err::read_dir(home.splits())? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if path.extension().is_some_and(|extension| extension == "csv") {
            seeds.extend(name.and_then(|name| name.parse::<u64>().ok()));
        }
    }
    seeds.sort_unstable();
    if seeds.is_empty() {
        seeds.push(SPLIT_SEED);
    }
    Ok(seeds)
}

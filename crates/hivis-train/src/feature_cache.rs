//! Features of labelled pictures, computed once for each (picture, draw, backbone) and kept in 256 files by the pictures'
//! keys: a run that was killed goes on at the file it had reached, a larger data set computes only what is new.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use hivis_image::augment;
use hivis_types::{Level, Picture};
use rayon::prelude::*;
use safetensors::tensor::{Dtype, Metadata};
use sha2::{Digest, Sha256};

use crate::TrainError;
use crate::draws::{Purpose, stream};
use crate::features::{Backbone, Samples};
use crate::questions::own_limits;
use crate::training::{Source, TrainingSettings};
use crate::weights::{Array, Weights};

/// Pictures whose draws are in memory at once.
const CHUNK: usize = 64;
/// The most of a header that is read, as safetensors has it.
const MAX_HEADER: u64 = 100 << 20;
/// Skipped pictures that are named.
const SKIPPED: usize = 100;

/// Features of one part, with what is known of each.
pub(crate) struct Taken {
    pub(crate) samples: Samples,
    /// Row and draw of each.
    pub(crate) of: Vec<(usize, usize)>,
}

/// The pictures of one training, and where their features are kept.
pub(crate) struct Job<'a> {
    pub(crate) source: &'a dyn Source,
    pub(crate) backbone: &'a Backbone,
    pub(crate) settings: &'a TrainingSettings,
    pub(crate) cache: &'a Path,
}

impl Job<'_> {
    /// Features of these rows, every draw of each, from the cache where they are there.
    pub(crate) fn take(
        &self,
        places: &[usize],
        skipped: &mut Vec<(String, String)>,
        done: &mut dyn FnMut(usize) -> Result<(), TrainError>,
    ) -> Result<Taken, TrainError> {
        let mut buckets: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        for &row in places {
            buckets.entry(bucket(&self.source.rows()[row].key)).or_default().push(row);
        }
        let mut found: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
        for (bucket, rows) in buckets {
            found.extend(self.bucket(bucket, &rows, skipped)?);
            done(rows.len())?;
        }
        let width = self.backbone.width();
        let mut taken = Taken { samples: Samples { width, features: Vec::new(), labels: Vec::new() }, of: Vec::new() };
        for (row, features) in found {
            taken.samples.features.extend(features);
            for draw in 0..self.settings.draws {
                taken.samples.labels.push(self.source.rows()[row].label);
                taken.of.push((row, draw));
            }
        }
        Ok(taken)
    }

    fn file(&self, bucket: u8) -> PathBuf {
        let (hash, pooling) = (self.backbone.hash(), self.backbone.pooling());
        let folder = format!("{hash}-{pooling}-fp32-{}", self.settings.draw_seed);
        self.cache.join(folder).join(format!("{bucket:02x}.safetensors"))
    }

    /// How many of these rows have no features yet. Reads headers only.
    pub(crate) fn missing(&self, places: &[usize]) -> usize {
        let (draws, width) = (self.settings.draws, self.backbone.width());
        let mut buckets: BTreeMap<u8, Vec<&str>> = BTreeMap::new();
        for &row in places {
            let key = self.source.rows()[row].key.as_str();
            buckets.entry(bucket(key)).or_default().push(key);
        }
        let missing = |(bucket, keys): (u8, Vec<&str>)| {
            let Some(header) = header(&self.file(bucket)) else { return keys.len() };
            let there = |key: &&str| header.info(key).is_some_and(|t| t.shape[0] >= draws && t.shape[1..] == [width]);
            keys.len() - keys.iter().filter(|key| there(key)).count()
        };
        buckets.into_iter().map(missing).sum()
    }

    /// One file of the cache: features by the pictures' keys, `[draws, width]` each. What is missing is computed.
    fn bucket(
        &self,
        bucket: u8,
        rows: &[usize],
        skipped: &mut Vec<(String, String)>,
    ) -> Result<Vec<(usize, Vec<f32>)>, TrainError> {
        let (draws, width) = (self.settings.draws, self.backbone.width());
        let path = self.file(bucket);
        // A file that was cut short is made again.
        let mut kept = if path.exists() { Weights::read(&path).unwrap_or_default() } else { Weights::default() };
        let key = |row: usize| &self.source.rows()[row].key;
        let there = |kept: &Weights, row: usize| {
            kept.0
                .get(key(row))
                .filter(|array| array.shape[0] >= draws)
                .map(|array| array.data[..draws * width].to_vec())
        };
        let missing: Vec<usize> = rows.iter().copied().filter(|&row| there(&kept, row).is_none()).collect();
        for some in missing.chunks(CHUNK) {
            let made: Vec<Result<Vec<Picture>, String>> =
                some.par_iter().map(|&row| seen(self.source, self.settings, row)).collect();
            let mut pictures = Vec::new();
            let mut readable = Vec::new();
            for (&row, made) in some.iter().zip(made) {
                match made {
                    Ok(draws) => {
                        pictures.extend(draws);
                        readable.push(row);
                    }
                    Err(why) if skipped.len() < SKIPPED => skipped.push((key(row).clone(), why)),
                    Err(_) => {}
                }
            }
            let features = self.backbone.features(&pictures)?;
            for (&row, features) in readable.iter().zip(features.chunks_exact(draws * width)) {
                kept.0.insert(key(row).clone(), Array { shape: vec![draws, width], data: features.to_vec() });
            }
        }
        if !missing.is_empty() {
            let folder = path.parent().expect("a bucket lies in a folder: this is a bug");
            fs_err::create_dir_all(folder).map_err(TrainError::file(folder))?;
            let beside = path.with_extension("partial");
            fs_err::write(&beside, kept.to_bytes(Dtype::F32)?).map_err(TrainError::file(&beside))?;
            fs_err::rename(&beside, &path).map_err(TrainError::file(&path))?;
        }
        Ok(rows.iter().filter_map(|&row| Some((row, there(&kept, row)?))).collect())
    }
}

/// The pictures that the backbone sees of one row: as the validator would send it, JPEG and all.
pub(crate) fn seen(source: &dyn Source, settings: &TrainingSettings, row: usize) -> Result<Vec<Picture>, String> {
    let picture = source.picture(row)?;
    // By what the picture is, not by where it stands: adding pictures leaves the others' draws as they were.
    let own = hash(&source.rows()[row].key);
    let draw = |draw: usize| {
        let mut rng = stream(settings.draw_seed, Purpose::Augmentation, draw as u64, own);
        let drawn = augment::draw(level(draw), picture.width(), picture.height(), &mut rng);
        let jpeg = hivis_image::encode_jpeg(&augment::apply(&picture, &drawn));
        hivis_image::decode(&jpeg, &own_limits()).map(|decoded| decoded.picture).map_err(|e| e.to_string())
    };
    (0..settings.draws).map(draw).collect()
}

/// The header of a file of the cache, when there is a whole one.
fn header(path: &Path) -> Option<Metadata> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    let mut bytes = Vec::new();
    file.take(length.min(MAX_HEADER)).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn hash(key: &str) -> u64 {
    let digest = Sha256::digest(key.as_bytes());
    u64::from_le_bytes(digest[..8].try_into().expect("a digest has 32 bytes: this is a bug"))
}

/// Which file of the cache holds a picture.
fn bucket(key: &str) -> u8 {
    (hash(key) >> 56) as u8
}

/// The validator's levels in turn.
pub(crate) fn level(draw: usize) -> Level {
    Level::ALL[draw % Level::ALL.len()]
}

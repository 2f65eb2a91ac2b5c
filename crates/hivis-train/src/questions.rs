//! Labelled pictures as the validator would send them, made of scenes and kept on disk.
//!
//! A set is a function of its settings: seeds of scenes follow from the set's seed, pictures from the scene, draws from
//! our own generator. What is kept are the JPEG bytes, so that another backbone needs no new rendering.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use hivis_image::{DecodeLimits, augment};
use hivis_synth::{Mix, Slice, Style, View};
use hivis_types::{Label, Level, Origin, Picture};
use rand::Rng;
use rayon::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::draws::{Purpose, stream};

/// Which pictures are in a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetSettings {
    /// Seed of scenes and draws.
    pub seed: u64,
    /// What scenes are drawn from.
    pub mix: Mix,
    /// Scenes.
    pub scenes: usize,
    /// Pictures of each scene, each with a camera, style, level and distortions of its own.
    pub draws: usize,
    /// Width of the rendered picture, in pixels.
    pub width: u32,
    /// Height of the rendered picture, in pixels.
    pub height: u32,
}

/// What is known of one picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The scene's seed.
    pub scene: u64,
    /// The truth.
    pub label: Label,
    /// Camera style or the generator's.
    pub origin: Origin,
    /// The validator's level.
    pub level: Level,
    /// Withheld slices that the scene belongs to.
    pub slices: Vec<Slice>,
}

/// Pictures with their truth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// The truth, one a picture.
    pub rows: Vec<Row>,
    /// JPEG bytes, one a picture.
    pub pictures: Vec<Vec<u8>>,
}

/// Limits for pictures that we encoded ourselves: a decode that is slow because the machine is busy is no reason to
/// refuse one, and nothing that is trained may depend on the clock.
pub(crate) fn own_limits() -> DecodeLimits {
    DecodeLimits { time: Duration::MAX, ..DecodeLimits::default() }
}

impl SetSettings {
    /// The file name of the set: a hash of everything that it depends on.
    pub fn key(&self) -> String {
        let text = serde_json::to_string(self).expect("plain settings: this is a bug");
        let digest = <sha2::Sha256 as sha2::Digest>::digest(text.as_bytes());
        hex::encode(&digest[..8])
    }

    /// Renders the set. Uses rayon's threads.
    pub fn make(&self) -> Questions {
        let made: Vec<_> = (0..self.scenes as u64).into_par_iter().map(|index| self.make_scene(index)).collect();
        let (rows, pictures) = made.into_iter().flatten().unzip();
        Questions { rows, pictures }
    }

    /// Takes the set from `folder`, or renders it and keeps it there.
    pub fn load_or_make(&self, folder: &Path) -> Result<Questions, TrainError> {
        let path = folder.join(format!("questions-{}.safetensors", self.key()));
        if path.exists() {
            return Questions::read(&path);
        }
        let questions = self.make();
        fs_err::create_dir_all(folder).map_err(TrainError::file(folder))?;
        questions.write(&path)?;
        Ok(questions)
    }

    fn make_scene(&self, index: u64) -> Vec<(Row, Vec<u8>)> {
        let seed = stream(self.seed, Purpose::Evaluation, 0, index).random();
        let scene = hivis_synth::scene(seed, &self.mix);
        let slices: Vec<Slice> = Slice::ALL.into_iter().filter(|slice| slice.holds(&scene.tags)).collect();
        let draw = |draw: u64| {
            let mut rng = stream(self.seed, Purpose::Augmentation, draw, index);
            let (style, origin) = if rng.random_bool(0.5) {
                (Style::Camera, Origin::Real)
            } else {
                (Style::Generated, Origin::Synthetic)
            };
            let view = View { width: self.width, height: self.height, camera: rng.random_range(0..4), style };
            let level = augment::draw_level(&mut rng);
            let draw = augment::draw(level, view.width, view.height, &mut rng);
            let picture = augment::apply(&scene.render(&view).picture, &draw);
            let row = Row { scene: seed, label: scene.label, origin, level, slices: slices.clone() };
            (row, hivis_image::encode_jpeg(&picture))
        };
        (0..self.draws as u64).map(draw).collect()
    }
}

impl Questions {
    /// The picture of that row, decoded as the server decodes it.
    pub fn picture(&self, row: usize) -> Result<Picture, TrainError> {
        hivis_image::decode(&self.pictures[row], &own_limits())
            .map(|decoded| decoded.picture)
            .map_err(|error| TrainError::Content { what: format!("picture {row} of the set"), why: error.to_string() })
    }

    /// Labels, one a picture.
    pub fn labels(&self) -> Vec<Label> {
        self.rows.iter().map(|row| row.label).collect()
    }

    fn write(&self, path: &Path) -> Result<(), TrainError> {
        let bad = |why: String| TrainError::Content { what: path.display().to_string(), why };
        let rows = serde_json::to_string(&self.rows).map_err(|error| bad(error.to_string()))?;
        let ends: Vec<u8> = self
            .pictures
            .iter()
            .scan(0_u64, |end, picture| {
                *end += picture.len() as u64;
                Some(*end)
            })
            .flat_map(u64::to_le_bytes)
            .collect();
        let jpeg = self.pictures.concat();
        let view = |dtype, shape, bytes| TensorView::new(dtype, vec![shape], bytes).map_err(|e| bad(e.to_string()));
        let views =
            [("jpeg", view(Dtype::U8, jpeg.len(), &jpeg)?), ("ends", view(Dtype::U64, self.rows.len(), &ends)?)];
        let metadata = HashMap::from([("rows".to_owned(), rows)]);
        let bytes = safetensors::serialize(views, Some(metadata)).map_err(|error| bad(error.to_string()))?;
        let beside = path.with_extension("partial");
        fs_err::write(&beside, bytes).map_err(TrainError::file(&beside))?;
        fs_err::rename(&beside, path).map_err(TrainError::file(path))
    }

    fn read(path: &Path) -> Result<Self, TrainError> {
        let bad = |why: String| TrainError::Content { what: path.display().to_string(), why };
        let broken = |error: safetensors::SafeTensorError| bad(error.to_string());
        let bytes = fs_err::read(path).map_err(TrainError::file(path))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
        let file = SafeTensors::deserialize(&bytes).map_err(broken)?;
        let rows = header.metadata().as_ref().and_then(|all| all.get("rows")).ok_or_else(|| bad("no rows".into()))?;
        let rows: Vec<Row> = serde_json::from_str(rows).map_err(|error| bad(error.to_string()))?;
        let (jpeg, ends) = (file.tensor("jpeg").map_err(broken)?, file.tensor("ends").map_err(broken)?);
        let mut start = 0;
        let mut pictures = Vec::with_capacity(rows.len());
        for end in bytemuck::pod_collect_to_vec::<u8, u64>(ends.data()) {
            let picture = jpeg.data().get(start..end as usize).ok_or_else(|| bad("cut short".into()))?;
            pictures.push(picture.to_vec());
            start = end as usize;
        }
        Ok(Self { rows, pictures })
    }
}

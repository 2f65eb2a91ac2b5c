//! Features: computed once by the frozen backbone, then kept.
//!
//! They come out of the very graph that serves (hivis-onnx on rten). A file of features is named by what it depends on: the pictures with their draws, the backbone, the precision.

use std::path::Path;
use std::sync::Arc;

use hivis_engine::{Engine, LoadSettings};
use hivis_onnx::{Calibration, Dense, Head, Model, Pooling, WriteOptions, write_classifier};
use hivis_types::{Label, Picture};
use safetensors::tensor::Dtype;
use sha2::{Digest, Sha256};

use crate::TrainError;
use crate::weights::{Array, Weights};

/// Rows of features with their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// Length of a row.
    pub width: usize,
    /// `[n, width]`, row-major.
    pub features: Vec<f32>,
    /// The truth, one a row.
    pub labels: Vec<Label>,
}

impl Samples {
    /// Rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// One row.
    pub fn row(&self, at: usize) -> &[f32] {
        &self.features[at * self.width..][..self.width]
    }
}

/// A frozen backbone that gives features.
pub struct Backbone {
    engine: Arc<dyn Engine>,
    hash: String,
    pooling: Pooling,
    width: usize,
}

impl Backbone {
    /// Loads a DINOv3 backbone: JSON texts and safetensors bytes, as [`Model::from_parts`] takes them. `threads` is
    /// rten's; 0 lets it choose.
    pub fn new(config: &str, preprocessor: &str, weights: Vec<u8>, threads: usize) -> Result<Self, TrainError> {
        let hash = Self::name(config, preprocessor, &weights);
        let model = Model::from_parts(config, Some(preprocessor), weights).map_err(TrainError::Graph)?;
        Self::of(&model, hash, Pooling::ClsMean, threads)
    }

    /// Names a backbone by its files.
    pub fn name(config: &str, preprocessor: &str, weights: &[u8]) -> String {
        let mut hash = Sha256::new();
        for part in [config.as_bytes(), preprocessor.as_bytes(), weights] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hex::encode(&hash.finalize()[..8])
    }

    /// The backbone of a model that was read already, with features of these tokens; `hash` names its files.
    pub fn of(model: &Model, hash: String, pooling: Pooling, threads: usize) -> Result<Self, TrainError> {
        let width = model.features(pooling);
        let engine = engine(model, &blank_head(width, pooling), threads)?;
        Ok(Self { engine, hash, pooling, width })
    }

    /// Which tokens the features are of.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Length of a row of features.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Names the backbone: a hash of its configuration and weights.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Features of pictures of 224 x 224, `[n, width]`.
    pub fn features(&self, pictures: &[Picture]) -> Result<Vec<f32>, TrainError> {
        let mut all = Vec::with_capacity(pictures.len() * self.width);
        for batch in pictures.chunks(8) {
            let batch: Vec<&Picture> = batch.iter().collect();
            for scores in self.engine.run(&batch).map_err(TrainError::Engine)? {
                all.extend(scores.features);
            }
        }
        Ok(all)
    }

    /// Features of a set, from `folder` when they are there.
    pub fn samples(
        &self,
        name: &str,
        questions: &crate::questions::Questions,
        folder: &Path,
    ) -> Result<Samples, TrainError> {
        let labels = questions.labels();
        let path = folder.join(format!("features-{name}-{}-fp32.safetensors", self.hash));
        if path.exists() {
            let features = Weights::read(&path)?.get("features")?.data.clone();
            return Ok(Samples { width: self.width, features, labels });
        }
        let mut features = Vec::with_capacity(labels.len() * self.width);
        for start in (0..labels.len()).step_by(64) {
            let rows = start..labels.len().min(start + 64);
            let pictures = rows.map(|row| questions.picture(row)).collect::<Result<Vec<_>, _>>()?;
            features.extend(self.features(&pictures)?);
        }
        let kept = Weights(
            [("features".to_owned(), Array { shape: vec![labels.len(), self.width], data: features.clone() })].into(),
        );
        fs_err::create_dir_all(folder).map_err(TrainError::file(folder))?;
        fs_err::write(&path, kept.to_bytes(Dtype::F32)?).map_err(TrainError::file(&path))?;
        Ok(Samples { width: self.width, features, labels })
    }
}

/// An rten engine of that model and head, for pictures of 224 x 224. The graph's file is gone when this returns.
pub fn engine(model: &Model, head: &Head, threads: usize) -> Result<Arc<dyn Engine>, TrainError> {
    let folder = tempfile::tempdir().map_err(TrainError::file(&std::env::temp_dir()))?;
    let path = folder.path().join("model.onnx");
    let graph = write_classifier(model, head, &WriteOptions { input: (224, 224) }).map_err(TrainError::Graph)?;
    graph.save(&path).map_err(TrainError::Graph)?;
    hivis_engine::load(&LoadSettings { threads, ..LoadSettings::rten(path) }).map_err(TrainError::Engine)
}

/// A head of zeros: only its features matter.
fn blank_head(width: usize, pooling: Pooling) -> Head {
    let layer = Dense { weight: vec![0.0; width], bias: vec![0.0], inputs: width, outputs: 1 };
    Head { pooling, layers: vec![layer], calibration: Calibration::default() }
}

//! Making a release folder from a model and a head.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use hivis_engine::LoadSettings;
use hivis_onnx::{Head, Model, ModelKind, WriteOptions, write_classifier};
use hivis_store::{EngineHints, Home, InputSize, Manifest, Release, Releases, TrainingNote};
use hivis_types::{Precision, ReleaseId};
use jiff::Timestamp;

/// What a release is made of.
pub(crate) struct Build<'a> {
    /// Its name.
    pub(crate) id: ReleaseId,
    /// The backbone, or classifier.
    pub(crate) model: &'a Model,
    /// Its head.
    pub(crate) head: &'a Head,
    /// Where the weights came from.
    pub(crate) source: String,
    /// The backbone's name.
    pub(crate) backbone: Option<String>,
    /// What may be done with the weights.
    pub(crate) licence: String,
    /// How the head was trained, when it was here.
    pub(crate) training: Option<TrainingNote>,
}

/// Writes the graph, describes every file, and moves the folder into place.
pub(crate) fn build(home: &Home, build: Build<'_>) -> Result<Release> {
    let releases = home.releases();
    let options = WriteOptions::default();
    let graph = write_classifier(build.model, build.head, &options).context("the graph cannot be written")?;
    let staging = releases.staging(&build.id)?;
    let file = staging.join("model.onnx");
    graph.save(&file)?;
    // The first run proves that the graph is one, and tells what any engine should say later.
    let engine = hivis_engine::load(&LoadSettings::rten(&file)).context("the graph that was written does not run")?;
    let canary = hivis_engine::warm(&*engine, 1, None).context("the graph that was written does not run")?;
    build.head.write(&staging.join("head.safetensors"))?;
    let mut files = BTreeMap::new();
    for entry in fs_err::read_dir(&staging)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).context("a staged file has a name that is no text")?;
        let precision = (name == "model.onnx").then_some(Precision::Fp32);
        files.insert(name.to_owned(), Releases::describe(&path, precision)?);
    }
    let kind = match build.model.kind() {
        ModelKind::DinoV3 => "dinov3",
        ModelKind::DinoV2 => "dinov2",
        ModelKind::Siglip => "siglip",
        ModelKind::VitClassifier => "vit-classifier",
    };
    let manifest = Manifest {
        id: build.id.clone(),
        created: Timestamp::now(),
        source: build.source,
        kind: kind.to_owned(),
        backbone: build.backbone,
        features: u32::try_from(build.model.features(build.head.pooling)).context("too many features")?,
        licence: build.licence,
        canary: Some(canary),
        input: InputSize { width: options.input.0, height: options.input.1 },
        engine: EngineHints::default(),
        training: build.training,
        files,
    };
    Releases::write_manifest(&staging, &manifest)?;
    Ok(releases.install(&staging, &build.id)?)
}

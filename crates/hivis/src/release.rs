//! Making a release folder from a model and a head.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use hivis_engine::LoadSettings;
use hivis_onnx::{Head, Model, ModelKind, WriteOptions, write_classifier};
use hivis_store::{EngineHints, Home, InputSize, Manifest, Release, Releases, TrainingNote};
use hivis_train::measure::Measures;
use hivis_types::{Precision, ReleaseId};
use jiff::Timestamp;

use crate::card;

/// The head's own file, to go on training or to look at.
const HEAD: &str = "head.safetensors";

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
    /// What was measured on the tuning scenes, for the card.
    pub(crate) figures: Option<Measures>,
}

/// Writes the graph and the card, describes every file, and moves the folder into place. A release of that name with the
/// same graph and head is what was wanted: a command that was cut off goes on from there.
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
    build.head.write(&staging.join(HEAD))?;
    if let Some(there) = same(&releases, &build.id, &staging)? {
        return Ok(there);
    }
    let kind = match build.model.kind() {
        ModelKind::DinoV3 => "dinov3",
        ModelKind::DinoV2 => "dinov2",
        ModelKind::Siglip => "siglip",
        ModelKind::VitClassifier => "vit-classifier",
    };
    let mut manifest = Manifest {
        id: build.id.clone(),
        version: None,
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
        files: BTreeMap::new(),
    };
    let claim = releases.claim_version(&manifest, None)?;
    manifest.version = Some(claim.version);
    fs_err::write(staging.join(card::FILE), card::text(&manifest, build.figures.as_ref(), None)?)?;
    for entry in fs_err::read_dir(&*staging)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).context("a staged file has a name that is no text")?;
        let precision = (name == "model.onnx").then_some(Precision::Fp32);
        manifest.files.insert(name.to_owned(), Releases::describe(&path, precision)?);
    }
    Releases::write_manifest(&staging, &manifest)?;
    Ok(releases.install(&staging, &build.id)?)
}

/// The installed release of that name, when its graph is the staged one. The head is in the graph; the order inside its
/// own file varies.
fn same(releases: &Releases, id: &ReleaseId, staging: &Path) -> Result<Option<Release>> {
    if !releases.list()?.contains(id) {
        return Ok(None);
    }
    let there = releases.load(id)?;
    for entry in fs_err::read_dir(staging)? {
        let path = entry?.path();
        if path.ends_with(HEAD) {
            continue;
        }
        let listed = path.file_name().and_then(|name| there.manifest.files.get(name.to_str()?));
        if listed.map(|file| &file.sha256) != Some(&Releases::describe(&path, None)?.sha256) {
            return Ok(None);
        }
    }
    Ok(Some(there))
}

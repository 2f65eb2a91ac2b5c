//! Making a release folder from a model and a head, or from several.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use hivis_engine::LoadSettings;
use hivis_onnx::{Calibration, Member, ModelKind, WriteOptions, write_ensemble};
use hivis_store::{EngineHints, Home, InputSize, Manifest, Release, Releases, TrainingNote};
use hivis_train::measure::Measures;
use hivis_types::{Precision, ReleaseId};
use jiff::Timestamp;

use crate::card;

/// The head's own file, to go on training or to look at.
const HEAD: &str = "head.safetensors";

/// How an ensemble's members are joined: their weights and the last calibration.
pub(crate) const ENSEMBLE: &str = "ensemble.json";

/// What a release is made of.
pub(crate) struct Build<'a> {
    /// Its name.
    pub(crate) id: ReleaseId,
    /// The members: one backbone (or classifier) with one head, or several whose average answers.
    pub(crate) members: &'a [Member<'a>],
    /// What turns an ensemble's average into a probability.
    pub(crate) calibration: Option<Calibration>,
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
    let graph = write_ensemble(build.members, build.calibration, &options).context("the graph cannot be written")?;
    let staging = releases.staging(&build.id)?;
    let file = staging.join("model.onnx");
    graph.save(&file)?;
    // The first run proves that the graph is one, and tells what any engine should say later.
    let engine = hivis_engine::load(&LoadSettings::rten(&file)).context("the graph that was written does not run")?;
    let canary = hivis_engine::warm(&*engine, 1, None).context("the graph that was written does not run")?;
    for (n, member) in build.members.iter().enumerate() {
        let name = if build.members.len() == 1 { HEAD.to_owned() } else { format!("head.{}.safetensors", n + 1) };
        member.head.write(&staging.join(name))?;
    }
    let first = build.members.first().context("a release has a member: this is a bug")?;
    if let Some(there) = same(&releases, &build.id, &staging)? {
        return Ok(there);
    }
    let kind = match (build.members.len(), first.model.kind()) {
        (1, ModelKind::DinoV3) => "dinov3",
        (1, ModelKind::DinoV2) => "dinov2",
        (1, ModelKind::Siglip) => "siglip",
        (1, ModelKind::VitClassifier) => "vit-classifier",
        _ => "ensemble",
    };
    let mut manifest = Manifest {
        id: build.id.clone(),
        version: None,
        created: Timestamp::now(),
        source: build.source,
        kind: kind.to_owned(),
        backbone: build.backbone,
        features: u32::try_from(first.model.features(first.head.pooling())).context("too many features")?,
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
    if build.members.len() > 1 {
        fs_err::write(staging.join(ENSEMBLE), joined(build.members, build.calibration)?)?;
    }
    for entry in fs_err::read_dir(&*staging)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).context("a staged file has a name that is no text")?;
        let precision = (name == "model.onnx").then_some(Precision::Fp32);
        manifest.files.insert(name.to_owned(), Releases::describe(&path, precision)?);
    }
    Releases::write_manifest(&staging, &manifest)?;
    Ok(releases.install(&staging, &build.id)?)
}

/// The text of [`ENSEMBLE`]: without the graph nothing else would say it.
fn joined(members: &[Member<'_>], calibration: Option<Calibration>) -> Result<String> {
    let weights: Vec<f64> = members.iter().map(|member| member.weight).collect();
    let calibration = calibration.unwrap_or_default();
    let joined = serde_json::json!({ "weights": weights, "calibration": { "a": calibration.a, "b": calibration.b } });
    Ok(serde_json::to_string_pretty(&joined)?)
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
        let is_head = |name: &str| name.starts_with("head.") && name.ends_with(".safetensors");
        if path.file_name().and_then(|name| name.to_str()).is_some_and(is_head) {
            continue;
        }
        let listed = path.file_name().and_then(|name| there.manifest.files.get(name.to_str()?));
        if listed.map(|file| &file.sha256) != Some(&Releases::describe(&path, None)?.sha256) {
            return Ok(None);
        }
    }
    Ok(Some(there))
}

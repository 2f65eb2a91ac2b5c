//! `release.toml`: what a release is.

use std::collections::BTreeMap;

use hivis_types::{EngineKind, Precision, ReleaseId, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The text of a release's `release.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name, the same as its folder's.
    pub id: ReleaseId,
    /// X.Y.Z, claimed when it was made; releases made before there were versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// When it was made, UTC.
    pub created: Timestamp,
    /// Where the weights came from: a folder, a Hub repository, a training run.
    pub source: String,
    /// The model's kind: `dinov3`, `vit-classifier`, `colour-histogram`.
    pub kind: String,
    /// The backbone's name, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backbone: Option<String>,
    /// Length of the `features` output.
    pub features: u32,
    /// What may be done with the weights, as their author says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub licence: String,
    /// Its fp32 probability for the canary picture (`hivis_engine::canary`), computed when it was made: a server that
    /// loads it computes the same, or refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<f32>,
    /// The size of the graph's `pixels` input.
    pub input: InputSize,
    /// What should run it.
    #[serde(default)]
    pub engine: EngineHints,
    /// How its head was trained here; none for an imported one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<TrainingNote>,
    /// Its files by plain name; every one is checked when the release is loaded.
    pub files: BTreeMap<String, ReleaseFile>,
}

/// Width and height of a graph's input, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSize {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// What should run a release, when the configuration does not say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineHints {
    /// The engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EngineKind>,
    /// The arithmetic; a file of that precision must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

/// The training behind a release, as far as an exam must know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingNote {
    /// The run's folder under `runs/`, with everything else about it.
    pub run: String,
    /// The hash of the rows.
    pub data: String,
    /// The versions of the data that it learned from, by name, when it was told to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Seed of the split: which scenes were trained on follows from it.
    pub split_seed: u64,
    /// Pictures that it learned from, before draws.
    pub pictures: u64,
    /// Which floor that was on its figures missed, in words. Such a release is kept, but nothing points at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below_floor: Option<String>,
}

/// One file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFile {
    /// SHA-256 of its bytes, hex in lower case.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// For a graph: its arithmetic. Other files (external weights, card, head) have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

impl Manifest {
    /// Releases of one family differ in their head only: kind and backbone are the same.
    pub fn family(&self) -> (&str, Option<&str>) {
        (&self.kind, self.backbone.as_deref())
    }

    /// Why no pointer may name it, when none may.
    pub fn not_promotable(&self) -> Option<&str> {
        self.training.as_ref().and_then(|training| training.below_floor.as_deref())
    }

    /// The name of the graph that this precision is computed from, when the release has one.
    pub fn graph(&self, precision: Precision) -> Option<&str> {
        self.files.iter().find(|(_, file)| file.precision == Some(precision.of_file())).map(|(name, _)| name.as_str())
    }

    /// The size of that graph with its external weights (`<graph>.data`); 0 when the release has none.
    pub fn graph_bytes(&self, precision: Precision) -> u64 {
        let Some(graph) = self.graph(precision) else { return 0 };
        let of = |name: &str| self.files.get(name).map_or(0, |file| file.bytes);
        of(graph) + of(&format!("{graph}.data"))
    }

    /// The precisions of the files that are present.
    pub fn precisions(&self) -> Vec<Precision> {
        [Precision::Fp32, Precision::Int8].into_iter().filter(|p| self.graph(*p).is_some()).collect()
    }
}

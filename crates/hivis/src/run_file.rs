//! `run.toml`: what a training was asked for and where it ran, enough to do it again.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use hivis_store::Home;
use hivis_train::split::Part;
use hivis_train::training::{Earlier, TrainingSettings};
use hivis_types::ReleaseId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::failure::Hinted;

/// What is to be made of which pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// Where the pictures come from, in the user's words.
    pub(crate) pictures: String,
    /// How many scenes, for procedural ones.
    pub(crate) count: u32,
    /// Seed of the procedural scenes.
    pub(crate) seed: u64,
    /// `tiny`, or a folder.
    pub(crate) backbone: String,
    /// Which tokens become the features: `cls`, `cls-mean`, `last-N`.
    pub(crate) features: String,
    /// The run that this one goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    /// How the head is made.
    pub(crate) settings: TrainingSettings,
}

/// The text of a run's `run.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunFile {
    /// The run's name.
    pub(crate) id: ReleaseId,
    /// When it began, UTC.
    pub(crate) began: Timestamp,
    /// How long it took.
    pub(crate) seconds: f64,
    /// The program's version.
    pub(crate) hivis: String,
    /// The machine, in words.
    pub(crate) machine: String,
    /// Threads that computed features.
    pub(crate) threads: usize,
    /// The command line.
    pub(crate) command: Vec<String>,
    /// Hash of the rows.
    pub(crate) data: String,
    /// Hash of the backbone.
    pub(crate) backbone: String,
    /// What was asked for.
    pub(crate) order: Order,
}

/// A run that is there.
pub(crate) struct Run {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its `run.toml`.
    pub(crate) file: RunFile,
}

impl Run {
    /// Opens the run of that name.
    pub(crate) fn open(home: &Home, name: &str) -> Result<Self> {
        let id = ReleaseId::new(name.to_owned())?;
        let folder = home.runs().join(id.as_str());
        let path = folder.join("run.toml");
        if !path.is_file() {
            let hint = format!("the runs are the folders of {}", home.runs().display());
            return Err(Hinted::new(format!("there is no run {id}"), hint).into());
        }
        let text = fs_err::read_to_string(&path)?;
        let file = toml::from_str(&text).map_err(|error| {
            let hint = "it was written by another version of hivis; train anew instead";
            anyhow::Error::new(error).context(Hinted::new(format!("{} cannot be read", path.display()), hint))
        })?;
        Ok(Self { folder, file })
    }

    /// The head that came out of it.
    pub(crate) fn head(&self) -> Result<hivis_onnx::Head> {
        hivis_onnx::Head::read(&self.folder.join("head.safetensors"))
            .with_context(|| format!("the head of run {} cannot be read", self.file.id))
    }

    /// Its head and what it has learned from, to go on from.
    pub(crate) fn earlier(&self) -> Result<Earlier> {
        // `split.csv` also names pictures that others put into parts: only rows of this run have a `part`.
        let mut reader = csv::Reader::from_reader(fs_err::File::open(self.folder.join("split.csv"))?);
        let mut keys = BTreeSet::new();
        for row in reader.deserialize::<SplitRow>() {
            let row = row.with_context(|| format!("split.csv of run {} cannot be read", self.file.id))?;
            if row.part == Part::Train.as_str() {
                keys.insert(row.key);
            }
        }
        Ok(Earlier { run: self.file.id.to_string(), head: self.head()?, keys })
    }
}

/// What is wanted of a line of `split.csv`.
#[derive(Deserialize)]
struct SplitRow {
    key: String,
    part: String,
}

//! Flags of `hivis train`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hivis_onnx::Pooling;
use hivis_train::calibrate::Method;
use hivis_train::device::Processor;
use hivis_train::head::ClassWeights;
use hivis_train::tracker::TrackerName;
use hivis_train::training::Shares;

/// `hivis train`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis train --pictures ./roadwork --backbone ./dinov3-vits16\n  hivis train --pictures data,home --shares 70/20/10 --trials 8\n  hivis train --pictures ./roadwork-more --from roadwork-1\n  hivis train --repeat roadwork-1\n\nA folder has subfolders `roadwork` and `none`, or a metadata.csv with file_name,label. Killed, the same command goes on: features and the head's state are kept."
)]
pub struct TrainArgs {
    /// Labelled pictures: a folder, `data` or `data:NAME` (imported), `home` (labelled records), `samples` (all of the
    /// home), `version:NAME` or `version:latest`, or `scenes` for procedural ones. Several with commas between them are one set.
    #[arg(long, required_unless_present = "repeat")]
    pub pictures: Option<String>,
    /// What the pictures are seen by.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The release's and the run's name [default: made of the backbone and the time].
    #[arg(long)]
    pub id: Option<String>,
    /// Go on from this run: its head learns for 3 passes from pictures that it has not seen and as many that it has.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["head", "trials", "shares", "repeat"])]
    pub from: Option<String>,
    /// Do again what that run did, and say whether the same head came out. Other flags of the training are left aside.
    #[arg(long, value_name = "RUN")]
    pub repeat: Option<String>,

    /// Pictures that the validator's augmentation makes of each, its four levels in turn.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64), help_heading = "Pictures")]
    pub draws: u32,
    /// What an epoch is made of, such as 70/20/10: real, generated and mined pictures [default: every view once].
    #[arg(long, value_name = "R/G/M", value_parser = shares, help_heading = "Pictures")]
    pub shares: Option<Shares>,
    /// Seed of the split; candidates that sit one exam must share it.
    #[arg(long, default_value_t = 72, help_heading = "Pictures")]
    pub split_seed: u64,

    /// Widths of the head's hidden layers; `linear` has none.
    #[arg(long, default_value = "256", value_name = "WIDTHS", help_heading = "Head")]
    pub head: String,
    /// Chance that a hidden number is dropped in training.
    #[arg(long, default_value_t = 0.3, value_name = "SHARE", help_heading = "Head")]
    pub dropout: f32,
    /// Most passes over the pictures [default: 10; 3 with --from].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = "Head")]
    pub epochs: Option<u32>,
    /// Passes without a lower loss on the tuning scenes before it stops.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = "Head")]
    pub patience: u32,
    /// Highest learning rate.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE", help_heading = "Head")]
    pub rate: f32,
    /// Rows at a time; halved when memory is out.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=65_536), help_heading = "Head")]
    pub batch: u32,
    /// Batches whose gradients make one step.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096), help_heading = "Head")]
    pub accumulate: u32,
    /// What rows weigh in the loss: `none`, `balanced`, or CLEAR,ROADWORK such as 1,3.
    #[arg(long, default_value = "none", value_parser = class_weights, help_heading = "Head")]
    pub class_weights: ClassWeights,
    /// Try so many settings of the head; the worse half is stopped after 2 and after 5 passes.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256), help_heading = "Head")]
    pub trials: u32,
    /// Seed of weights, order, dropout and draws.
    #[arg(long, default_value_t = 72, help_heading = "Head")]
    pub seed: u64,
    /// What trains the head: `cpu`, or `gpu` in a build with the feature `vulkan`.
    #[arg(long, default_value = "cpu", value_parser = processor, help_heading = "Head")]
    pub device: Processor,
    /// Minutes between two checkpoints of the head; 0 keeps one after every step.
    #[arg(long, default_value_t = 30, value_name = "MINUTES", help_heading = "Head")]
    pub checkpoint: u32,

    /// Who is told how it goes: `jsonl` (events.jsonl in the run's folder), `wandb` (your Python's package; HIVIS_PYTHON
    /// names another Python, WANDB_MODE=offline keeps it here).
    #[arg(long, value_name = "NAMES", default_value = "jsonl", value_delimiter = ',', value_parser = tracker, help_heading = "Trackers")]
    pub track: Vec<TrackerName>,
    /// Weights & Biases: the project.
    #[arg(long, value_name = "NAME", default_value = "hivis", help_heading = "Trackers")]
    pub wandb_project: String,
    /// Weights & Biases: the user or team.
    #[arg(long, value_name = "NAME", help_heading = "Trackers")]
    pub wandb_entity: Option<String>,

    /// How logits become probabilities.
    #[arg(long, value_enum, default_value = "temperature", help_heading = "Answer")]
    pub calibration: CalibrationName,
    /// Leave the threshold at 0.5 even where another one pays more.
    #[arg(long, help_heading = "Answer")]
    pub no_shift: bool,
    /// Least accuracy on the tuning scenes; below it the release is kept but cannot be promoted (such as 0.94).
    #[arg(long, value_name = "SHARE", help_heading = "Answer")]
    pub floor_accuracy: Option<f64>,
    /// Least F1 on the tuning scenes, likewise (such as 0.90).
    #[arg(long, value_name = "SHARE", help_heading = "Answer")]
    pub floor_f1: Option<f64>,
}

/// The backbone that sees the pictures, and which of its tokens become the features.
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// How many scenes, for `--pictures scenes`.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: u32,
    /// `tiny` (embedded), or a folder with config.json and model.safetensors.
    #[arg(long, default_value = "tiny")]
    pub backbone: String,
    /// Which tokens become the features: `cls`, `cls-mean` (CLS, then the mean of the patches), or `last-N` (CLS of the
    /// last N blocks, then the mean); registers never.
    #[arg(long, default_value = "cls-mean", value_name = "TOKENS")]
    pub features: Pooling,
}

/// `hivis features`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hivis features roadwork.safetensors --pictures ./roadwork --backbone ./dinov3-vits16\n\nIn Python: safetensors.numpy.load_file gives features [n, d], label, part (0 train, 1 tune, 2 exam), level, row. Test scenes are left out."
)]
pub struct FeaturesArgs {
    /// The file to write, .safetensors.
    pub file: PathBuf,
    /// Labelled pictures: a folder, `data` or `data:NAME` (imported), `home` (labelled records), `samples`,
    /// `version:NAME`, or `scenes`.
    #[arg(long)]
    pub pictures: String,
    /// What the pictures are seen by.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Pictures that the validator's augmentation makes of each.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub draws: u32,
    /// Seed of the draws.
    #[arg(long, default_value_t = 72)]
    pub seed: u64,
    /// Seed of the split.
    #[arg(long, default_value_t = 72)]
    pub split_seed: u64,
}

/// Calibrations by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CalibrationName {
    /// One slope.
    Temperature,
    /// Slope and shift.
    Platt,
    /// The head's own probabilities.
    None,
}

impl From<CalibrationName> for Method {
    fn from(name: CalibrationName) -> Self {
        match name {
            CalibrationName::Temperature => Self::Temperature,
            CalibrationName::Platt => Self::Platt,
            CalibrationName::None => Self::None,
        }
    }
}

fn shares(text: &str) -> Result<Shares, String> {
    let parts: Option<Vec<u32>> = text.split('/').map(|part| part.trim().parse().ok().filter(|n| *n <= 1000)).collect();
    match parts.as_deref() {
        Some(&[real, generated, mined]) if real + generated + mined > 0 => Ok(Shares { real, generated, mined }),
        _ => Err("three whole numbers such as 70/20/10".to_owned()),
    }
}

fn class_weights(text: &str) -> Result<ClassWeights, String> {
    match text {
        "none" => return Ok(ClassWeights::None),
        "balanced" => return Ok(ClassWeights::Balanced),
        _ => {}
    }
    let good = |part: &str| part.trim().parse::<f32>().ok().filter(|w| *w > 0.0 && *w <= 1000.0);
    match text.split_once(',').map(|(clear, roadwork)| (good(clear), good(roadwork))) {
        Some((Some(clear), Some(roadwork))) => Ok(ClassWeights::Fixed(clear, roadwork)),
        _ => Err("`none`, `balanced`, or two weights above 0 such as 1,3".to_owned()),
    }
}

fn processor(text: &str) -> Result<Processor, String> {
    match text {
        "cpu" => Ok(Processor::Cpu),
        "gpu" => Ok(Processor::Gpu),
        _ => Err("`cpu` or `gpu`".to_owned()),
    }
}

fn tracker(text: &str) -> Result<TrackerName, String> {
    let known = [TrackerName::JsonLines, TrackerName::Wandb];
    known.into_iter().find(|name| name.as_str() == text).ok_or_else(|| "`jsonl` or `wandb`".to_owned())
}

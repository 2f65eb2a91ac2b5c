//! `hivis data export`, `hivis data import`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Whose layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BridgeFormat {
    /// `fiftyone.types.FiftyOneDataset`: metadata.json, samples.json, data/.
    Fiftyone,
    /// Hugging Face: train/, validation/ and test/ with pictures and a metadata.jsonl each.
    Imagefolder,
    /// Hugging Face: data/train-00000-of-00001.parquet and so on, pictures inside.
    Parquet,
    /// roadwork/ and none/, and hivis.csv beside them.
    Folder,
}

/// `hivis data export`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis data export --format fiftyone ./streets --embeddings\n  hivis data export --format parquet ./streets --of data:my-streets\n\nIn Python:\n  fiftyone.Dataset.from_dir(\"./streets\", dataset_type=fiftyone.types.FiftyOneDataset)\n  datasets.load_dataset(\"imagefolder\", data_dir=\"./streets\")\n  datasets.load_dataset(\"parquet\", data_dir=\"./streets\")"
)]
pub struct DataExportArgs {
    /// The folder to write: a new one, or an empty one.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Whose layout.
    #[arg(long, value_enum)]
    pub format: BridgeFormat,
    /// Which pictures: `samples` (all that could be trained on now), `data:NAME` or `version:NAME`.
    #[arg(long, default_value = "samples", value_name = "WHICH")]
    pub of: String,
    /// Write the current release's features beside each picture; FiftyOne only.
    #[arg(long)]
    pub embeddings: bool,
    /// Make hard links instead of copies: no room is needed, and whoever writes into such a file damages the home.
    #[arg(long, conflicts_with = "copy")]
    pub link: bool,
    /// Copy the pictures [default].
    #[arg(long)]
    pub copy: bool,
    /// Seed of the split, as `hivis train` has it.
    #[arg(long, default_value_t = 72)]
    pub split_seed: u64,
}

/// `hivis data import`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis data import ./streets --reviewer ann --dry-run\n  hivis data import ./streets --reviewer ann\n\nA label that was changed becomes a person's, pictures that are new become a data set, and what else FiftyOne says goes\nout again with the next export. Everything is read and checked before anything is written."
)]
pub struct DataImportArgs {
    /// The folder that `hivis data export` wrote, or that the other tool wrote in the same layout.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Whose layout [default: what the folder looks like].
    #[arg(long, value_enum)]
    pub format: Option<BridgeFormat>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Who made the changes.
    #[arg(long, value_name = "NAME")]
    pub reviewer: String,
}

//! Flags of the verbs that bring data in.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DataExportArgs, DataFsckArgs, DataGcArgs, DataImportArgs, VersionVerb};

/// `hivis pull ...`
#[derive(Debug, Subcommand)]
pub enum PullVerb {
    /// A model's weights and configuration, into the home's `hub` folder; prints what to do with them.
    #[command(
        after_help = "Examples:\n  HF_TOKEN=hf_... hivis pull model facebook/dinov3-vitl16-pretrain-lvd1689m\n  HF_ENDPOINT=https://hub.example hivis pull model OWNER/NAME --revision v1.0\n\nThe token is HF_TOKEN or the file that `hf auth login` writes. Cut off or killed, the same command goes on."
    )]
    Model(PullArgs),
    /// A data set's tables and pictures, and import them.
    #[command(
        after_help = "Examples:\n  hivis pull dataset natix-network-org/roadwork\n  hivis pull dataset OWNER/NAME --revision refs/convert/parquet\n\nThe token is HF_TOKEN or the file that `hf auth login` writes. Cut off or killed, the same command goes on."
    )]
    Dataset(PullArgs),
}

/// What to pull.
#[derive(Debug, Args)]
pub struct PullArgs {
    /// The repository, as in the address of its page.
    #[arg(value_name = "OWNER/NAME")]
    pub repo: String,
    /// A branch, a tag or a commit.
    #[arg(long, default_value = "main")]
    pub revision: String,
}

/// `hivis import dataset`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis import dataset ./roadwork\n  hivis import dataset ./train.parquet --name my-streets\n\nA folder has class folders `roadwork` and `none`, a metadata.csv or metadata.jsonl with file_name,label (and origin,\nscene,weather,... where known), any of these below train/, validation/ and test/, or parquet tables with a picture and\na label column."
)]
pub struct ImportDatasetArgs {
    /// The folder, or one parquet table.
    #[arg(value_name = "FOLDER_OR_PARQUET")]
    pub path: PathBuf,
    /// Its name in the home [default: the folder's].
    #[arg(long)]
    pub name: Option<String>,
}

/// `hivis data ...`
#[derive(Debug, Subcommand)]
pub enum DataVerb {
    /// Imported data sets, where they contradict each other, and the version of it all.
    #[command(after_help = "Example:\n  hivis data list --json")]
    List,
    /// Versions of the data: cut, compare, check out, roll back, push, pull.
    #[command(subcommand)]
    Version(VersionVerb),
    /// Check every byte that versions name, and the repository.
    Fsck(DataFsckArgs),
    /// Remove versions that are no longer wanted, and what only they needed.
    Gc(DataGcArgs),
    /// Write the pictures for another tool: FiftyOne, Hugging Face, a plain folder.
    Export(DataExportArgs),
    /// Take back what was changed in another tool.
    Import(DataImportArgs),
}

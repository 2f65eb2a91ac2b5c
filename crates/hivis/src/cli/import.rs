//! `hivis import`.

use std::path::PathBuf;

use clap::Subcommand;

use super::ImportDatasetArgs;

/// `hivis import ...`
#[derive(Debug, Subcommand)]
pub enum ImportVerb {
    /// A model as Hugging Face saves it (config.json, model.safetensors) becomes a release and `current`.
    #[command(
        after_help = "Example:\n  hivis import model ./natix-roadwork-vit\n\nA ViT image classifier brings its own head; a bare DINOv3 backbone needs --head."
    )]
    Model {
        /// The folder with config.json and model.safetensors.
        folder: PathBuf,
        /// The release's name [default: the folder's name and the date].
        #[arg(long)]
        id: Option<String>,
        /// The head's file (safetensors) for a backbone without one.
        #[arg(long, value_name = "FILE")]
        head: Option<PathBuf>,
        /// The label that means roadwork [default: found by name].
        #[arg(long)]
        label: Option<String>,
    },
    /// Labelled pictures: a folder or a parquet table. Repeated, it takes in what changed there.
    Dataset(ImportDatasetArgs),
}

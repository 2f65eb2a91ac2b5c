//! Flags of `hivis publish`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::WalletArgs;

/// `hivis publish`
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Examples:\n  hivis publish --repo OWNER/NAME --dry-run\n  HF_TOKEN=hf_... hivis publish --repo OWNER/NAME --uid 17\n  hivis publish my-release --repo OWNER/NAME --head-only --no-register\n\nThe token is HF_TOKEN or the file that `hf auth login` writes; it needs the right to write. Cut off or killed, the same\ncommand goes on: what the Hub has is not sent again, a release that is there makes no commit, and a registration that\nsucceeded is not repeated. With --no-register NATIX is told nothing."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct PublishArgs {
    /// The release [default: current].
    #[arg(value_name = "RELEASE")]
    pub release: Option<String>,
    /// The model repository; made (public) when it is not there [default: publish.repo].
    #[arg(long, value_name = "OWNER/NAME")]
    pub repo: Option<String>,
    /// Publish head, calibration and recipe, not the graph [default for gated backbones].
    #[arg(long, conflicts_with = "full")]
    pub head_only: bool,
    /// Publish the whole release, graph and all [default for backbones that are free to pass on].
    #[arg(long)]
    pub full: bool,
    /// The licence of a backbone that hivis does not know, by its SPDX name.
    #[arg(long, value_name = "SPDX")]
    pub licence: Option<String>,
    /// The licence's text, where hivis does not find it.
    #[arg(long, value_name = "FILE")]
    pub licence_file: Option<PathBuf>,
    /// `model_name` of the model card [default: publish.model_name, else the release's name].
    #[arg(long, value_name = "NAME")]
    pub model_name: Option<String>,
    /// `description` of the model card [default: publish.description, else a plain one].
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Who submits; must be the hotkey in use, which is the default.
    #[arg(long, value_name = "SS58")]
    pub submitted_by: Option<String>,
    /// Take a repository over whose model card names another hotkey.
    #[arg(long)]
    pub replace: bool,
    /// Say what would be uploaded, and send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The miner's uid on the chain, for NATIX [default: as the chain of [chain] says].
    #[arg(long, value_name = "N")]
    pub uid: Option<u16>,
    /// Upload only; NATIX is told nothing.
    #[arg(long, conflicts_with = "uid")]
    pub no_register: bool,
    /// Which wallet.
    #[command(flatten)]
    pub wallet: WalletArgs,
}

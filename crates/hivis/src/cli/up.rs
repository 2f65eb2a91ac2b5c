//! Flags of `hivis up`.

use std::net::IpAddr;

use clap::Args;

use crate::cli::{ChainFlags, PasswordArgs, WalletArgs, rao};

/// `hivis up`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis up --network test --max-cost 1 --repo OWNER/NAME --ip 52.14.201.9 --dry-run\n  hivis up --network test --max-cost 1 --repo OWNER/NAME --ip 52.14.201.9\n  hivis up --network finney --checklist\n\nEach step looks first whether it is done already: cut off or repeated, the same command goes on where it was.\nIt says what it will spend and asks for the network's name before anything is signed. Only the registration costs TAO."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct UpArgs {
    /// Which chain; kept in hivis.toml when nothing stands there yet.
    #[command(flatten)]
    pub chain: ChainFlags,
    /// The most that registration may cost, in TAO. Without it an unregistered hotkey stays so.
    #[arg(long, value_name = "TAO", value_parser = rao)]
    pub max_cost: Option<u64>,
    /// The model repository on the Hub [default: publish.repo].
    #[arg(long, value_name = "OWNER/NAME")]
    pub repo: Option<String>,
    /// Do not publish, and commit to nothing.
    #[arg(long, conflicts_with = "repo")]
    pub no_publish: bool,
    /// Publish, but tell NATIX's server nothing; always so on a chain of one's own, unless natix.base is on this computer.
    #[arg(long)]
    pub no_register: bool,
    /// The IPv4 address that validators reach [default: serve.announce_ip].
    #[arg(long, value_name = "A.B.C.D")]
    pub ip: Option<IpAddr>,
    /// The port that validators reach [default: serve.announce_port, else the axon's own].
    #[arg(long)]
    pub port: Option<u16>,
    /// Go on although the verdict is no-go.
    #[arg(long)]
    pub anyway: bool,
    /// Show the plan and the verdict; sign nothing, send nothing, serve nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Only show how far the first seven days are.
    #[arg(long, conflicts_with = "dry_run")]
    pub checklist: bool,
    /// Do not ask: the network's name, which must be the one in use. For scripts.
    #[arg(long, value_name = "NETWORK", conflicts_with_all = ["dry_run", "checklist"])]
    pub yes: Option<String>,
    /// Minutes to wait for the first challenge.
    #[arg(long, default_value_t = 30, value_name = "MINUTES")]
    pub wait_min: u64,
    /// End after the first challenge instead of serving on.
    #[arg(long)]
    pub exit: bool,
    /// Which wallet.
    #[command(flatten)]
    pub wallet: WalletArgs,
    /// The coldkey's password, for the registration.
    #[command(flatten)]
    pub password: PasswordArgs,
}

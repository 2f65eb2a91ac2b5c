//! Flags of the verbs that make the chain say something.

use std::net::IpAddr;

use clap::Args;
use hivis_chain::extrinsic::parse_tao;

use crate::cli::{ChainFlags, PasswordArgs, WalletArgs};

/// Whether it is meant.
#[derive(Debug, Default, Clone, Args)]
pub struct ConsentArgs {
    /// Show the decoded call, its fee and all it would cost; sign nothing, send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask: the network's name, which must be the one in use. For scripts.
    #[arg(long, value_name = "NETWORK", conflicts_with = "dry_run")]
    pub yes: Option<String>,
}

/// Who signs, on which chain, and whether it is meant: what the three verbs have in common.
#[derive(Debug, Default, Clone, Args)]
pub struct SigningArgs {
    /// Which wallet.
    #[command(flatten)]
    pub wallet: WalletArgs,
    /// The password of the key that signs.
    #[command(flatten)]
    pub password: PasswordArgs,
    /// Which chain.
    #[command(flatten)]
    pub chain: ChainFlags,
    /// Whether it is meant.
    #[command(flatten)]
    pub consent: ConsentArgs,
}

/// `hivis register`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis register --max-cost 0.5 --dry-run\n  hivis register --max-cost 0.5                          # asks for the network's name, then for the coldkey's password\n  hivis register --network test --max-cost 1 --yes test --password-file pw\n\nRun it where the coldkey is, not on the serving machine. A registered hotkey costs nothing: it only says so.\nThe cap is in the call too: the chain itself refuses a higher price."
)]
pub struct RegisterArgs {
    /// The most that registration may cost, in TAO; more than that is refused before anything is signed.
    #[arg(long, value_name = "TAO", value_parser = rao, required_unless_present = "pow")]
    pub max_cost: Option<u64>,
    /// Register by proof of work on all cores instead of TAO, where the runtime has that.
    #[arg(long)]
    pub pow: bool,
    /// Threads of the search [default: all cores].
    #[arg(long, requires = "pow")]
    pub threads: Option<usize>,
    /// Who signs, where, and whether it is meant.
    #[command(flatten)]
    pub signing: SigningArgs,
}

/// `hivis announce`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis announce --ip 52.14.201.9 --port 8091 --dry-run\n  hivis announce --ip 52.14.201.9 --yes finney\n  hivis announce --withdraw\n\nFree, and signed by the hotkey. When the chain says the same already, nothing is sent."
)]
pub struct AnnounceArgs {
    /// The IPv4 address that validators reach [default: serve.announce_ip].
    #[arg(long, value_name = "A.B.C.D")]
    pub ip: Option<IpAddr>,
    /// The port that validators reach [default: serve.announce_port, else the axon's own].
    #[arg(long)]
    pub port: Option<u16>,
    /// Announce that there is no axon any more.
    #[arg(long, conflicts_with_all = ["ip", "port"])]
    pub withdraw: bool,
    /// Who signs, where, and whether it is meant.
    #[command(flatten)]
    pub signing: SigningArgs,
}

/// `hivis commit`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis commit --dry-run                 # what `hivis publish` published of the current release\n  hivis commit --repo natix/roadwork --revision 0123456789abcdef0123456789abcdef01234567 --sha256 9372c4...\n\nFree, and signed by the hotkey. What is written: OWNER:NAME:REVISION:BASE64-OF-SHA256, as other subnets do."
)]
pub struct CommitArgs {
    /// The model's repository on the Hub [default: where the current release was published].
    #[arg(long, value_name = "OWNER/NAME", requires_all = ["revision", "sha256"])]
    pub repo: Option<String>,
    /// The commit in it, 40 hex digits.
    #[arg(long, value_name = "COMMIT", requires = "repo")]
    pub revision: Option<String>,
    /// The release's SHA-256, 64 hex digits.
    #[arg(long, value_name = "HEX", value_parser = sha256, requires = "repo")]
    pub sha256: Option<[u8; 32]>,
    /// Who signs, where, and whether it is meant.
    #[command(flatten)]
    pub signing: SigningArgs,
}

pub(super) fn rao(text: &str) -> Result<u64, String> {
    parse_tao(text).ok_or_else(|| "a number of TAO with at most nine decimals, such as 0.5".to_owned())
}

fn sha256(text: &str) -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim_start_matches("0x"), &mut bytes).map_err(|_| "64 hex digits".to_owned())?;
    Ok(bytes)
}

//! Flags of the verbs that speak to the chain.

use clap::{Args, Subcommand};
use hivis_chain::Network;

/// Which chain, on top of `[chain]` in hivis.toml.
#[derive(Debug, Default, Clone, Args)]
pub struct ChainFlags {
    /// finney, test or local [default: chain.network, else finney].
    #[arg(long, global = true)]
    pub network: Option<Network>,
    /// A websocket address of a node; repeated, they are tried in order [default: chain.endpoints, else the network's].
    #[arg(long, global = true, value_name = "WS_ADDRESS")]
    pub endpoint: Vec<String>,
    /// The subnet [default: chain.netuid, else 72 on finney, 323 on test, 1 on local].
    #[arg(long, global = true)]
    pub netuid: Option<u16>,
}

/// `hivis chain ...`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis chain show\n  hivis chain cost --network test\n  hivis chain metagraph --validators --json\n  hivis chain endpoints --endpoint wss://my-node.example:443"
)]
pub struct ChainArgs {
    /// What to look at.
    #[command(subcommand)]
    pub verb: ChainVerb,
    /// Which chain.
    #[command(flatten)]
    pub flags: ChainFlags,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub enum ChainVerb {
    /// The subnet at one look: who it is, its price, what a registration costs, when it pays.
    Show,
    /// All neurons.
    Metagraph {
        /// Only those who may validate.
        #[arg(long)]
        validators: bool,
    },
    /// The subnet's parameters, by the chain's own names.
    Hyperparameters,
    /// What a registration would cost now, and what may stand in its way.
    Cost,
    /// Try each endpoint: is it the right chain, how old is its head, how fast is it? 0 when one is good.
    Endpoints,
}

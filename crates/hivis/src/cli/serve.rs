//! `hivis demo` and `hivis serve`.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};

use crate::cli::WalletArgs;

/// `hivis demo`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hivis demo --questions 100")]
pub struct DemoArgs {
    /// How many challenges the validator sends.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub questions: u32,
    /// Challenges a second.
    #[arg(long, default_value_t = 10.0)]
    pub rate: f64,
    /// The world's seed: another seed, other streets.
    #[arg(long, default_value_t = 72)]
    pub seed: u64,
    /// Stop after the challenges: no head is trained, nothing is promoted.
    #[arg(long)]
    pub no_train: bool,
    /// Instead of one turn of the wheel, so many simulated days: by day a validator asks and tells what was shown, at night
    /// the wheel mines, makes, gates, cuts a version, trains, sits the exam and promotes (about a minute a day).
    #[arg(long, conflicts_with = "no_train", value_parser = clap::value_parser!(u32).range(1..=30))]
    pub days: Option<u32>,
    /// Keep the page open after the last answer, until Ctrl-C [default: on a terminal].
    #[arg(long)]
    pub stay: bool,
    /// Exit after the last answer even on a terminal.
    #[arg(long, conflicts_with = "stay")]
    pub no_stay: bool,
}

/// `hivis serve`
#[derive(Debug, Default, Clone, Args)]
#[command(
    after_help = "Example:\n  hivis serve --addr 0.0.0.0:8091 --wallet miner --hotkey default\n\nWho may ask: the validators in the metagraph of the chain that hivis.toml names,\n  [chain]\n  network = \"finney\"\nand whoever stands in permits.toml in the home:\n  [[permit]]\n  hotkey = \"5Grwva...\"\n  stake = 50000.0"
)]
pub struct ServeArgs {
    /// Where validators reach the axon [default: 0.0.0.0:8091].
    #[arg(long, value_name = "IP:PORT")]
    pub addr: Option<SocketAddr>,
    /// Where the page, /healthz, /readyz and /metrics are [default: 127.0.0.1:8092].
    #[arg(long, value_name = "IP:PORT")]
    pub page: Option<SocketAddr>,
    /// Which wallet.
    #[command(flatten)]
    pub wallet: WalletArgs,
    /// What runs the model [default: rten].
    #[arg(long, value_enum)]
    pub engine: Option<EngineName>,
    /// Which arithmetic [default: fp32].
    #[arg(long, value_enum)]
    pub precision: Option<PrecisionName>,
}

/// Engines by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Built in, CPU, nothing to install.
    Rten,
    /// The `onnxruntime` Python package's library, loaded at run time.
    Onnxruntime,
}

/// Precisions by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PrecisionName {
    /// `model.onnx`
    Fp32,
    /// `model.onnx` rounded to 16 bits by ONNX Runtime's OpenVINO provider
    Bf16,
    /// `model.int8.onnx`, made by `hivis quantise`
    Int8,
}

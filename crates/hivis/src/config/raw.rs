//! What a user may write in `hivis.toml`: everything optional, nothing unknown.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use super::publish::{RawNatix, RawPublish};
use super::{
    Origins, RawConsole, RawDates, RawDrift, RawEarnings, RawGate, RawMine, RawNight, RawNotify, RawRank, RawReview,
    RawSynth, RawVersions, RawWatch,
};

/// The whole file.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Raw {
    /// `[wallet]`
    pub wallet: RawWallet,
    /// `[serve]`
    pub serve: RawServe,
    /// `[model]`
    pub model: RawModel,
    /// `[records]`
    pub records: RawRecords,
    /// `[release]`
    pub release: RawRelease,
    /// `[earnings]`
    pub earnings: RawEarnings,
    /// `[dates]`
    pub dates: RawDates,
    /// `[chain]`
    pub chain: RawChain,
    /// `[publish]`
    pub publish: RawPublish,
    /// `[natix]`
    pub natix: RawNatix,
    /// `[mine]`
    pub mine: RawMine,
    /// `[synth]`
    pub synth: RawSynth,
    /// `[gate]`
    pub gate: RawGate,
    /// `[review]`
    pub review: RawReview,
    /// `[versions]`
    pub versions: RawVersions,
    /// `[night]`
    pub night: RawNight,
    /// `[rank]`
    pub rank: RawRank,
    /// `[drift]`
    pub drift: RawDrift,
    /// `[notify]`
    pub notify: RawNotify,
    /// `[watch]`
    pub watch: RawWatch,
    /// `[console]`
    pub console: RawConsole,
    /// Who wrote which key; no key of its own.
    #[serde(skip)]
    pub origins: Origins,
}

/// `[wallet]`: which key answers. Only the hotkey is needed on a serving machine.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawWallet {
    /// The wallets' folder.
    pub path: Option<PathBuf>,
    /// The wallet's name.
    pub name: Option<String>,
    /// The hotkey's name.
    pub hotkey: Option<String>,
}

/// `[serve]`: listeners and limits.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawServe {
    /// The axon's address.
    pub addr: Option<SocketAddr>,
    /// The page's address.
    pub page: Option<SocketAddr>,
    /// Who may ask; relative to the home.
    pub permits: Option<PathBuf>,
    /// Stake in alpha that a validator of the metagraph must have besides its permit.
    pub least_stake: Option<f64>,
    /// Minutes after which a metagraph counts as old.
    pub permits_old_min: Option<f64>,
    /// Minutes without a validator, while the metagraph lists some, until that is an alarm.
    pub unvisited_min: Option<f64>,
    /// Longest time for one answer, seconds.
    pub deadline_s: Option<f64>,
    /// Answers less sure than this get -1; 0 answers everything.
    pub silence_below: Option<f64>,
    /// Largest body, bytes.
    pub body_bytes: Option<usize>,
    /// Largest picture, pixels.
    pub picture_pixels: Option<u64>,
    /// Connections at once.
    pub connections: Option<usize>,
    /// Seconds that a drain may take after SIGTERM.
    pub drain_s: Option<f64>,
    /// The address that validators reach, for `hivis announce`.
    pub announce_ip: Option<IpAddr>,
    /// The port that validators reach.
    pub announce_port: Option<u16>,
}

/// `[model]`: what runs the current release.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawModel {
    /// `rten` or `onnxruntime`.
    pub engine: Option<String>,
    /// `fp32`, `bf16` or `int8`.
    pub precision: Option<String>,
    /// Threads of the engine; 0 takes all cores.
    pub threads: Option<usize>,
    /// Pictures a batch at most.
    pub batch: Option<usize>,
    /// The ONNX Runtime library; found in the Python package when absent.
    pub runtime_library: Option<PathBuf>,
    /// ONNX Runtime's execution provider: `cpu`, `openvino`, `cuda`, `tensorrt`.
    pub provider: Option<String>,
}

/// `[release]`: how another release comes to serve.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRelease {
    /// `paired`, `gain` or `none`.
    pub policy: Option<String>,
}

/// `[records]`: what is kept, and for how long.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRecords {
    /// Days that pictures are kept.
    pub keep_days: Option<u32>,
    /// Gigabytes (10^9 bytes) of pictures that are kept.
    pub keep_gb: Option<f64>,
    /// Recording stops below this much free space, gigabytes.
    pub min_free_gb: Option<f64>,
}

/// `[chain]`: which chain, and who speaks for it.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawChain {
    /// `finney`, `test` or `local`.
    pub network: Option<String>,
    /// Websocket addresses, tried in order: a list, or one text with commas.
    pub endpoints: Option<RawEndpoints>,
    /// The subnet.
    pub netuid: Option<u16>,
    /// A head older than this, seconds, and the next endpoint is tried.
    pub stale_after_s: Option<f64>,
    /// Blocks from one reading of the metagraph to the next, for those who may ask.
    pub refresh_blocks: Option<u64>,
    /// The longest wait for a connection and for each call, seconds.
    pub timeout_s: Option<f64>,
}

/// A list, or one text with commas, as the environment has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum RawEndpoints {
    /// `["wss://one", "wss://two"]`
    List(Vec<String>),
    /// `"wss://one,wss://two"`
    Text(String),
}

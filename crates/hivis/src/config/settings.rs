//! What the program works with: checked, with no `Option` that means "default".

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use hivis_types::{EngineKind, Precision};

use super::chain::ChainSettings;
use super::publish::{NatixSettings, PublishSettings};
use super::raw::Raw;
use super::{
    ConsoleSettings, DatesSettings, DriftSettings, EarningsSettings, GateSettings, MineSettings, NightSettings,
    NotifySettings, Origins, RankSettings, ReviewSettings, SynthSettings, VersionsSettings, WatchSettings,
};
use crate::cli::{EngineName, PrecisionName, ServeArgs, WalletArgs};
use crate::failure::Hinted;
use crate::policy::Policy;

/// Everything, resolved.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which key answers.
    pub wallet: WalletSettings,
    /// Listeners and limits.
    pub serve: ServeSettings,
    /// What runs the release.
    pub model: ModelSettings,
    /// What is kept.
    pub records: RecordSettings,
    /// Which chain, and who speaks for it.
    pub chain: ChainSettings,
    /// Where a release goes.
    pub publish: PublishSettings,
    /// Who is told of it.
    pub natix: NatixSettings,
    /// What a promotion wants of the exam.
    pub(crate) policy: Policy,
    /// What money is worth, and where the validators' log lies.
    pub earnings: EarningsSettings,
    /// What a day is counted towards.
    pub dates: DatesSettings,
    /// What counts as hard, and how many are picked.
    pub mine: MineSettings,
    /// Generators, prompts, caps.
    pub synth: SynthSettings,
    /// What a generated picture must be.
    pub gate: GateSettings,
    /// The queue and the rules on acceptance.
    pub review: ReviewSettings,
    /// The repository of the data.
    pub versions: VersionsSettings,
    /// When the wheel turns, and what it may do.
    pub night: NightSettings,
    /// What others say of our rank, and when inputs count as drifted.
    pub rank: RankSettings,
    /// How records are cut into windows, and when one counts as unusual.
    pub drift: DriftSettings,
    /// Who is told, how, and when not.
    pub notify: NotifySettings,
    /// Thresholds of the alert rules.
    pub watch: WatchSettings,
    /// Accounts and sessions of the control room.
    pub console: ConsoleSettings,
    /// Who gave which key its value.
    pub origins: Origins,
}

/// Which key answers.
#[derive(Debug, Clone)]
pub struct WalletSettings {
    /// The wallets' folder.
    pub path: PathBuf,
    /// The wallet's name.
    pub name: String,
    /// The hotkey's name.
    pub hotkey: String,
}

/// Listeners and limits.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// The axon's address.
    pub addr: SocketAddr,
    /// The page's address.
    pub page: SocketAddr,
    /// Who may ask.
    pub permits: PathBuf,
    /// Stake in alpha that a validator of the metagraph must have besides its permit.
    pub least_stake: f64,
    /// Age from which on a metagraph is old.
    pub permits_old: Duration,
    /// Time without a validator until that is an alarm.
    pub unvisited: Duration,
    /// Longest time for one answer.
    pub deadline: Duration,
    /// Answers less sure than this get -1.
    pub silence_below: f32,
    /// Largest body, bytes.
    pub body_bytes: usize,
    /// Largest picture, pixels.
    pub picture_pixels: u64,
    /// Connections at once.
    pub connections: usize,
    /// Time that a drain may take.
    pub drain: Duration,
    /// What is announced on the chain.
    pub announced: Announced,
}

/// Where validators find the axon.
#[derive(Debug, Clone, Copy)]
pub struct Announced {
    /// The address; nobody but the user knows it.
    pub ip: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

/// What runs the current release.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// Which library.
    pub engine: EngineKind,
    /// Which file.
    pub precision: Precision,
    /// Threads; never 0.
    pub threads: usize,
    /// Pictures a batch at most.
    pub batch: usize,
    /// The ONNX Runtime library, when it is not to be searched for.
    pub runtime_library: Option<PathBuf>,
    /// ONNX Runtime's execution provider.
    pub provider: String,
}

/// What is kept.
#[derive(Debug, Clone)]
pub struct RecordSettings {
    /// How long pictures stay.
    pub keep: Duration,
    /// Bytes of pictures that stay.
    pub keep_bytes: u64,
    /// Recording stops below this much free space, bytes.
    pub min_free: u64,
}

impl Settings {
    /// Checks what was written and fills in the defaults; relative paths start at `home`.
    pub fn resolve(raw: &Raw, flags: &ServeArgs, home: &Path) -> Result<Self> {
        Ok(Self {
            wallet: wallet(raw, &flags.wallet),
            serve: serve(raw, flags, home)?,
            model: model(raw, flags)?,
            records: RecordSettings {
                keep: Duration::from_secs(86_400 * u64::from(raw.records.keep_days.unwrap_or(30))),
                keep_bytes: bytes("records.keep_gb", raw.records.keep_gb.unwrap_or(20.0))?,
                min_free: bytes("records.min_free_gb", raw.records.min_free_gb.unwrap_or(2.0))?,
            },
            chain: ChainSettings::resolve(&raw.chain)?,
            publish: PublishSettings::resolve(&raw.publish),
            natix: NatixSettings::resolve(&raw.natix)?,
            policy: policy(raw.release.policy.as_deref())?,
            earnings: EarningsSettings::resolve(&raw.earnings, home)?,
            dates: DatesSettings::resolve(&raw.dates)?,
            mine: MineSettings::resolve(&raw.mine)?,
            synth: SynthSettings::resolve(&raw.synth, home)?,
            gate: GateSettings::resolve(&raw.gate)?,
            review: ReviewSettings::resolve(&raw.review)?,
            versions: VersionsSettings::resolve(&raw.versions)?,
            night: NightSettings::resolve(&raw.night)?,
            rank: RankSettings::resolve(&raw.rank, home)?,
            drift: DriftSettings::resolve(&raw.drift)?,
            notify: NotifySettings::resolve(&raw.notify, home)?,
            watch: WatchSettings::resolve(&raw.watch)?,
            console: ConsoleSettings::resolve(&raw.console)?,
            origins: {
                let mut origins = raw.origins.clone();
                origins.flags(flags);
                origins
            },
        })
    }
}

fn wallet(raw: &Raw, flags: &WalletArgs) -> WalletSettings {
    let text = |flag: &Option<String>, file: &Option<String>| {
        flag.clone().or_else(|| file.clone()).unwrap_or_else(|| "default".to_owned())
    };
    WalletSettings {
        path: flags
            .wallet_path
            .clone()
            .or_else(|| raw.wallet.path.clone())
            .map_or_else(hivis_bittensor::wallet::default_root, |p| expand(&p)),
        name: text(&flags.wallet, &raw.wallet.name),
        hotkey: text(&flags.hotkey, &raw.wallet.hotkey),
    }
}

fn serve(raw: &Raw, flags: &ServeArgs, home: &Path) -> Result<ServeSettings> {
    let file = &raw.serve;
    let addr = flags.addr.or(file.addr).unwrap_or_else(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8091)));
    Ok(ServeSettings {
        addr,
        page: flags.page.or(file.page).unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8092))),
        permits: home.join(expand(file.permits.as_deref().unwrap_or(Path::new("permits.toml")))),
        least_stake: within("serve.least_stake", file.least_stake.unwrap_or(0.0), 0.0..=1e12)?,
        permits_old: minutes("serve.permits_old_min", file.permits_old_min.unwrap_or(60.0))?,
        unvisited: minutes("serve.unvisited_min", file.unvisited_min.unwrap_or(30.0))?,
        deadline: seconds("serve.deadline_s", file.deadline_s.unwrap_or(5.0), 0.1..=60.0)?,
        silence_below: within("serve.silence_below", file.silence_below.unwrap_or(0.0), 0.0..=1.0)? as f32,
        body_bytes: count("serve.body_bytes", file.body_bytes.unwrap_or(12 << 20), 1 << 10)?,
        picture_pixels: count("serve.picture_pixels", file.picture_pixels.unwrap_or(4096 * 4096), 1)?,
        connections: count("serve.connections", file.connections.unwrap_or(1024), 1)?,
        drain: seconds("serve.drain_s", file.drain_s.unwrap_or(10.0), 0.0..=600.0)?,
        announced: Announced { ip: file.announce_ip, port: file.announce_port.unwrap_or(addr.port()) },
    })
}

fn model(raw: &Raw, flags: &ServeArgs) -> Result<ModelSettings> {
    let file = &raw.model;
    let engine = match (flags.engine, file.engine.as_deref()) {
        (Some(EngineName::Rten), _) | (None, None | Some("rten")) => EngineKind::Rten,
        (Some(EngineName::Onnxruntime), _) | (None, Some("onnxruntime")) => EngineKind::Onnxruntime,
        (None, Some(other)) => return Err(unknown("model.engine", other, "rten, onnxruntime")),
    };
    let precision = match (flags.precision, file.precision.as_deref()) {
        (Some(PrecisionName::Fp32), _) | (None, None | Some("fp32")) => Precision::Fp32,
        (Some(PrecisionName::Bf16), _) | (None, Some("bf16")) => Precision::Bf16,
        (Some(PrecisionName::Int8), _) | (None, Some("int8")) => Precision::Int8,
        (None, Some(other)) => return Err(unknown("model.precision", other, "fp32, bf16, int8")),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(ModelSettings {
        engine,
        precision,
        threads: file.threads.filter(|&n| n > 0).unwrap_or(cores),
        batch: count("model.batch", file.batch.unwrap_or(8), 1)?,
        runtime_library: file.runtime_library.as_deref().map(expand),
        provider: file.provider.clone().unwrap_or_else(|| "cpu".to_owned()),
    })
}

fn policy(name: Option<&str>) -> Result<Policy> {
    let Some(name) = name else { return Ok(Policy::default()) };
    let known = Policy::NAMES.iter().find(|(known, _)| *known == name).map(|(_, policy)| *policy);
    known.ok_or_else(|| unknown("release.policy", name, &Policy::NAMES.map(|(name, _)| name).join(", ")))
}

pub(super) fn unknown(key: &str, value: &str, known: &str) -> anyhow::Error {
    Hinted::new(format!("{key} = \"{value}\" is not known"), format!("one of: {known}")).into()
}

pub(super) fn within(key: &str, value: f64, range: std::ops::RangeInclusive<f64>) -> Result<f64> {
    if range.contains(&value) {
        return Ok(value);
    }
    let hint = format!("from {} to {}", range.start(), range.end());
    Err(Hinted::new(format!("{key} = {value} is out of range"), hint).into())
}

pub(super) fn seconds(key: &str, value: f64, range: std::ops::RangeInclusive<f64>) -> Result<Duration> {
    within(key, value, range).map(Duration::from_secs_f64)
}

fn minutes(key: &str, value: f64) -> Result<Duration> {
    within(key, value, 1.0..=10_000.0).map(|minutes| Duration::from_secs_f64(60.0 * minutes))
}

fn bytes(key: &str, gigabytes: f64) -> Result<u64> {
    within(key, gigabytes, 0.0..=1e6).map(|gb| (gb * 1e9) as u64)
}

pub(super) fn count<T: PartialOrd + std::fmt::Display + Copy>(key: &str, value: T, least: T) -> Result<T> {
    if value >= least {
        return Ok(value);
    }
    Err(Hinted::new(format!("{key} = {value} is too small"), format!("at least {least}")).into())
}

/// `~/x` is in the user's home folder.
pub(crate) fn expand(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.to_owned(),
    }
}

//! Who may ask, kept up to date: the metagraph by block, the file whenever it changes. What was read last holds through
//! outages and restarts.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use hivis_chain::Chain;
use hivis_serve::{Alarm, Axon, Permits};
use hivis_store::Home;
use hivis_types::{Metagraph, metric};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::config::ServeSettings;
use crate::miner;

/// The file and the alarms are looked at this often.
const WATCH_EVERY: Duration = Duration::from_secs(5);

/// The last reading, as the home keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// Hash of the chain's first block, in hex: another chain's list is not used.
    pub(crate) genesis: String,
    /// When it was read, UTC.
    pub(crate) read: Timestamp,
    /// What was read.
    pub(crate) metagraph: Metagraph,
}

impl Reading {
    fn path(home: &Path, netuid: u16) -> PathBuf {
        home.join(format!("metagraph-{netuid}.json"))
    }

    /// The last reading of that subnet of that chain; a file that cannot be used is as good as none, and said.
    pub(crate) fn last(home: &Path, netuid: u16, genesis: Option<[u8; 32]>) -> Option<Self> {
        let path = Self::path(home, netuid);
        let text = fs_err::read_to_string(&path).ok()?;
        let reading: Self = serde_json::from_str(&text)
            .inspect_err(|error| tracing::warn!(%error, file = %path.display(), "the last metagraph cannot be used"))
            .ok()?;
        let same = genesis.is_none_or(|genesis| reading.genesis == hex::encode(genesis));
        (same && reading.metagraph.netuid == netuid).then_some(reading)
    }

    /// Replaces the last reading.
    pub(crate) fn keep(&self, home: &Path) -> Result<()> {
        let path = Self::path(home, self.metagraph.netuid);
        let beside = path.with_extension("partial");
        fs_err::write(&beside, serde_json::to_vec(self)?)?;
        fs_err::rename(&beside, &path).context("the metagraph cannot be kept")
    }
}

/// Where the metagraph comes from.
#[derive(Clone)]
pub(crate) struct Source {
    /// The chain.
    pub(crate) chain: Chain,
    /// The subnet.
    pub(crate) netuid: u16,
    /// Blocks from one reading to the next.
    pub(crate) every_blocks: u64,
}

/// The two lists behind the axon's.
struct Callers {
    axon: Axon,
    listed: Option<Permits>,
    file: Permits,
}

impl Callers {
    fn put_in_force(&self) {
        let permits = self.listed.as_ref().map_or_else(|| self.file.clone(), |l| l.clone().with_file(&self.file));
        self.axon.set_permits(permits);
    }
}

/// Keeps the axon's list and its alarms until it is dropped.
pub(crate) async fn follow(axon: Axon, home: Home, settings: ServeSettings, source: Option<Source>) {
    let mut callers = Callers { axon, listed: None, file: Permits::default() };
    if let Some(source) = &source
        && let Some(last) = Reading::last(home.path(), source.netuid, source.chain.genesis())
    {
        callers.listed = Some(permits(&last, &settings));
    }
    let (send, mut readings) = mpsc::channel(1);
    let reading = async {
        match source {
            Some(source) => read_by_block(source, send).await,
            None => std::future::pending().await,
        }
    };
    let watching = async {
        let (mut watch, mut seen, mut raised) = (tokio::time::interval(WATCH_EVERY), None, Vec::new());
        loop {
            tokio::select! {
                _ = watch.tick() => {
                    look_at_file(&mut callers, &settings, &mut seen);
                    raised = tell(callers.axon.alarms(Timestamp::now()), &raised);
                }
                Some(reading) = readings.recv() => {
                    callers.listed = Some(permits(&reading, &settings));
                    callers.put_in_force();
                    if let Err(error) = reading.keep(home.path()) {
                        tracing::error!("the metagraph is in force, but was not kept: {error:#}");
                    }
                }
            }
        }
    };
    tokio::join!(reading, watching);
}

fn permits(reading: &Reading, settings: &ServeSettings) -> Permits {
    Permits::from_metagraph(&reading.metagraph, settings.least_stake, reading.read)
}

/// Reads the file again when it changed; the first time always. One that cannot be read leaves the old list in force.
fn look_at_file(callers: &mut Callers, settings: &ServeSettings, seen: &mut Option<Option<SystemTime>>) {
    let now = std::fs::metadata(&settings.permits).and_then(|m| m.modified()).ok();
    if seen.replace(now) == Some(now) {
        return;
    }
    match miner::permits(settings) {
        Ok(file) => {
            callers.file = file;
            callers.put_in_force();
        }
        Err(error) => tracing::error!("the changed permit list is not used: {error:#}"),
    }
}

/// Sets the alarms' metrics and logs those that come and go.
fn tell(now: Vec<Alarm>, before: &[Alarm]) -> Vec<Alarm> {
    let holds = |alarms: &[Alarm], name: &str| alarms.iter().any(|alarm| alarm.name() == name);
    for name in Alarm::NAMES {
        let (is, was) = (holds(&now, name), holds(before, name));
        metrics::gauge!(metric::ALARM, "alarm" => name).set(f64::from(u8::from(is)));
        if was && !is {
            tracing::info!(alarm = name, "the alarm is over");
        }
    }
    for alarm in now.iter().filter(|alarm| !holds(before, alarm.name())) {
        tracing::error!(alarm = alarm.name(), "{alarm}");
    }
    now
}

/// Reads the metagraph at a final block, and again some blocks later; one that cannot be read is tried at the next block.
async fn read_by_block(source: Source, send: mpsc::Sender<Reading>) {
    let mut heads = source.chain.heads();
    let (mut due, mut failed) = (0, false);
    loop {
        let at = heads.next().await;
        if at.block_number() < due {
            continue;
        }
        match hivis_chain::metagraph(&at, source.netuid).await {
            Ok(metagraph) => {
                due = at.block_number() + source.every_blocks;
                if std::mem::take(&mut failed) {
                    tracing::info!(block = metagraph.block, "the metagraph is read again");
                }
                let genesis = hex::encode(source.chain.genesis().unwrap_or_default());
                let reading = Reading { genesis, read: Timestamp::now(), metagraph };
                if send.send(reading).await.is_err() {
                    return;
                }
            }
            Err(error) if !failed => {
                failed = true;
                tracing::error!("the metagraph cannot be read; the last one stays in force: {error:#}");
            }
            Err(error) => tracing::debug!(%error, "the metagraph cannot be read"),
        }
    }
}

//! Who may ask, kept up to date: the metagraph by block, the file whenever it changes. What was read last holds through
//! outages and restarts.

use std::time::{Duration, SystemTime};

use hivis_chain::{At, Chain};
use hivis_serve::{Alarm, Axon, Permits};
use hivis_store::{Home, Ledger};
use hivis_types::{Hotkey, metric};
use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::config::ServeSettings;
use crate::metagraph::Reading;
use crate::{miner, ranking};

/// The file and the alarms are looked at this often.
const WATCH_EVERY: Duration = Duration::from_secs(5);

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

/// Whose list it is, and where its readings are kept.
pub(crate) struct Follower {
    /// The axon.
    pub(crate) axon: Axon,
    /// Keeps the last reading.
    pub(crate) home: Home,
    /// Keeps our own neuron's figures.
    pub(crate) ledger: Ledger,
    /// Ours.
    pub(crate) hotkey: Hotkey,
}

/// The two lists behind the axon's.
#[derive(Default)]
struct Lists {
    listed: Option<Permits>,
    file: Permits,
    /// Whether the file was looked at.
    looked: bool,
    /// Its time then; `None` when there was none.
    seen: Option<SystemTime>,
}

impl Lists {
    fn put_in_force(&self, axon: &Axon) {
        let listed = self.listed.as_ref().map(|listed| listed.clone().with_file(&self.file));
        axon.set_permits(listed.unwrap_or_else(|| self.file.clone()));
    }

    /// Reads the file again when it changed; the first time always. One that cannot be read leaves the old list in force.
    fn look_at_file(&mut self, axon: &Axon, settings: &ServeSettings) {
        let now = std::fs::metadata(&settings.permits).and_then(|m| m.modified()).ok();
        if std::mem::replace(&mut self.looked, true) && self.seen == now {
            return;
        }
        self.seen = now;
        match miner::permits(settings) {
            Ok(file) => {
                let same = self.file == file;
                self.file = file;
                // Nothing is told when there was nothing and there is nothing; a kept reading is put in force here.
                if !same || self.listed.is_some() {
                    self.put_in_force(axon);
                }
            }
            Err(error) => tracing::error!("the changed permit list is not used: {error:#}"),
        }
    }
}

impl Follower {
    /// Keeps the axon's list and its alarms until it is dropped.
    pub(crate) async fn follow(self, settings: ServeSettings, source: Option<Source>) {
        // The axon was made with the file's list, which may have changed since.
        let mut lists = Lists { file: (*self.axon.permits()).clone(), ..Lists::default() };
        if let Some(source) = &source
            && let Some(last) = Reading::last(self.home.path(), source.netuid, source.chain.genesis())
        {
            lists.listed = Some(permits(&last, &settings));
        }
        let (send, mut readings) = mpsc::channel(1);
        let reading = async {
            match source {
                Some(source) => read_by_block(source, send).await,
                // Keeps the sender, so that nobody hears of an end.
                None => std::future::pending().await,
            }
        };
        let watching = async {
            let (mut watch, mut raised) = (tokio::time::interval(WATCH_EVERY), Vec::new());
            loop {
                tokio::select! {
                    _ = watch.tick() => {
                        lists.look_at_file(&self.axon, &settings);
                        raised = tell(self.axon.alarms(Timestamp::now()), &raised);
                    }
                    Some(reading) = readings.recv() => {
                        lists.listed = Some(permits(&reading, &settings));
                        lists.put_in_force(&self.axon);
                        self.keep(&reading).await;
                    }
                }
            }
        };
        tokio::join!(reading, watching);
    }

    /// For the next start, and for `hivis earnings`.
    async fn keep(&self, reading: &Reading) {
        if let Err(error) = reading.keep(self.home.path()) {
            tracing::error!("the metagraph is in force, but was not kept: {error:#}");
        }
        if let Err(error) = ranking::around::keep(&self.ledger, reading).await {
            tracing::error!("what the subnet looks like was not kept: {error:#}");
        }
        if let Some(ours) = reading.of(&self.hotkey)
            && let Err(error) = self.ledger.keep_reading(&ours).await
        {
            tracing::error!(%error, "what the neuron earns was not kept");
        }
    }
}

fn permits(reading: &Reading, settings: &ServeSettings) -> Permits {
    Permits::from_metagraph(&reading.metagraph, settings.least_stake, reading.read_at)
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
        let at: At = heads.next().await;
        if at.block_number() < due {
            continue;
        }
        match Reading::at(&source.chain, &at, source.netuid).await {
            // A subnet that pays has validators: an empty list is a wrong answer, or nobody to lose.
            Ok(reading) if reading.metagraph.validators().next().is_none() => {
                if !std::mem::replace(&mut failed, true) {
                    tracing::error!("the metagraph lists no validator; the last list stays in force");
                }
            }
            Ok(reading) => {
                due = at.block_number() + source.every_blocks;
                if std::mem::take(&mut failed) {
                    tracing::info!(block = reading.metagraph.block, "the metagraph is read again");
                }
                if send.send(reading).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                if std::mem::replace(&mut failed, true) {
                    tracing::debug!(%error, "the metagraph cannot be read");
                } else {
                    tracing::error!("the metagraph cannot be read; the last one stays in force: {error}");
                }
                heads.doubt(&error);
            }
        }
    }
}

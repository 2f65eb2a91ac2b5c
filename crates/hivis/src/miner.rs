//! The miner put together: home, ledger, writer, engine, axon and page, as `serve` and `demo` run it.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use hivis_bittensor::Keypair;
use hivis_console::Panel;
use hivis_serve::{AlarmSettings, Axon, AxonSettings, Permits, Recorder, Unknown};
use hivis_store::{
    FsckOptions, Home, Keep, Ledger, NewPromotion, PromotionKind, PromotionOutcome, RecordWriter, ServeLock,
    WriterHandle, WriterSettings,
};
use hivis_types::{Hotkey, Record, ReleaseId};
use jiff::Timestamp;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::config::{ServeSettings, Settings};
use crate::failure::Hinted;

use crate::watching::Watching;
use crate::{callers, chain, control, drifting, figures, swap, unknown};

/// Old pictures are looked for this often.
const RETENTION_EVERY: Duration = Duration::from_hours(1);
/// The recorder's samples are put together this often.
const WATCH_EVERY: Duration = Duration::from_secs(5);

/// Everything that a serving miner holds.
pub(crate) struct Miner {
    /// The home that it serves from.
    pub(crate) home: Home,
    /// Its ledger.
    pub(crate) ledger: Ledger,
    /// Its axon.
    pub(crate) axon: Axon,
    settings: Settings,
    permits_watched: bool,
    hotkey: Hotkey,
    writer: RecordWriter,
    handle: WriterHandle,
    _lock: ServeLock,
}

struct LedgerRecorder {
    writer: RecordWriter,
    unknown: unknown::Keeper,
}

impl Recorder for LedgerRecorder {
    fn offer(&self, record: Record) {
        self.writer.offer(record);
    }

    fn unknown(&self, unknown: Unknown) {
        self.unknown.offer(unknown);
    }
}

impl Miner {
    /// Takes the home's lock, opens its ledger and prepares the axon; nothing is served yet. Without `fixed` permits
    /// the configured file counts, and is read again whenever it changes.
    pub(crate) async fn open(home: Home, settings: Settings, keypair: Keypair, fixed: Option<Permits>) -> Result<Self> {
        let permits_watched = fixed.is_none();
        let permits = fixed.map_or_else(|| permits(&settings.serve), Ok)?;
        // Before anything counts: a metric that is told before its recorder exists is lost.
        prometheus()?;
        let lock = home.serve_lock()?;
        let ledger = home.ledger().await?;
        let writer_settings = WriterSettings { free_bytes: settings.records.min_free, ..WriterSettings::default() };
        let (writer, handle) = RecordWriter::spawn(&home, &ledger, writer_settings)?;
        let recorder = Arc::new(LedgerRecorder { writer: writer.clone(), unknown: unknown::Keeper::start(&home)? });
        let hotkey = keypair.hotkey();
        let axon = Axon::new(axon_settings(&settings), keypair, permits, recorder);
        Ok(Self { home, ledger, axon, settings, permits_watched, hotkey, writer, handle, _lock: lock })
    }

    /// Writes down that a release serves which no promotion brought here.
    pub(crate) async fn served(&self, release: &ReleaseId, kind: PromotionKind) -> Result<()> {
        let at = Timestamp::now();
        let new = NewPromotion { release: release.clone(), previous: None, kind, exam: None, at };
        self.ledger.begin_promotion(&new).await?;
        Ok(self.ledger.end_promotion(release, &PromotionOutcome { serving: true, at, reason: None }).await?)
    }

    /// Serves both listeners until `shutdown` is done, drains, and commits what waits.
    pub(crate) async fn run(
        self,
        listener: TcpListener,
        page: TcpListener,
        note: &str,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<()> {
        let address = listener.local_addr().context("the axon's listener has no address")?;
        let panel = Panel {
            axon: self.axon.clone(),
            ledger: self.ledger.clone(),
            metrics: prometheus()?,
            address: address.to_string(),
            note: note.to_owned(),
            sources: control::sources(&self.home, &self.ledger, &self.settings),
            door: control::door(&self.home, &self.settings.console)?,
        };
        let watching = Watching {
            ledger: self.ledger.clone(),
            settings: self.settings.notify.clone(),
            thresholds: self.settings.thresholds(),
            metrics: prometheus()?,
            runbooks: runbooks(&self.settings, &page),
        };
        page.set_nonblocking(true).context("the page's listener cannot be used")?;
        let page = tokio::net::TcpListener::from_std(page).context("the page's listener cannot be used")?;
        // The page outlives the axon's drain, so that /readyz can say "draining".
        let (stop, stopped) = watch::channel(false);
        let page = tokio::spawn(hivis_console::serve(page, panel, until(stopped.clone())));
        let (axon, ledger) = (self.axon.clone(), self.ledger.clone());
        let callers = self.callers()?;
        let (home, records, models) = (self.home.clone(), self.ledger.clone(), self.axon.models());
        let model = self.settings.model.clone();
        let drifting = drifting::task::watch(self.home.clone(), self.ledger.clone(), self.settings.drift.clone());
        let figures = figures::Figures::new(&self.home, &self.ledger, &self.settings, &self.axon);
        // Tasks of their own: what breaks in one does not stop the others.
        let upkeep = [
            watched("housekeeping", keep_house(self.home, self.ledger, self.settings)),
            watched("the task that sets figures", figures.keep()),
            watched("the list of those who may ask", callers),
            watched("the watch", watching.run()),
            watched("the watch over drift", drifting),
            watched("the follower of the release pointer", swap::follow(home, records, models, model)),
        ];
        let served = axon.run(listener, shutdown).await;
        upkeep.iter().for_each(AbortHandle::abort);
        self.writer.flush().await?;
        self.handle.close().await?;
        // Nobody listens when the page has failed; its error is told below.
        let _ = stop.send(true);
        page.await.context("the page stopped with a panic")?.context("the page could not be served")?;
        ledger.close().await;
        served.context("the axon could not be served")
    }
}

/// Where an alert says what to do: as configured, else on the page as readers of messages reach it, else on the page as
/// it listens.
fn runbooks(settings: &Settings, page: &TcpListener) -> String {
    let listens = || page.local_addr().map(|page| format!("http://{page}")).unwrap_or_default();
    let own = || format!("{}/runbooks", settings.notify.page.clone().unwrap_or_else(listens).trim_end_matches('/'));
    settings.watch.runbooks.clone().unwrap_or_else(own)
}

impl Miner {
    /// What keeps the list of those who may ask; nothing where it is fixed.
    fn callers(&self) -> Result<impl Future<Output = ()> + Send + use<>> {
        let source = if self.settings.chain.followed { Some(self.source()?) } else { None };
        let watched = self.permits_watched.then(|| (self.settings.serve.clone(), source));
        let follower = callers::Follower {
            axon: self.axon.clone(),
            home: self.home.clone(),
            ledger: self.ledger.clone(),
            hotkey: self.hotkey.clone(),
        };
        Ok(async move {
            if let Some((settings, source)) = watched {
                follower.follow(settings, source).await;
            }
        })
    }

    fn source(&self) -> Result<callers::Source> {
        let settings = &self.settings.chain;
        let chain = chain::open(settings)?;
        Ok(callers::Source { chain, netuid: settings.netuid, every_blocks: settings.refresh_blocks })
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop too.
    let _ = stopped.wait_for(|stop| *stop).await;
}

fn axon_settings(settings: &Settings) -> AxonSettings {
    let serve = &settings.serve;
    let mut axon = AxonSettings {
        deadline: serve.deadline,
        max_batch: settings.model.batch,
        silence_below: serve.silence_below,
        alarms: AlarmSettings { permits_age: serve.permits_old, unvisited: serve.unvisited },
        drain: serve.drain,
        ..AxonSettings::default()
    };
    axon.picture.pixels = serve.picture_pixels;
    axon.limits.body_bytes = serve.body_bytes;
    axon.limits.connections = serve.connections;
    axon
}

/// Runs beside the axon; a panic in it is told, since nobody waits for it.
fn watched(what: &'static str, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
    let task = tokio::spawn(work);
    let abort = task.abort_handle();
    tokio::spawn(async move {
        if let Err(error) = task.await
            && error.is_panic()
        {
            tracing::error!(%error, "{what} stopped: restart the server");
        }
    });
    abort
}

/// The file's list; a missing file is an empty list, which `/readyz` explains.
pub(crate) fn permits(settings: &ServeSettings) -> Result<Permits> {
    let path = &settings.permits;
    if !path.exists() {
        return Ok(Permits::default());
    }
    Permits::read(path).with_context(|| format!("{} cannot be used", path.display()))
}

/// Binds or says who may be in the way.
pub(crate) fn bind(address: SocketAddr, what: &str) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let hint = format!("another program may listen there; choose another with the flag for the {what}");
        anyhow::Error::new(error).context(Hinted::new(format!("the {what} cannot listen on {address}"), hint))
    })
}

/// A crash leaves pictures whose rows were never committed; they go at the next start.
async fn sweep(home: &Home, ledger: &Ledger) {
    match home.fsck(ledger, FsckOptions { hashes: false, remove_orphans: true }).await {
        Ok(found) if !found.missing.is_empty() => {
            tracing::error!(pictures = found.missing.len(), "recorded pictures are gone from the disk");
        }
        Ok(found) if !found.orphans.is_empty() => {
            tracing::info!(files = found.orphans.len(), "removed pictures that a crash left without a row");
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "the pictures could not be checked"),
    }
}

/// Old pictures go, and the recorder's samples are put together.
async fn keep_house(home: Home, ledger: Ledger, settings: Settings) {
    sweep(&home, &ledger).await;
    let keep = Keep { age: settings.records.keep, bytes: settings.records.keep_bytes };
    let mut watch = tokio::time::interval(WATCH_EVERY);
    let mut retention = tokio::time::interval(RETENTION_EVERY);
    loop {
        tokio::select! {
            _ = watch.tick() => {
                if let Ok(handle) = prometheus() {
                    handle.run_upkeep();
                }
            }
            _ = retention.tick() => match home.retain(&ledger, &keep, Timestamp::now()).await {
                Ok(done) if done.removed > 0 => {
                    tracing::info!(pictures = done.removed, bytes = done.removed_bytes, "old pictures removed");
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "retention failed; it is tried again in an hour"),
            },
        }
    }
}

/// The process's one recorder of metrics.
fn prometheus() -> Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    // 80 and 400 ms are the rules' usual limits.
    let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.08, 0.1, 0.25, 0.4, 0.5, 1.0, 2.5, 5.0, 10.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &buckets)
        .and_then(|b| {
            b.set_buckets_for_metric(
                Matcher::Suffix("_ratio".to_owned()),
                &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
            )
        })
        .and_then(|b| {
            b.set_buckets_for_metric(Matcher::Suffix("_pictures".to_owned()), &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
        })
        .and_then(PrometheusBuilder::install_recorder)
        .context("metrics cannot be recorded")?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}

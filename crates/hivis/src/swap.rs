//! The server's half of a promotion: watches the pointer, brings the release up beside the one that serves, and swaps.
//!
//! A release that cannot be brought up leaves the old one serving, and the pointer is put back, so that a restart does
//! not meet it. Either way the ledger gets the server's word, which `hivis release promote` waits for.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use hivis_engine::LoadSettings;
use hivis_serve::{Loaded, Models};
use hivis_store::{Home, Ledger, PromotionOutcome, Release};
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::config::ModelSettings;
use crate::failure::{self, Hinted};
use crate::home;

/// The pointer is looked at this often.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// How far a release is on its way into service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its files are compared with their hashes.
    Checking,
    /// The engine loads its graph.
    Loading,
    /// Every batch size is run, and the canary's answer compared.
    Warming,
}

/// A process brings up one release at a time; whoever shows it reads it here.
static STAGE: Mutex<Option<(ReleaseId, Stage)>> = Mutex::new(None);

/// How far this process is with a release; `None` when it is not at it.
pub(crate) fn stage(id: &ReleaseId) -> Option<Stage> {
    let at = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    at.as_ref().filter(|(of, _)| of == id).map(|(_, stage)| *stage)
}

fn tell(now: Option<(&ReleaseId, Stage)>) {
    *STAGE.lock().unwrap_or_else(PoisonError::into_inner) = now.map(|(id, stage)| (id.clone(), stage));
}

/// The file that the settings' precision is computed from.
pub(crate) fn has_graph(release: &Release, model: &ModelSettings) -> Result<PathBuf> {
    release.graph(model.precision).ok_or_else(|| {
        let hint = "`hivis quantise` makes model.int8.onnx; or choose --precision fp32";
        Hinted::new(format!("release {} has no {} file", release.manifest.id, model.precision.as_str()), hint).into()
    })
}

/// Loads a release into the engine that the settings name, and runs every batch size on the canary picture.
pub(crate) async fn bring_up(release: Release, model: &ModelSettings) -> Result<Loaded> {
    let id = release.manifest.id.clone();
    let graph = has_graph(&release, model)?;
    let settings = LoadSettings {
        kind: model.engine,
        graph,
        precision: model.precision,
        threads: model.threads,
        runtime_library: model.runtime_library.clone(),
        provider: Some(model.provider.clone()),
    };
    let (largest, expected, of) = (model.batch, release.manifest.canary, id.clone());
    let engine = tokio::task::spawn_blocking(move || {
        tell(Some((&of, Stage::Loading)));
        let engine = hivis_engine::load(&settings)?;
        tell(Some((&of, Stage::Warming)));
        hivis_engine::warm(&*engine, largest, expected)?;
        Ok::<_, hivis_engine::EngineError>(engine)
    });
    let engine = engine
        .await
        .context("the engine's start panicked")?
        .with_context(|| format!("release {id} cannot be loaded"))?;
    Ok(Loaded { release: id, engine })
}

/// Brings up what the pointer names, for a server that starts. A release that no server has looked at yet and that cannot
/// be brought up is refused as by a running one: what the pointer named before serves instead.
pub(crate) async fn start(home: &Home, ledger: &Ledger, model: &ModelSettings) -> Result<Option<Loaded>> {
    let Some(pointed) = home.releases().current()? else { return Ok(None) };
    let error = match load(home, &pointed, model).await {
        Ok(loaded) => {
            let serving = PromotionOutcome { serving: true, at: Timestamp::now(), reason: None };
            ledger.end_promotion(&pointed, &serving).await?;
            return Ok(Some(loaded));
        }
        Err(error) => error,
    };
    // What served once and does not any more is a matter for a person.
    let untried = ledger.last_promotion(&pointed).await?.filter(|last| last.outcome.is_none());
    let Some(before) = untried.and_then(|last| last.previous) else { return Err(error) };
    let Ok(loaded) = load(home, &before, model).await else { return Err(error) };
    let reason = reason(&error);
    tracing::error!(release = %pointed, reason, serving = %before, "the release is refused; the one before it serves");
    put_back(home, &pointed, Some(&before));
    let refused = PromotionOutcome { serving: false, at: Timestamp::now(), reason: Some(reason) };
    ledger.end_promotion(&pointed, &refused).await?;
    Ok(Some(loaded))
}

/// Follows the pointer for as long as the server runs.
pub(crate) async fn follow(home: Home, ledger: Ledger, models: Models, model: ModelSettings) {
    let mut watch = tokio::time::interval(WATCH_EVERY);
    // A pointer that cannot be read, or names a release that was refused, is told once.
    let mut refused: Option<ReleaseId> = None;
    let mut unreadable = false;
    loop {
        watch.tick().await;
        let pointed = match home.releases().current() {
            Ok(pointed) => pointed,
            Err(error) if !unreadable => {
                unreadable = true;
                tracing::error!(%error, "the pointer to the release cannot be read; what serves goes on");
                continue;
            }
            Err(_) => continue,
        };
        unreadable = false;
        let serving = models.current().map(|loaded| loaded.release.clone());
        let Some(pointed) = pointed.filter(|id| Some(id) != serving.as_ref() && Some(id) != refused.as_ref()) else {
            continue;
        };
        let outcome = match load(&home, &pointed, &model).await {
            Ok(loaded) => {
                models.swap(loaded);
                refused = None;
                PromotionOutcome { serving: true, at: Timestamp::now(), reason: None }
            }
            Err(error) => {
                let reason = reason(&error);
                tracing::error!(release = %pointed, reason, "the release is refused; what served goes on serving");
                // While the pointer names it still, it is told once; put back, it may be tried again.
                refused = (!put_back(&home, &pointed, serving.as_ref())).then(|| pointed.clone());
                PromotionOutcome { serving: false, at: Timestamp::now(), reason: Some(reason) }
            }
        };
        if let Err(error) = ledger.end_promotion(&pointed, &outcome).await {
            tracing::error!(%error, release = %pointed, "the ledger does not know what became of the promotion");
        }
    }
}

/// The hashes of a large release take seconds: not on a thread that serves.
async fn load(home: &Home, id: &ReleaseId, model: &ModelSettings) -> Result<Loaded> {
    let (at, id) = (home.clone(), id.clone());
    tell(Some((&id, Stage::Checking)));
    let release = tokio::task::spawn_blocking(move || home::load_release(&at, &id)).await;
    let loaded = async { bring_up(release.context("reading the release panicked")??, model).await }.await;
    tell(None);
    loaded
}

/// The cause chain in one line.
fn reason(error: &anyhow::Error) -> String {
    let text = failure::text(error);
    let lines = text.lines().filter(|line| !line.starts_with("hint:"));
    lines
        .map(|line| line.trim().trim_start_matches("error: ").trim_start_matches("because: "))
        .collect::<Vec<_>>()
        .join(": ")
}

/// Points at what serves again; false when the pointer goes on to name the refused release.
fn put_back(home: &Home, refused: &ReleaseId, serving: Option<&ReleaseId>) -> bool {
    let Some(serving) = serving else { return false };
    // Somebody may have pointed elsewhere meanwhile: that is looked at next.
    let put = home.releases().replace_current(refused, serving);
    if let Err(error) = &put {
        tracing::error!(%error, "the pointer could not be put back: a restart would meet the refused release");
    }
    put.is_ok()
}

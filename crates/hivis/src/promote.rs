//! Moving the pointer to a release, and hearing what the server says to it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hivis_store::{
    Home, Ledger, Manifest, NewPromotion, Promotion, PromotionKind, PromotionLock, PromotionOutcome, StoreError,
};
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::config::ModelSettings;
use crate::failure::Hinted;
use crate::{home, swap};

/// The ledger is asked for the server's word this often.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// A server that says nothing for so long has other troubles; a large model takes half a minute to load.
const PATIENCE: Duration = Duration::from_mins(3);

/// What came of a move.
#[derive(Debug, PartialEq)]
pub(crate) enum Moved {
    /// The pointer named it already.
    Already,
    /// No server runs; it was brought up here once, and serves from the next start.
    Pointed,
    /// The running server serves it.
    Serving,
    /// The running server said nothing in time.
    Unheard,
}

/// Why the pointer moves, and the exam's file that decided, when one did.
pub(crate) struct Why {
    /// The kind of move.
    pub(crate) kind: PromotionKind,
    /// A file of `exams/`.
    pub(crate) exam: Option<String>,
}

/// Refuses a release that missed a floor of its training, whatever the policy.
pub(crate) fn promotable(manifest: &Manifest) -> Result<()> {
    let Some(why) = manifest.not_promotable() else { return Ok(()) };
    let hint = "it is kept to look at (`hivis release show`); train another, or lower the floor and train again";
    Err(Hinted::new(format!("{} may not serve: {why}", manifest.id), hint).into())
}

/// The right to move the pointer: one process at a time has it.
pub(crate) struct Turn {
    _lock: PromotionLock,
    /// What the pointer names while nobody else may move it.
    pub(crate) previous: Option<ReleaseId>,
}

impl Turn {
    /// Takes the right; refused while somebody else has it.
    pub(crate) fn take(home: &Home) -> Result<Self, StoreError> {
        let releases = home.releases();
        let lock = releases.promotion_lock()?;
        Ok(Self { _lock: lock, previous: releases.current()? })
    }

    /// Points at `id`, and hears what the server says to it. A release that cannot be brought up changes nothing.
    pub(crate) async fn point(self, home: &Home, id: &ReleaseId, why: Why, model: &ModelSettings) -> Result<Moved> {
        let previous = self.previous.clone();
        let (served, ledger) = (home.server()?.is_some(), home.ledger().await?);
        if previous.as_ref() == Some(id) {
            // The command that pointed there may have been cut off before the server looked.
            return match ledger.last_promotion(id).await? {
                Some(Promotion { outcome: Some(said), .. }) if !said.serving => Err(refused(id, said)),
                Some(last) if last.outcome.is_none() && served => heard(home, &ledger, id, last.seq).await,
                _ => Ok(Moved::Already),
            };
        }
        let (at, named) = (home.clone(), id.clone());
        // The hashes of a large release take seconds: not on a thread that serves.
        let release = tokio::task::spawn_blocking(move || home::load_release(&at, &named)).await;
        let release = release.context("reading the release panicked")??;
        promotable(&release.manifest)?;
        if !served {
            // Nobody else would find out before the next start.
            swap::bring_up(release, model).await?;
        }
        let new = NewPromotion { release: id.clone(), previous, kind: why.kind, exam: why.exam, at: Timestamp::now() };
        let seq = ledger.begin_promotion(&new).await?;
        home.releases().set_current(id)?;
        if served { heard(home, &ledger, id, seq).await } else { Ok(Moved::Pointed) }
    }
}

/// Points at `id`. One promotion at a time.
pub(crate) async fn point(home: &Home, id: &ReleaseId, why: Why, model: &ModelSettings) -> Result<Moved> {
    Turn::take(home)?.point(home, id, why, model).await
}

fn refused(id: &ReleaseId, said: PromotionOutcome) -> anyhow::Error {
    let hint = "what served goes on serving; `hivis release show` has the release's files";
    Hinted::new(format!("the server refused {id}: {}", said.reason.unwrap_or_default()), hint).into()
}

/// Waits for the server's word on move `seq` to `id`.
async fn heard(home: &Home, ledger: &Ledger, id: &ReleaseId, seq: i64) -> Result<Moved> {
    let end = Instant::now() + PATIENCE;
    loop {
        match ledger.promotion(seq).await?.and_then(|p| p.outcome) {
            Some(said) if said.serving => return Ok(Moved::Serving),
            Some(said) => return Err(refused(id, said)),
            None if Instant::now() > end || home.server()?.is_none() => return Ok(Moved::Unheard),
            None => tokio::time::sleep(ASK_EVERY).await,
        }
    }
}

/// What a person reads of it.
pub(crate) fn said(id: &ReleaseId, moved: &Moved) -> String {
    match moved {
        Moved::Already => format!("{id} is current already"),
        Moved::Pointed => format!("{id} is current; no server runs, the next `hivis serve` serves it"),
        Moved::Serving => format!("{id} is current and serves"),
        Moved::Unheard => format!("{id} is current, but the server did not say whether it serves: see its log"),
    }
}

//! Moving the pointer to a release, and hearing what the server says to it.

use std::time::{Duration, Instant};

use anyhow::Result;
use hivis_store::{Home, Ledger, NewPromotion, PromotionKind, PromotionOutcome};
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

/// Points at `id`. One promotion at a time; a release that cannot be brought up changes nothing.
pub(crate) async fn point(home: &Home, id: &ReleaseId, why: Why, model: &ModelSettings) -> Result<Moved> {
    let releases = home.releases();
    let _lock = releases.promotion_lock()?;
    let previous = releases.current()?;
    if previous.as_ref() == Some(id) {
        return Ok(Moved::Already);
    }
    let served = home.server()?.is_some();
    let release = home::load_release(home, id)?;
    if !served {
        // Nobody else would find out before the next start.
        swap::bring_up(release, model).await?;
    }
    let ledger = home.ledger().await?;
    let new = NewPromotion { release: id.clone(), previous, kind: why.kind, exam: why.exam, at: Timestamp::now() };
    let seq = ledger.begin_promotion(&new).await?;
    releases.set_current(id)?;
    if !served {
        return Ok(Moved::Pointed);
    }
    match heard(home, &ledger, seq).await? {
        Some(PromotionOutcome { serving: true, .. }) => Ok(Moved::Serving),
        Some(PromotionOutcome { reason, .. }) => {
            let reason = reason.unwrap_or_default();
            let hint = "what served goes on serving; `hivis release show` has the release's files";
            Err(Hinted::new(format!("the server refused {id}: {reason}"), hint).into())
        }
        None => Ok(Moved::Unheard),
    }
}

/// The server's word on move `seq`; `None` when it ends first or says nothing in time.
async fn heard(home: &Home, ledger: &Ledger, seq: i64) -> Result<Option<PromotionOutcome>> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(outcome) = ledger.promotion(seq).await?.and_then(|p| p.outcome) {
            return Ok(Some(outcome));
        }
        if Instant::now() > end || home.server()?.is_none() {
            return Ok(None);
        }
        tokio::time::sleep(ASK_EVERY).await;
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

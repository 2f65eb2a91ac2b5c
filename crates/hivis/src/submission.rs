//! When what serves was submitted: the day that retraining and fading count from.

use anyhow::Result;
use hivis_store::{Home, Ledger};

use crate::calendar::Submission;
use crate::earnings::day_of;

/// When the serving release was submitted: the day of its publication. One that was not published counts from its first
/// service, or from its making.
pub(crate) async fn submission(home: &Home, ledger: &Ledger) -> Result<Option<Submission>> {
    let Some(release) = home.releases().current()? else { return Ok(None) };
    // Its beginning is what the model card says: a later commit of the same release is no new submission.
    if let Some(published) = ledger.last_publication(&release).await? {
        return Ok(Some(Submission { release, day: day_of(published.begun), of: "publication" }));
    }
    let promotions = ledger.promotions(u32::MAX).await?;
    let mut served = promotions.iter().rev().filter(|p| p.release == release);
    let first = served.find_map(|p| p.outcome.as_ref().filter(|o| o.serving).map(|o| o.at));
    let (at, of) = match first {
        Some(at) => (at, "first service"),
        None => (home.releases().manifest(&release)?.created, "making"),
    };
    Ok(Some(Submission { release, day: day_of(at), of }))
}

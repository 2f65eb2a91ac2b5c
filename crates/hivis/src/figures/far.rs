//! What looks back a month: acceptance, missed challenges, the budget.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_store::{Ledger, Summary};
use hivis_types::{Silence, metric};
use jiff::{SignedDuration, Timestamp};

use crate::config::Settings;

/// Reads and sets.
pub(super) async fn set(ledger: &Ledger, settings: &Settings) -> Result<()> {
    let month = Timestamp::now().checked_sub(SignedDuration::from_hours(30 * 24))?;
    let mut rates: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for picture in ledger.judged_pictures(month).await? {
        let (accepted, all) = rates.entry(picture.generator).or_default();
        *accepted += u64::from(picture.accepted);
        *all += 1;
    }
    // Few pictures are no rate; `review.least` says how few.
    for (generator, (accepted, all)) in rates.into_iter().filter(|(_, (_, all))| *all >= settings.review.rules.least) {
        metrics::gauge!(metric::ACCEPTANCE, "generator" => generator).set(accepted as f64 / all as f64);
    }
    if let Some(judged) = judged(&ledger.window_counts(month).await?.summary) {
        metrics::gauge!(metric::UPTIME).set(judged);
        metrics::gauge!(metric::MISSED_BUDGET).set(1.0 - (1.0 - judged) / (1.0 - settings.watch.objective));
    }
    Ok(())
}

/// The share of challenges that were not missed by our fault; `None` of none.
fn judged(month: &Summary) -> Option<f64> {
    let ours = [Silence::Overloaded, Silence::Expired, Silence::EngineFailed, Silence::NoModel, Silence::Draining];
    let missed: u64 = ours.iter().filter_map(|silence| month.by_silence.get(silence.as_str())).sum();
    (month.records > 0).then(|| 1.0 - missed as f64 / month.records as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_silences_are_missed() {
        let by_silence = [("unsure", 400), ("not-base64", 100), ("expired", 1)].map(|(name, n)| (name.to_owned(), n));
        let month = Summary { records: 1000, by_silence: by_silence.into(), ..Summary::default() };
        assert_eq!(judged(&month), Some(0.999));
        assert_eq!(judged(&Summary::default()), None);
    }
}

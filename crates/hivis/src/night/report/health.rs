//! How the miner itself fares: the last day's answers, the list of those who may ask, the disk, what was dropped.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_http::Reach;
use hivis_store::Summary;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::metagraph::Reading;
use crate::miner;
use crate::night::house::House;
use crate::verbs::status;

/// All that is known; `None` is not known.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Health {
    /// Answers of the last 24 hours.
    pub(crate) day: Summary,
    /// Who may ask, in words, with its age.
    pub(crate) permits: Option<String>,
    /// Bytes free on the home's disk, and what recording needs.
    pub(crate) free: Option<u64>,
    pub(crate) least_free: u64,
    /// Records that the running server dropped since it began; nobody else knows.
    pub(crate) dropped: Option<u64>,
    /// Pictures of the last 24 hours that were not stored, by reason.
    pub(crate) lost: BTreeMap<String, u64>,
    /// What the running server warns of.
    pub(crate) alarms: Option<Vec<String>>,
}

impl Health {
    pub(super) async fn look(house: &House, now: Timestamp) -> Result<Self> {
        let since = now.checked_sub(SignedDuration::from_hours(24))?;
        let page = house.settings.serve.page.to_string();
        let served = house.home.server()?.is_some();
        let ready = if served { status::readyz(&page).await } else { None };
        Ok(Self {
            day: house.ledger.summary(since).await?,
            permits: permits(house, now),
            free: house.home.free_bytes().ok(),
            least_free: house.settings.records.min_free,
            dropped: if served { dropped(&page).await } else { None },
            lost: house.ledger.lost_since(since).await?,
            alarms: ready.map(|ready| {
                let all = ["not_ready", "warnings", "alarms"].map(|key| ready[key].as_array().cloned());
                let words = all.into_iter().flatten().flatten();
                words.filter_map(|word| word.as_str().map(str::to_owned)).collect()
            }),
        })
    }
}

/// How many may ask, and how old that list is.
fn permits(house: &House, now: Timestamp) -> Option<String> {
    let chain = &house.settings.chain;
    if chain.followed {
        let reading = Reading::last(house.home.path(), chain.netuid, None)?;
        let validators = reading.metagraph.neurons.iter().filter(|neuron| neuron.validator_permit).count();
        let minutes = now.duration_since(reading.read_at).as_mins();
        return Some(format!("{validators} validators in the metagraph, read {minutes} min before this report"));
    }
    let list = miner::permits(&house.settings.serve).ok()?;
    Some(format!("{} in {}", list.len(), house.settings.serve.permits.display()))
}

/// The sum of the server's counters of drops.
async fn dropped(page: &str) -> Option<u64> {
    let client = hivis_http::client(Reach::Here).timeout(std::time::Duration::from_secs(2)).build().ok()?;
    let text = client.get(format!("http://{page}/metrics")).send().await.ok()?.text().await.ok()?;
    Some(sum(&text, hivis_types::metric::RECORDS_DROPPED))
}

fn sum(text: &str, metric: &str) -> u64 {
    let ours = text
        .lines()
        .filter(|line| line.strip_prefix(metric).is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' ')));
    ours.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>() as u64
}

#[cfg(test)]
mod tests {
    #[test]
    fn drops_are_summed_over_their_reasons() {
        let text = "# TYPE x_total counter\nx_total{why=\"a\"} 3\nx_total{why=\"b\"} 4\nx_total_more 9\nx_total 1\n";
        assert_eq!(super::sum(text, "x_total"), 8);
        assert_eq!(super::sum("", "x_total"), 0);
    }
}

//! TaoStats' word on our rank, by the same rule as the chain's, and how far they are apart.

use anyhow::Result;
use hivis_store::{Home, SeenRank};
use hivis_taostats::{ApiKey, Neuron, Options, Patience, Seen, TaoStats};
use hivis_types::Hotkey;
use jiff::Timestamp;
use serde::Serialize;

use super::{Standing, rank_among};
use crate::config::TaoStatsSettings;
use crate::failure::{self, Hinted};

/// The name in the ledger.
pub(crate) const SOURCE: &str = "taostats";

/// What TaoStats says of us.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Theirs {
    /// When the server said it, UTC.
    pub(crate) said_at: Timestamp,
    /// The block that it is of.
    pub(crate) block: u64,
    /// Share of the miners' emission.
    pub(crate) incentive: f64,
    /// Alpha of the last payout, in rao.
    pub(crate) emission_rao: u64,
    /// Our rank among the miners, counted as the chain's is.
    pub(crate) rank: u16,
    /// How many miners there are.
    pub(crate) miners: u16,
    /// TaoStats' own count.
    pub(crate) own_rank: Option<u16>,
    /// Whether it is in its immunity.
    pub(crate) immune: bool,
    /// Places that are free on the subnet.
    pub(crate) free_places: Option<u16>,
    /// Their figures less the chain's, where both are known.
    pub(crate) difference: Option<Difference>,
}

/// TaoStats less the chain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Difference {
    /// Blocks; figures of two payouts differ by right.
    pub(crate) blocks: i64,
    /// Of the incentive.
    pub(crate) incentive: f64,
    /// Of the rank.
    pub(crate) rank: Option<i32>,
    /// Of the emission, in rao.
    pub(crate) emission_rao: i64,
}

/// Opens the site with the key that the configuration names.
pub(crate) fn open(home: &Home, settings: &TaoStatsSettings) -> Result<TaoStats> {
    let key = settings.api_key.read(|name| std::env::var(name).ok())?;
    let key = ApiKey::new(&key).ok_or_else(|| {
        Hinted::new("rank.taostats.api_key holds no key that a header can carry", "one line, as the site shows it")
    })?;
    let options = Options {
        folder: home.cache().join("taostats"),
        fresh: settings.fresh,
        calls_per_minute: settings.calls_per_minute,
        clock: Timestamp::now,
    };
    Ok(TaoStats::new(&settings.base_url, key, Patience::default(), options)?)
}

/// What was heard: our standing, days to keep, and what went wrong.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) theirs: Option<Theirs>,
    pub(crate) days: Vec<SeenRank>,
    pub(crate) troubles: Vec<String>,
}

/// Asks for the neurons, the subnet and our history: three calls at most, fewer where answers are young.
pub(crate) async fn hear(
    site: &TaoStats,
    (netuid, hotkey): (u16, &Hotkey),
    chain: Option<&Standing>,
    since: Timestamp,
) -> Heard {
    let mut heard = Heard::default();
    match site.neurons(netuid).await {
        Ok(seen) => {
            heard.note("the neurons", &seen);
            match theirs(&seen, hotkey) {
                Some(theirs) => heard.theirs = Some(theirs),
                None => heard.troubles.push(format!("note: TaoStats lists no {hotkey} on subnet {netuid}\n")),
            }
        }
        Err(error) => heard.failed("the neurons", error),
    }
    match site.subnet(netuid).await {
        Ok(seen) => {
            heard.note("the subnet", &seen);
            if let (Some(subnet), Some(theirs)) = (&seen.value, &mut heard.theirs) {
                theirs.free_places = Some(subnet.max_neurons.saturating_sub(subnet.active_keys));
            }
        }
        Err(error) => heard.failed("the subnet", error),
    }
    match site.history(netuid, hotkey, since).await {
        Ok(seen) => {
            heard.note("the history", &seen);
            heard.days.extend(seen.value.iter().map(|neuron| seen_rank(netuid, hotkey, neuron)));
        }
        Err(error) => heard.failed("the history", error),
    }
    if let Some(theirs) = &mut heard.theirs {
        theirs.difference = chain.map(|chain| difference(theirs, chain));
        heard.days.push(SeenRank {
            netuid,
            hotkey: hotkey.clone(),
            source: SOURCE.to_owned(),
            at: theirs.said_at,
            block: theirs.block,
            incentive: theirs.incentive,
            emission_rao: theirs.emission_rao,
            rank: Some(theirs.rank),
            miners: Some(theirs.miners),
        });
    }
    heard
}

impl Heard {
    /// An older answer is shown with the reason.
    fn note<T>(&mut self, what: &str, seen: &Seen<T>) {
        if let Some(trouble) = &seen.trouble {
            let at = seen.at.strftime("%Y-%m-%d %H:%M UTC");
            self.troubles.push(format!("note: {what} by TaoStats are of {at}: {trouble}\n"));
        }
    }

    fn failed(&mut self, what: &str, error: hivis_taostats::TaoStatsError) {
        let error = anyhow::Error::new(error).context(format!("{what} were not read from TaoStats"));
        self.troubles.push(failure::text(&error));
    }
}

fn theirs(seen: &Seen<Vec<Neuron>>, hotkey: &Hotkey) -> Option<Theirs> {
    let ours = seen.value.iter().find(|neuron| neuron.hotkey.ss58 == hotkey.as_str())?;
    let miners = seen.value.iter().filter(|neuron| neuron.incentive > 0.0 || !neuron.validator_permit);
    let (rank, miners) = rank_among(ours.incentive, miners.map(|neuron| neuron.incentive));
    Some(Theirs {
        said_at: ours.timestamp,
        block: ours.block_number,
        incentive: ours.incentive,
        emission_rao: ours.emission.max(0.0) as u64,
        rank,
        miners,
        own_rank: ours.rank,
        immune: ours.is_immunity_period,
        free_places: None,
        difference: None,
    })
}

fn seen_rank(netuid: u16, hotkey: &Hotkey, neuron: &Neuron) -> SeenRank {
    SeenRank {
        netuid,
        hotkey: hotkey.clone(),
        source: SOURCE.to_owned(),
        at: neuron.timestamp,
        block: neuron.block_number,
        incentive: neuron.incentive,
        emission_rao: neuron.emission.max(0.0) as u64,
        rank: None,
        miners: None,
    }
}

fn difference(theirs: &Theirs, chain: &Standing) -> Difference {
    Difference {
        blocks: theirs.block as i64 - chain.ours.block as i64,
        incentive: theirs.incentive - chain.ours.incentive,
        rank: chain.ours.rank.map(|rank| i32::from(theirs.rank) - i32::from(rank)),
        emission_rao: theirs.emission_rao as i64 - chain.ours.emission_rao as i64,
    }
}

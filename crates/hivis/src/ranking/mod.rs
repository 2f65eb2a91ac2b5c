//! Our rank among the miners: by the chain's own figures, beside what TaoStats says, over time, and around each change of
//! the release.

pub(crate) mod around;
pub(crate) mod days;
pub(crate) mod help;
pub(crate) mod plot;
pub(crate) mod releases;
pub(crate) mod show;
pub(crate) mod site;

use anyhow::Result;
use hivis_store::{Home, Ledger, NeuronReading};
use hivis_types::{Hotkey, Neuron};
use jiff::Timestamp;
use serde::Serialize;

use crate::calendar::Registration;
use crate::config::Settings;
use crate::metagraph::{Reading, is_miner};
use crate::verbs;
use days::Day;
use site::Theirs;

/// Where we stand at one block, by the chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Standing {
    /// Our neuron.
    #[serde(flatten)]
    pub(crate) ours: NeuronReading,
    /// Until when it cannot be pruned, UTC; `None` when that is over.
    pub(crate) immune_until: Option<Timestamp>,
    /// Neurons out of immunity with a smaller emission: as many would be pruned before ours, if pruning were now.
    pub(crate) before_us: u16,
    /// Neurons out of immunity.
    pub(crate) prunable: u16,
}

impl Standing {
    /// `None` when the key is not registered.
    pub(crate) fn of(reading: &Reading, hotkey: &Hotkey) -> Option<Self> {
        let graph = &reading.metagraph;
        let ours = graph.neuron(hotkey)?;
        let mortal = |neuron: &&Neuron| graph.block >= neuron.registered_at + graph.immunity_blocks;
        let end = ours.registered_at + graph.immunity_blocks;
        Some(Self {
            ours: reading.of(hotkey)?,
            immune_until: (graph.block < end).then(|| reading.time_of(end)),
            before_us: graph.neurons.iter().filter(mortal).filter(|other| other.emission < ours.emission).count()
                as u16,
            prunable: graph.neurons.iter().filter(mortal).count() as u16,
        })
    }

    /// How far the door is, in words.
    pub(crate) fn door(&self) -> String {
        if let Some(until) = self.immune_until {
            return format!("immune until about {}", until.strftime("%Y-%m-%d %H:%M UTC"));
        }
        let (before, prunable) = (self.before_us, self.prunable);
        format!("no longer immune: {before} of {prunable} prunable neurons earn less and would go first")
    }
}

/// Everything that `hivis rank` prints.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Our key.
    pub(crate) hotkey: Hotkey,
    /// The chain's word, as far as one is known.
    pub(crate) chain: Option<Standing>,
    /// TaoStats' word.
    pub(crate) taostats: Option<Theirs>,
    /// By UTC day, oldest first; days without a word are left out.
    pub(crate) days: Vec<Day>,
    /// When another release began to serve, within those days.
    pub(crate) changes: Vec<days::Change>,
    /// What could not be read.
    pub(crate) troubles: Vec<String>,
}

/// Keeps what a reading says of us and of the subnet; gives where we stand.
pub(crate) async fn keep(ledger: &Ledger, reading: &Reading, hotkey: &Hotkey) -> Result<Option<Standing>> {
    around::keep(ledger, reading).await?;
    let standing = Standing::of(reading, hotkey);
    if let Some(standing) = &standing {
        ledger.keep_reading(&standing.ours).await?;
    }
    Ok(standing)
}

/// The serving key's registration, by the last metagraph that the home keeps; nothing is asked of the chain.
pub(crate) fn registration(home: &Home, settings: &Settings) -> Option<Registration> {
    let reading = Reading::last(home.path(), settings.chain.netuid, None)?;
    Registration::of(&reading, &verbs::serve::keypair(&settings.wallet).ok()?.hotkey())
}

/// The rank of a share among those of the miners, and how many there are; the best is 1, equals share a rank.
pub(crate) fn rank_among(ours: f64, others: impl Iterator<Item = f64>) -> (u16, u16) {
    let (better, all) = others.fold((0, 0), |(better, all), other| (better + u16::from(other > ours), all + 1));
    (better + 1, all)
}

/// The miners of a reading.
pub(crate) fn miners(reading: &Reading) -> impl Iterator<Item = &Neuron> {
    reading.metagraph.neurons.iter().filter(|neuron| is_miner(neuron))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metagraph::tests::{neuron, reading};

    #[test]
    fn how_far_the_door_is() {
        let mut neurons =
            vec![neuron(0, 0.0, true), neuron(1, 0.5, false), neuron(2, 0.3, false), neuron(3, 0.1, false)];
        // Block 1000, 5000 blocks of immunity: only these two are out of it, and one of them earns less.
        for (uid, registered, emission) in [(0, 900, 5.0), (1, 0, 9.0), (2, 0, 4.0), (3, 0, 1.0)] {
            neurons[uid].emission = emission;
            neurons[uid].registered_at = registered;
        }
        let mut reading = reading(neurons);
        reading.metagraph.immunity_blocks = 500;
        let ours = Standing::of(&reading, &Hotkey::new("5H2")).expect("registered");
        assert_eq!((ours.before_us, ours.prunable, ours.immune_until), (1, 3, None));
        let young = Standing::of(&reading, &Hotkey::new("5H0")).expect("registered");
        assert_eq!(young.immune_until, Some(reading.time_of(1400)));
        assert_eq!(Standing::of(&reading, &Hotkey::new("5Hx")), None);
        assert_eq!(rank_among(0.3, [0.5, 0.3, 0.3, 0.1].into_iter()), (2, 4));
    }
}

//! The subnet as it was read, from the chain or from a file that the home keeps.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hivis_chain::{At, Chain, ChainError, metagraph, subnet};
use hivis_store::NeuronReading;
use hivis_types::{Hotkey, Metagraph, Neuron};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Settings;
use crate::{chain, money};

/// Seconds of a block. A block may come later, never earlier, so what lies in the past was at this time or before.
pub(crate) const BLOCK_S: i64 = 12;

/// A metagraph, when it was read, and what alpha cost then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// The subnet at its block.
    #[serde(flatten)]
    pub(crate) metagraph: Metagraph,
    /// When, UTC; the file's own time when it does not say.
    #[serde(default)]
    pub(crate) read_at: Timestamp,
    /// TAO for one alpha, in rao.
    #[serde(default)]
    pub(crate) alpha_price_rao: Option<u64>,
    /// Hash of the chain's first block, in hex.
    #[serde(default)]
    pub(crate) genesis: Option<String>,
}

/// The subnet, from `file` where one is given, else from the chain.
pub(crate) async fn read_metagraph(settings: &Settings, file: Option<&Path>) -> Result<Reading> {
    let Some(file) = file else {
        let (chain, netuid) = (chain::open(&settings.chain)?, settings.chain.netuid);
        return Ok(chain.read(async |at: &At| Reading::at(&chain, at, netuid).await).await?);
    };
    let text = fs_err::read(file).context("the metagraph cannot be read")?;
    let mut reading: Reading =
        serde_json::from_slice(&text).with_context(|| format!("{} holds no metagraph", file.display()))?;
    if reading.read_at == Timestamp::UNIX_EPOCH {
        let changed = fs_err::metadata(file)?.modified().context("the file's time cannot be read")?;
        reading.read_at = Timestamp::try_from(changed)?;
    }
    Ok(reading)
}

impl Reading {
    /// Read at a block, now.
    pub(crate) async fn at(chain: &Chain, at: &At, netuid: u16) -> Result<Self, ChainError> {
        let price = subnet::price(at, netuid).await?;
        Ok(Self {
            metagraph: metagraph::metagraph(at, netuid).await?,
            read_at: Timestamp::now(),
            alpha_price_rao: price.tao.or(price.moving).and_then(|tao| money::from_float(tao, money::RAO)),
            genesis: chain.genesis().map(hex::encode),
        })
    }

    fn path(home: &Path, netuid: u16) -> PathBuf {
        home.join(format!("metagraph-{netuid}.json"))
    }

    /// The reading that the home keeps of that subnet of that chain; one that cannot be used is as good as none, and said.
    pub(crate) fn last(home: &Path, netuid: u16, genesis: Option<[u8; 32]>) -> Option<Self> {
        let path = Self::path(home, netuid);
        let text = fs_err::read_to_string(&path).ok()?;
        let reading: Self = serde_json::from_str(&text)
            .inspect_err(|error| tracing::warn!(%error, file = %path.display(), "the last metagraph cannot be used"))
            .ok()?;
        let same = genesis.is_none_or(|genesis| reading.genesis == Some(hex::encode(genesis)));
        (same && reading.metagraph.netuid == netuid).then_some(reading)
    }

    /// Takes the place of the one that the home keeps.
    pub(crate) fn keep(&self, home: &Path) -> Result<()> {
        let path = Self::path(home, self.metagraph.netuid);
        let beside = path.with_extension("partial");
        fs_err::write(&beside, serde_json::to_vec(self)?)?;
        fs_err::rename(&beside, &path).context("the metagraph cannot be kept")
    }
}

/// Whether a neuron counts as a miner: it has an incentive, or no permit. A permit alone says nothing, since a miner whose
/// alpha stays on its key gets one too; nor does its absence, while an incentive is paid to those that answer.
pub(crate) fn is_miner(neuron: &Neuron) -> bool {
    neuron.incentive > 0.0 || !neuron.validator_permit
}

impl Reading {
    /// When a block was, or about will be.
    pub(crate) fn time_of(&self, block: u64) -> Timestamp {
        let blocks = block as i64 - self.metagraph.block as i64;
        self.read_at.saturating_add(SignedDuration::from_secs(blocks.saturating_mul(BLOCK_S))).unwrap_or(self.read_at)
    }

    /// Our neuron as the ledger keeps it; `None` when the key is not registered.
    pub(crate) fn of(&self, hotkey: &Hotkey) -> Option<NeuronReading> {
        let graph = &self.metagraph;
        let ours = graph.neuron(hotkey)?;
        let miners: Vec<&Neuron> = graph.neurons.iter().filter(|neuron| is_miner(neuron)).collect();
        let better = miners.iter().filter(|other| other.incentive > ours.incentive).count();
        Some(NeuronReading {
            netuid: graph.netuid,
            hotkey: hotkey.clone(),
            block: graph.block,
            at: self.read_at,
            uid: ours.uid,
            tempo: graph.tempo,
            registered_at: ours.registered_at,
            incentive: ours.incentive,
            rank: is_miner(ours).then_some(better as u16 + 1),
            miners: miners.len() as u16,
            emission_rao: money::from_float(ours.emission, money::RAO).unwrap_or(0),
            stake_rao: money::from_float(ours.stake, money::RAO).unwrap_or(0),
            price_rao: self.alpha_price_rao,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn neuron(uid: u16, incentive: f64, validator_permit: bool) -> Neuron {
        Neuron {
            uid,
            hotkey: Hotkey::new(format!("5H{uid}")),
            coldkey: Hotkey::new("5C"),
            active: true,
            validator_permit,
            stake: 1.5,
            incentive,
            dividends: 0.0,
            emission: 0.25,
            consensus: 0.0,
            registered_at: 900,
            last_update: 950,
            axon: None,
        }
    }

    pub(crate) fn reading(neurons: Vec<Neuron>) -> Reading {
        let metagraph = Metagraph { netuid: 72, block: 1000, tempo: 360, immunity_blocks: 5000, neurons };
        Reading {
            metagraph,
            read_at: Timestamp::from_second(1_800_000_000).expect("a time"),
            alpha_price_rao: Some(5),
            genesis: None,
        }
    }

    #[test]
    fn who_is_a_miner_and_at_which_rank() {
        let neurons = vec![
            neuron(0, 0.0, true), // a validator
            neuron(1, 0.4, true), // a miner with a permit
            neuron(2, 0.3, false),
            neuron(3, 0.3, false),
            neuron(4, 0.0, false), // a miner that earns nothing
        ];
        let reading = reading(neurons);
        let rank = |uid: u16| reading.of(&Hotkey::new(format!("5H{uid}"))).expect("registered").rank;
        assert_eq!([0, 1, 2, 3, 4].map(rank), [None, Some(1), Some(2), Some(2), Some(4)]);
        let ours = reading.of(&Hotkey::new("5H2")).expect("registered");
        assert_eq!((ours.miners, ours.emission_rao, ours.stake_rao), (4, 250_000_000, 1_500_000_000));
        assert_eq!(reading.of(&Hotkey::new("5Hx")), None);
        assert_eq!(reading.time_of(900).as_second(), 1_800_000_000 - 1200);
        assert_eq!(reading.time_of(1010).as_second(), 1_800_000_000 + 120);
    }
}

//! A subnet as the chain tells it, at one block.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::Hotkey;

/// Who is registered on a subnet, and what each earns, at one block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metagraph {
    /// The subnet.
    pub netuid: u16,
    /// The block that this was read at.
    pub block: u64,
    /// Blocks from one payout to the next.
    pub tempo: u32,
    /// Blocks after its registration in which a neuron is not pruned.
    pub immunity_blocks: u64,
    /// All neurons, by uid from 0.
    pub neurons: Vec<Neuron>,
}

/// One registered key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neuron {
    /// Its place on the subnet.
    pub uid: u16,
    /// The key that asks or answers.
    pub hotkey: Hotkey,
    /// The key that owns it.
    pub coldkey: Hotkey,
    /// Whether it set weights or was updated of late, as the chain counts it.
    pub active: bool,
    /// Whether it may act as a validator.
    pub validator_permit: bool,
    /// The stake that counts for permits, in alpha (the chain's `total_stake` / 10^9).
    pub stake: f64,
    /// Share of the miners' emission, 0 to 1 (the chain's 16-bit number / 65535).
    pub incentive: f64,
    /// Share of the validators' emission, 0 to 1.
    pub dividends: f64,
    /// Alpha paid at the last payout (the chain's number / 10^9).
    pub emission: f64,
    /// What the validators agree on, 0 to 1.
    pub consensus: f64,
    /// The block of its registration.
    pub registered_at: u64,
    /// The block of its last update.
    pub last_update: u64,
    /// Where it listens; `None` when it announced nothing or withdrew.
    pub axon: Option<SocketAddr>,
}

impl Metagraph {
    /// The neuron of a hotkey.
    pub fn neuron(&self, hotkey: &Hotkey) -> Option<&Neuron> {
        self.neurons.iter().find(|neuron| neuron.hotkey == *hotkey)
    }

    /// Those who may act as validators.
    pub fn validators(&self) -> impl Iterator<Item = &Neuron> {
        self.neurons.iter().filter(|neuron| neuron.validator_permit)
    }
}

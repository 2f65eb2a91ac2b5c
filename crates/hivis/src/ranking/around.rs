//! The subnet without us: who validates, how many compete, what the middle of them gets.

use anyhow::Result;
use hivis_curate::gate::median;
use hivis_store::{Ledger, SubnetReading};
use hivis_types::Hotkey;

use super::miners;
use crate::metagraph::Reading;

/// Blocks of a day, 12 seconds each.
const DAY: u64 = 7200;

/// Keeps it, once a payout.
pub(crate) async fn keep(ledger: &Ledger, reading: &Reading) -> Result<()> {
    let graph = &reading.metagraph;
    let validators: Vec<Hotkey> = graph.validators().map(|neuron| neuron.hotkey.clone()).collect();
    ledger.keep_subnet(&of(reading), &validators, u64::from(graph.tempo)).await?;
    Ok(())
}

fn of(reading: &Reading) -> SubnetReading {
    let graph = &reading.metagraph;
    let mut shares: Vec<f64> = miners(reading).map(|neuron| neuron.incentive).filter(|share| *share > 0.0).collect();
    SubnetReading {
        netuid: graph.netuid,
        block: graph.block,
        at: reading.read_at,
        miners: miners(reading).count() as u16,
        earning: shares.len() as u16,
        median_incentive: median(&mut shares).unwrap_or(0.0),
        registered: graph.neurons.iter().filter(|neuron| neuron.registered_at + DAY > graph.block).count() as u16,
    }
}

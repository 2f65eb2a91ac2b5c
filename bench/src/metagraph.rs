//! `bench metagraph`: a metagraph of 256 neurons decoded and applied, ours against bittensor's Python client.
//!
//! Both get the same bytes and the same metadata from one node on loopback, once. Rounds alternate; what counts is CPU time
//! (user and system) of the thread, or of the Python process. Applied means: by neuron, and found by hotkey.

use std::collections::HashMap;
use std::hint::black_box;

use anyhow::{Context, Result, ensure};
use hivis_chain::metagraph::Columns;
use hivis_chain::{Chain, ChainSettings, Network};
use hivis_testbed::node::{FIRST_TIME_MS, Node, NodeOptions};
use hivis_types::{Hotkey, Metagraph, Neuron};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::overload::verdict;
use crate::peer::{self, Peer};
use crate::quantile::median;

/// The goal: so much of the peer's CPU time.
const GOAL: f64 = 0.1;
/// StreetVision: the node's world has 256 neurons there.
const NETUID: u16 = 72;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Decodings a round, ours.
    #[arg(long, default_value_t = 200)]
    ours: u32,
    /// Decodings a round, the peer's.
    #[arg(long, default_value_t = 10)]
    theirs: u32,
    /// The runtime: 424 or 461.
    #[arg(long, default_value_t = 461)]
    spec: u32,
}

pub(crate) async fn run(args: &Args) -> Result<()> {
    let node = Node::start(NodeOptions { spec: args.spec, ..NodeOptions::default() });
    node.seal();
    let settings = ChainSettings::new(Network::Local, || FIRST_TIME_MS, || 0.5);
    let chain = Chain::new(ChainSettings { endpoints: vec![node.url()], ..settings })?;
    let at = chain.at_head().await?;
    let raw = at.runtime_apis().call_raw("SubnetInfoRuntimeApi_get_metagraph", Some(&NETUID.to_le_bytes())).await?;
    let venv = peer::venv("bittensor-10.5.0").context("there is no virtual environment `bittensor-10.5.0`")?;
    let mut command = peer::python(&venv, "metagraph.py");
    command.arg(node.url()).arg(NETUID.to_string());
    let (mut sdk, ready) = Peer::start(command)?;
    ensure!(ready["sha256"] == hex::encode(Sha256::digest(&raw)), "both sides must have the same bytes");
    println!("bittensor {}; {} bytes; {}\n", text(&ready["ready"]), raw.len(), peer::machine());

    let decode = || -> Result<(Metagraph, HashMap<Hotkey, usize>)> {
        let columns = Columns::decode(at.metadata_ref(), at.spec_version(), &raw)?.context("no such subnet")?;
        let metagraph = columns.metagraph()?;
        let places = metagraph.neurons.iter().enumerate().map(|(at, neuron)| (neuron.hotkey.clone(), at));
        let places = places.collect();
        Ok((metagraph, places))
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=args.rounds {
        let begin = peer::own_cpu()?;
        for _ in 0..args.ours {
            black_box(decode()?);
        }
        let own = peer::own_cpu()?.saturating_sub(begin).as_secs_f64() / f64::from(args.ours);
        let answer = sdk.ask(&format!("decode {}", args.theirs))?;
        let cpu = answer["cpu"].as_f64().context("no `cpu`")? / f64::from(args.theirs);
        // Round 0 warms, and shows that both read the same.
        if round == 0 {
            let (metagraph, _) = decode()?;
            ensure!(answer["hotkeys"] == metagraph.neurons.len(), "both sides must see the same neurons");
            let incentive: f64 = metagraph.neurons.iter().map(incentive).sum();
            let other = answer["incentive"].as_f64().context("no `incentive`")?;
            ensure!((incentive - other).abs() < 1e-6, "both sides must see the same incentive: {incentive}, {other}");
        } else {
            ours.push(own);
            theirs.push(cpu);
        }
    }
    let mut ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(own, other)| own / other).collect();
    ratios.sort_by(f64::total_cmp);
    let (low, high) = interval(&ratios);
    println!("| side | CPU ms a metagraph, median of {} rounds |", args.rounds);
    println!("|---|---|");
    println!("| hivis | {:.3} |", 1e3 * median(ours.iter().copied()));
    println!("| bittensor | {:.3} |", 1e3 * median(theirs.iter().copied()));
    let ratio = median(ratios.iter().copied());
    let shown = if low <= GOAL && GOAL < high { "not shown" } else { verdict(high <= GOAL) };
    println!("\n- at most {GOAL} of bittensor's CPU time: {ratio:.4} ({low:.4} to {high:.4}, 95%): {shown}");
    Ok(())
}

fn incentive(neuron: &Neuron) -> f64 {
    neuron.incentive
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The order statistics between which the median lies at 95%, whatever the distribution.
fn interval(sorted: &[f64]) -> (f64, f64) {
    let n = sorted.len() as f64;
    let below = ((n / 2.0 - 0.98 * n.sqrt()).floor().max(0.0)) as usize;
    let first = sorted.get(below).copied().unwrap_or(f64::NAN);
    let last = sorted.get(sorted.len().saturating_sub(1 + below)).copied().unwrap_or(f64::NAN);
    (first, last)
}

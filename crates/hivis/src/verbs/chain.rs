//! `hivis chain`: the subnet and its neurons, as the chain tells them.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use hivis_chain::metagraph::metagraph;
use hivis_chain::subnet::{self, Cost, Setting};
use hivis_chain::{At, Chain, ChainError, Fault, Head, printable};
use serde_json::{Value, json};

use crate::chain::{self, coins};
use crate::cli::{ChainArgs, ChainVerb, Global};
use crate::config::ChainSettings;
use crate::table::table;

/// Reads one thing and prints it.
pub(crate) async fn run(global: &Global, args: &ChainArgs) -> Result<ExitCode> {
    let settings = chain::settings(global, &args.flags)?;
    if let ChainVerb::Endpoints = args.verb {
        return endpoints(global, &settings).await;
    }
    let chain = chain::open(&settings)?;
    let doing = || format!("{} of {} could not be read", args.verb.what(), settings.network);
    let doubt = chain.read(async |at: &At| chain::doubt(at, &settings).await).await.with_context(doing)?;
    if let Some(doubt) = doubt {
        eprintln!("warning: {doubt}");
    }
    match args.verb {
        ChainVerb::Show => show(global, &chain, &settings).await,
        ChainVerb::Metagraph { validators } => neurons(global, &chain, &settings, validators).await,
        ChainVerb::Hyperparameters => hyperparameters(global, &chain, &settings).await,
        ChainVerb::Cost => cost(global, &chain, &settings).await,
        ChainVerb::Endpoints => Ok(()),
    }
    .with_context(doing)?;
    Ok(ExitCode::SUCCESS)
}

impl ChainVerb {
    fn what(&self) -> &'static str {
        match self {
            Self::Show => "the subnet",
            Self::Metagraph { .. } => "the metagraph",
            Self::Hyperparameters => "the parameters",
            Self::Cost => "the cost of a registration",
            Self::Endpoints => "the endpoints",
        }
    }
}

async fn show(global: &Global, chain: &Chain, settings: &ChainSettings) -> Result<(), ChainError> {
    let netuid = settings.netuid;
    let read = async |at: &At| {
        let identity = match subnet::identity(at, netuid).await {
            Err(ChainError::Missing { .. }) => None,
            other => Some(other?),
        };
        let graph = metagraph(at, netuid).await?;
        let price = subnet::price(at, netuid).await?;
        let cost = subnet::registration_cost(at, netuid).await?;
        Ok((identity, graph, price, cost, subnet::rhythm(at, netuid).await?))
    };
    let (identity, graph, price, cost, rhythm) = chain.read(read).await?;
    let status = chain.status();
    let age = status.head.map_or(0, |head| head.age_s(chain::now_ms()));
    let name = identity.as_ref().map_or("", |i| i.name.as_str());
    let validators = graph.validators().count();
    let axons = graph.neurons.iter().filter(|n| n.axon.is_some()).count();
    if global.json {
        let said = json!({
            "network": settings.network.as_str(), "netuid": netuid, "name": name,
            "symbol": identity.as_ref().map(|i| &i.symbol), "url": identity.as_ref().map(|i| &i.url),
            "endpoint": status.endpoint, "block": graph.block, "age_s": age, "spec": status.head.map(|h| h.spec),
            "neurons": graph.neurons.len(), "validators": validators, "axons": axons,
            "alpha_in_tao": price.tao, "moving_price": price.moving, "tao_in_rao": price.tao_in,
            "alpha_in_rao": price.alpha_in, "cost": cost_json(&cost), "tempo": rhythm.tempo,
            "immunity_blocks": rhythm.immunity, "serving_rate_limit": rhythm.serving_rate_limit,
            "next_payout": rhythm.next_payout, "block_ms": rhythm.slot_ms,
        });
        println!("{said}");
        return Ok(());
    }
    let spec = status.head.map_or(0, |h| h.spec);
    let endpoint = status.endpoint.unwrap_or_default();
    let price_text = price.tao.map_or_else(|| "not told".to_owned(), |tao| format!("{tao:.6} TAO"));
    let moving = price.moving.map_or_else(String::new, |tao| format!(", smoothed {tao:.6}"));
    let next = rhythm.next_payout.map_or_else(String::new, |block| format!(", the next at block {block}"));
    let block_s = rhythm.slot_ms.unwrap_or(12_000) as f64 / 1000.0;
    let immunity_h = rhythm.immunity as f64 * block_s / 3600.0;
    println!("{} subnet {netuid}  {name}", settings.network);
    println!("  block          {} ({age} s old), runtime {spec}, from {endpoint}", graph.block);
    println!("  neurons        {}, {validators} may validate, {axons} listen", graph.neurons.len());
    println!(
        "  one alpha      {price_text}{moving}; pool {} TAO, {} alpha",
        coins(price.tao_in),
        coins(price.alpha_in)
    );
    println!("  registration   {}", cost_line(&cost));
    println!("  payout         every {} blocks{next}", rhythm.tempo);
    println!("  immunity       {} blocks ({immunity_h:.1} h)", rhythm.immunity);
    if let Some(limit) = rhythm.serving_rate_limit {
        println!("  announcing     at most once in {limit} blocks");
    }
    Ok(())
}

async fn neurons(global: &Global, chain: &Chain, settings: &ChainSettings, validators: bool) -> Result<(), ChainError> {
    let mut graph = chain.read(async |at: &At| metagraph(at, settings.netuid).await).await?;
    graph.neurons.retain(|neuron| !validators || neuron.validator_permit);
    if global.json {
        println!("{}", json!(graph));
        return Ok(());
    }
    let row = |n: &hivis_types::Neuron| {
        vec![
            n.uid.to_string(),
            n.hotkey.short().to_owned(),
            if n.validator_permit { "yes" } else { "" }.to_owned(),
            format!("{:.2}", n.stake),
            format!("{:.5}", n.incentive),
            format!("{:.5}", n.dividends),
            format!("{:.4}", n.emission),
            n.registered_at.to_string(),
            graph.block.saturating_sub(n.last_update).to_string(),
            n.axon.map_or_else(|| "-".to_owned(), |axon| axon.to_string()),
        ]
    };
    let rows: Vec<_> = graph.neurons.iter().map(row).collect();
    let headings =
        ["uid", "hotkey", "permit", "stake", "incentive", "dividends", "emission", "registered", "idle", "axon"];
    print!("{}", table(&headings, &rows));
    Ok(())
}

async fn hyperparameters(global: &Global, chain: &Chain, settings: &ChainSettings) -> Result<(), ChainError> {
    let all = chain.read(async |at: &At| subnet::hyperparameters(at, settings.netuid).await).await?;
    if global.json {
        let values = all.values.iter().map(|(name, value)| (name.clone(), setting_json(value)));
        println!("{}", json!({ "call": all.call, "values": values.collect::<serde_json::Map<_, _>>() }));
        return Ok(());
    }
    let text = |value: &Setting| match value {
        Setting::Flag(flag) => flag.to_string(),
        Setting::Number(number) => number.to_string(),
        Setting::Fraction(fraction) => fraction.to_string(),
    };
    let rows: Vec<_> = all.values.iter().map(|(name, value)| vec![name.clone(), text(value)]).collect();
    print!("{}", table(&["parameter", "value"], &rows));
    Ok(())
}

/// Numbers beyond 64 bits as text: JSON's readers round them.
fn setting_json(value: &Setting) -> Value {
    match value {
        Setting::Flag(flag) => json!(flag),
        Setting::Number(number) => u64::try_from(*number).map_or_else(|_| json!(number.to_string()), |n| json!(n)),
        Setting::Fraction(fraction) => json!(fraction),
    }
}

async fn cost(global: &Global, chain: &Chain, settings: &ChainSettings) -> Result<(), ChainError> {
    let cost = chain.read(async |at: &At| subnet::registration_cost(at, settings.netuid).await).await?;
    if global.json {
        println!("{}", cost_json(&cost));
        return Ok(());
    }
    println!("a registration on subnet {} of {} costs {}", settings.netuid, settings.network, cost_line(&cost));
    if let Some(after) = cost.after_one {
        println!("should one other come first it costs {} TAO: a limit below that may be refused", coins(after));
    }
    if let (Some(half_life), Some(min)) = (cost.half_life, cost.min) {
        println!("it halves in {half_life} blocks, down to {} TAO", coins(min));
    }
    if let Some(share) = cost.lock_share.filter(|share| *share > 0.0) {
        println!("{:.1}% of it is locked as collateral, the rest is burned", 100.0 * share);
    }
    if cost.allowed == Some(false) {
        println!("registrations are closed on this subnet");
    }
    if let (Some(neurons), Some(room)) = (cost.neurons, cost.room) {
        let full = if neurons >= room { "; it is full, so each newcomer displaces one" } else { "" };
        println!("{neurons} of {room} places are taken{full}");
    }
    Ok(())
}

fn cost_line(cost: &Cost) -> String {
    let closed = if cost.allowed == Some(false) { " (closed)" } else { "" };
    format!("{} TAO{closed}", coins(cost.burn))
}

fn cost_json(cost: &Cost) -> Value {
    json!({ "rao": cost.burn, "after_one_rao": cost.after_one, "min_rao": cost.min, "max_rao": cost.max,
        "half_life_blocks": cost.half_life, "lock_share": cost.lock_share, "allowed": cost.allowed,
        "neurons": cost.neurons, "room": cost.room })
}

/// What one endpoint showed of itself.
struct Tried {
    endpoint: String,
    outcome: Result<(Head, u128), Fault>,
}

async fn endpoints(global: &Global, settings: &ChainSettings) -> Result<ExitCode> {
    let mut all = Vec::new();
    for endpoint in &settings.endpoints {
        let one = ChainSettings { endpoints: vec![endpoint.clone()], ..settings.clone() };
        let chain = chain::open(&one)?;
        let outcome = match chain.at_head().await {
            // Connected: now the time of one more round of calls.
            Ok(_) => {
                let begun = Instant::now();
                let read = chain.at_head().await;
                read.map(|_| begun.elapsed().as_millis())
            }
            Err(error) => Err(error),
        };
        let outcome = match (outcome, chain.status().head) {
            (Ok(ms), Some(head)) => Ok((head, ms)),
            (Err(ChainError::NoEndpoint { mut tried, .. }), _) if !tried.is_empty() => Err(tried.remove(0).1),
            (Err(error), _) => return Err(error.into()),
            (Ok(_), None) => Err(Fault::Garbage { reason: "it has no head".to_owned() }),
        };
        all.push(Tried { endpoint: printable(endpoint), outcome });
    }
    let good = all.iter().any(|tried| tried.outcome.is_ok());
    let now = chain::now_ms();
    if global.json {
        let rows = all.iter().map(|tried| match &tried.outcome {
            Ok((head, ms)) => {
                json!({ "endpoint": tried.endpoint, "good": true, "block": head.number, "spec": head.spec,
                "age_s": head.age_s(now), "ms": *ms as u64 })
            }
            Err(fault) => json!({ "endpoint": tried.endpoint, "good": false, "why": fault.to_string() }),
        });
        println!("{}", rows.collect::<Value>());
    } else {
        for Tried { endpoint, outcome } in &all {
            match outcome {
                Ok((head, ms)) => println!(
                    "ok    {endpoint}  block {}, {} s old, runtime {}, {ms} ms a read",
                    head.number,
                    head.age_s(now),
                    head.spec
                ),
                Err(fault) => println!("FAIL  {endpoint}  {fault}"),
            }
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

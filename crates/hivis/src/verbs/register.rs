//! `hivis register`: a place on the subnet for the hotkey.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use hivis_bittensor::{Keypair, ss58, wallet};
use hivis_chain::ChainError;
use hivis_chain::intent::{Registration, Searching, prove, registered};
use serde_json::json;

use crate::cli::{Global, RegisterArgs};
use crate::config::WalletSettings;
use crate::failure::Hinted;
use crate::onchain::{self, Place};
use crate::passwords::Asked;
use crate::{chain, entropy, home};

/// Proofs that may grow too old on their way before it is given up.
const PROOFS: u32 = 3;

/// Buys or earns the place.
pub(crate) async fn run(global: &Global, args: &RegisterArgs) -> Result<ExitCode> {
    let keys = home::wallet(global, &args.signing.wallet)?;
    let hotkey = onchain::hotkey_address(&keys)?;
    let coldkey = ss58::decode(wallet::coldkeypub(&keys.path, &keys.name)?.as_str())?;
    let place = onchain::connect(&chain::settings(global, &args.signing.chain)?).await?;
    match args.max_cost {
        Some(cap) if !args.pow => {
            let registration = Registration { netuid: place.netuid, hotkey, coldkey, cap };
            onchain::carry(global, &place, &registration, &args.signing.consent, || open(&keys, args)).await?;
        }
        _ => work(global, args, &place, &keys, (hotkey, coldkey)).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn open(keys: &WalletSettings, args: &RegisterArgs) -> Result<Keypair> {
    Ok(wallet::open_coldkey(&keys.path, &keys.name, &Asked::new(&args.signing.password))?.keypair().clone())
}

/// Consent and password come before the search: a proof lives a minute, and nobody types against that.
async fn work(
    global: &Global,
    args: &RegisterArgs,
    place: &Place,
    keys: &WalletSettings,
    (hotkey, coldkey): ([u8; 32], [u8; 32]),
) -> Result<()> {
    onchain::agrees(place.network, &args.signing.consent)?;
    let at = place.chain.at_head().await?;
    if let Some(said) = registered(&at, place.netuid, &hotkey).await? {
        onchain::already(global, &said, &args.signing.consent);
        return Ok(());
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.unwrap_or(cores).max(1);
    let who = (place.netuid, hotkey, coldkey);
    let difficulty = hivis_chain::intent::difficulty(&at, who).await.map_err(without_pow)?;
    if global.json && args.signing.consent.dry_run {
        let plan = json!({ "network": place.network.as_str(), "netuid": place.netuid, "difficulty": difficulty,
            "threads": threads, "hotkey": onchain::address(&hotkey), "signer": onchain::address(&coldkey),
            "cost_rao": "0" });
        println!("{}", json!({ "dry_run": true, "plan": plan }));
    } else if !global.json {
        println!("network   {} (runtime {})", place.network, at.spec_version());
        println!("call      SubtensorModule.pow_register for {}", onchain::address(&hotkey));
        println!("signer    {}", onchain::address(&coldkey));
        println!("work      about {difficulty} hashes on {threads} threads; no TAO");
    }
    if args.signing.consent.dry_run {
        return Ok(());
    }
    onchain::confirm(place.network, &args.signing.consent)?;
    let key = open(keys, args)?;
    for proof in 1.. {
        let seed = entropy::fresh(8)?;
        let nonce = u64::from_le_bytes(seed[..].try_into()?);
        let begun = Instant::now();
        let mut tell = |searching: Searching| {
            if !global.json {
                println!("{}", progress(searching, begun.elapsed().as_secs_f64()));
            }
        };
        let found = prove(&place.chain, who, threads, nonce, &mut tell).await.map_err(without_pow)?;
        match onchain::send(global, place, &found, &key).await {
            Err(error) if proof < PROOFS && too_old(&error) => {
                if !global.json {
                    println!("the proof grew too old on its way: searching another");
                }
            }
            done => return done,
        }
    }
    Ok(())
}

/// Whether a new proof may do better.
fn too_old(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<ChainError>() {
        Some(ChainError::Expired { .. }) => true,
        Some(ChainError::Failed { failure, .. }) => failure.name.ends_with(".InvalidWorkBlock"),
        _ => false,
    }
}

fn without_pow(error: ChainError) -> anyhow::Error {
    match error {
        ChainError::NoCall { .. } => {
            let hint = "register with --max-cost TAO instead; this runtime knows no proof of work";
            Hinted::new(error.to_string(), hint).into()
        }
        other => other.into(),
    }
}

fn progress(searching: Searching, seconds: f64) -> String {
    let rate = searching.hashes as f64 / seconds.max(1e-3);
    let about = searching.difficulty as f64 / rate.max(1.0);
    format!(
        "block {}: {} hashes, {:.2} million a second; a proof takes about {} at this rate",
        searching.block,
        searching.hashes,
        rate / 1e6,
        if about < 120.0 { format!("{about:.0} s") } else { format!("{:.0} min", about / 60.0) }
    )
}

//! Keys and balances, as the chain sees them.

use std::time::Duration;

use anyhow::Result;
use hivis_bittensor::{ss58, wallet};
use hivis_chain::{At, account, subnet};

use super::Finding;
use crate::chain::{self, coins};
use crate::config::Settings;
use crate::onchain;

/// The chain is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the hotkey has a place, and whether the coldkey could pay for one. Nothing where no chain is configured.
pub(super) async fn check(settings: &Settings) -> Vec<Finding> {
    if !settings.chain.followed {
        let look = "set [chain] network in hivis.toml, or run `hivis chain show`";
        return vec![Finding::note("chain", "none is configured: keys and balances were not looked at", look)];
    }
    match tokio::time::timeout(PATIENCE, look(settings)).await {
        Ok(Ok(findings)) => findings,
        Ok(Err(error)) => vec![Finding::failed("chain", &error, "hivis chain endpoints")],
        Err(_) => vec![Finding::bad("chain", "no endpoint answers in half a minute", "hivis chain endpoints")],
    }
}

async fn look(settings: &Settings) -> Result<Vec<Finding>> {
    let (network, netuid) = (settings.chain.network, settings.chain.netuid);
    let hotkey = onchain::hotkey_address(&settings.wallet)?;
    let coldkey = wallet::coldkeypub(&settings.wallet.path, &settings.wallet.name).ok();
    let coldkey = coldkey.map(|address| ss58::decode(address.as_str())).transpose()?;
    let chain = chain::open(&settings.chain)?;
    let (uid, axon, cost, balance) = chain
        .read(async |at: &At| {
            let balance = match &coldkey {
                Some(coldkey) => Some(account::balance(at, coldkey).await?.spendable()),
                None => None,
            };
            let axon = account::axon(at, netuid, &hotkey).await?.and_then(|axon| axon.axon);
            Ok((account::uid(at, netuid, &hotkey).await?, axon, subnet::registration_cost(at, netuid).await?, balance))
        })
        .await?;
    let mut findings = vec![match uid {
        Some(uid) => Finding::good("registration", format!("uid {uid} on subnet {netuid} of {network}")),
        None => Finding::bad(
            "registration",
            format!("none on subnet {netuid} of {network}; it costs {} TAO now", coins(cost.burn)),
            "hivis register --max-cost TAO, where the coldkey is",
        ),
    }];
    if uid.is_some() {
        findings.push(match axon {
            Some(address) => Finding::good("announced", address.to_string()),
            None => {
                Finding::bad("announced", "nothing: validators do not know where we are", "hivis announce --ip A.B.C.D")
            }
        });
    }
    findings.push(match balance {
        Some(rao) => Finding::good("balance", format!("{} TAO that the coldkey can spend", coins(rao))),
        None => Finding::note(
            "balance",
            "not known: there is no coldkeypub.txt here",
            "hivis wallet import coldkeypub --ss58 5F...",
        ),
    });
    Ok(findings)
}

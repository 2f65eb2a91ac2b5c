//! The chain as the verbs use it: settings to a connection, the check of the subnet's name, and amounts as text.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use hivis_chain::extrinsic::tao;
use hivis_chain::{At, Chain, ChainError, Network, subnet};

use crate::cli::{ChainFlags, Global};
use crate::config::{self, ChainSettings};
use crate::home;

/// What StreetVision's owner calls it.
const NAME: &str = "StreetVision";

/// `[chain]` of the home, where there is one, with flags on top.
pub(crate) fn settings(global: &Global, flags: &ChainFlags) -> Result<ChainSettings> {
    let raw = config::load(&home::path(global)?.join("hivis.toml"), std::env::vars())?;
    Ok(ChainSettings::resolve(&raw.chain)?.with(flags))
}

/// The chain of these settings, on this machine's clock. Nothing is connected yet.
pub(crate) fn open(settings: &ChainSettings) -> Result<Chain, ChainError> {
    let chain = hivis_chain::ChainSettings::new(settings.network, now_ms, random);
    Chain::new(hivis_chain::ChainSettings {
        endpoints: settings.endpoints.clone(),
        timeout: settings.timeout,
        stale_after: settings.stale_after,
        ..chain
    })
}

/// Unix time in milliseconds.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Evenly from 0 to 1, from the keys that the standard library draws for its hash tables: enough to spread retries.
fn random() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}

/// Says so when the subnet does not call itself StreetVision, and which one does. A chain of one's own may be named anyhow.
pub(crate) async fn doubt(at: &At, settings: &ChainSettings) -> Result<Option<String>, ChainError> {
    if settings.network == Network::Local {
        return Ok(None);
    }
    let (network, netuid) = (settings.network, settings.netuid);
    let known = match subnet::identity(at, netuid).await {
        Ok(identity) if identity.is_called(NAME) => return Ok(None),
        Ok(identity) => format!("subnet {netuid} of {network} calls itself `{}`, not {NAME}", identity.name),
        Err(ChainError::NoSubnet { .. }) => format!("there is no subnet {netuid} on {network}"),
        Err(ChainError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let all = match subnet::identities(at).await {
        Ok(all) => all,
        Err(ChainError::Missing { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    let others: Vec<String> = all.iter().filter(|i| i.is_called(NAME)).map(|i| i.netuid.to_string()).collect();
    Ok(Some(match others.as_slice() {
        [] => format!("{known}, and no other does"),
        others => format!("{known}; {NAME} is subnet {}: set [chain] netuid, or --netuid", others.join(" or ")),
    }))
}

/// Rao as a number of TAO or alpha, with no needless zeros.
pub(crate) fn coins(rao: u64) -> String {
    tao(rao.into()).trim_end_matches(" TAO").to_owned()
}

#[cfg(test)]
mod tests {
    use super::coins;

    #[test]
    fn amounts_read_well() {
        let cases = [(0, "0"), (1, "0.000000001"), (500_000, "0.0005"), (1_000_000_000, "1"), (72_500_000_000, "72.5")];
        for (rao, text) in cases {
            assert_eq!(coins(rao), text);
        }
    }
}

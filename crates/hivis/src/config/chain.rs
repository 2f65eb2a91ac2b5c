//! `[chain]`, resolved.

use std::time::Duration;

use anyhow::Result;
use hivis_chain::Network;

use super::raw::{RawChain, RawEndpoints};
use super::settings::{seconds, unknown};
use crate::cli::ChainFlags;

/// Which chain, and who speaks for it.
#[derive(Clone, PartialEq, Eq)]
pub struct ChainSettings {
    /// The network.
    pub network: Network,
    /// Websocket addresses, tried in order.
    pub endpoints: Vec<String>,
    /// The subnet.
    pub netuid: u16,
    /// A head older than this, and the next endpoint is tried.
    pub stale_after: Duration,
    /// The longest wait for a connection and for each call.
    pub timeout: Duration,
}

impl std::fmt::Debug for ChainSettings {
    /// Without what may be secret in an address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let endpoints: Vec<String> = self.endpoints.iter().map(|e| hivis_chain::printable(e)).collect();
        f.debug_struct("ChainSettings")
            .field("network", &self.network)
            .field("endpoints", &endpoints)
            .field("netuid", &self.netuid)
            .field("stale_after", &self.stale_after)
            .field("timeout", &self.timeout)
            .finish()
    }
}

impl ChainSettings {
    /// Checks what was written and fills in the network's own.
    pub fn resolve(raw: &RawChain) -> Result<Self> {
        let network = match raw.network.as_deref() {
            None => Network::Finney,
            Some(name) => name.parse().map_err(|_| unknown("chain.network", name, "finney, test, local"))?,
        };
        let endpoints = raw.endpoints.as_ref().map(list).filter(|list| !list.is_empty());
        Ok(Self {
            network,
            endpoints: endpoints.unwrap_or_else(|| network.endpoints()),
            netuid: raw.netuid.unwrap_or_else(|| network.netuid()),
            stale_after: seconds("chain.stale_after_s", raw.stale_after_s.unwrap_or(180.0), 12.0..=86_400.0)?,
            timeout: seconds("chain.timeout_s", raw.timeout_s.unwrap_or(20.0), 1.0..=600.0)?,
        })
    }

    /// With flags on top. Another network than the configured one brings its own endpoints and subnet.
    #[must_use]
    pub fn with(mut self, flags: &ChainFlags) -> Self {
        if let Some(network) = flags.network.filter(|network| *network != self.network) {
            self = Self { network, endpoints: network.endpoints(), netuid: network.netuid(), ..self };
        }
        if !flags.endpoint.is_empty() {
            self.endpoints.clone_from(&flags.endpoint);
        }
        self.netuid = flags.netuid.unwrap_or(self.netuid);
        self
    }
}

fn list(raw: &RawEndpoints) -> Vec<String> {
    match raw {
        RawEndpoints::List(list) => list.clone(),
        RawEndpoints::Text(text) => {
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> RawChain {
        toml::from_str(text).expect("TOML")
    }

    #[test]
    fn a_network_brings_its_own() {
        let chain = ChainSettings::resolve(&RawChain::default()).expect("defaults");
        assert_eq!((chain.network, chain.netuid), (Network::Finney, 72));
        let test = ChainSettings::resolve(&raw("network = \"test\"")).expect("test");
        assert_eq!((test.netuid, test.endpoints), (323, Network::Test.endpoints()));
        let error = ChainSettings::resolve(&raw("network = \"main\"")).expect_err("no such network");
        assert!(crate::failure::text(&error).contains("hint: one of: finney, test, local"));
    }

    #[test]
    fn flags_win_and_another_network_leaves_the_file() {
        let text = "network = \"finney\"\nendpoints = \"wss://a, wss://b\"\nnetuid = 7";
        let chain = ChainSettings::resolve(&raw(text)).expect("good");
        assert_eq!((chain.endpoints.len(), chain.netuid), (2, 7));
        let same = ChainFlags { network: Some(Network::Finney), ..ChainFlags::default() };
        assert_eq!(chain.clone().with(&same), chain);
        let other = ChainFlags { network: Some(Network::Test), ..ChainFlags::default() };
        let test = chain.clone().with(&other);
        assert_eq!((test.endpoints, test.netuid), (Network::Test.endpoints(), 323));
        let own = ChainFlags { endpoint: vec!["ws://c".to_owned()], netuid: Some(8), ..other };
        let own = chain.with(&own);
        assert_eq!((own.endpoints, own.netuid), (vec!["ws://c".to_owned()], 8));
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let chain = ChainSettings::resolve(&raw("endpoints = [\"wss://host/hush?key=hush\"]")).expect("good");
        assert!(!format!("{chain:?}").contains("hush"));
    }
}

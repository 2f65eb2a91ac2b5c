//! Which chain, who speaks for it, and where the connection stands.

use std::sync::Arc;
use std::time::Duration;

use crate::{Fault, Network};

/// Which chain, who speaks for it, and how patient we are.
#[derive(Clone)]
pub struct ChainSettings {
    /// The network.
    pub network: Network,
    /// `ws://` and `wss://` addresses, tried in this order.
    pub endpoints: Vec<String>,
    /// The hash of block 0 that an endpoint must have; without one, the first endpoint's counts for all.
    pub genesis: Option<[u8; 32]>,
    /// The longest wait for a connection and for each call.
    pub timeout: Duration,
    /// A head older than this, or no new one for as long, and the next endpoint is tried.
    pub stale_after: Duration,
    /// The shortest and the longest pause between two tries of all endpoints.
    pub pauses: (Duration, Duration),
    /// Unix time in milliseconds.
    pub clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// Evenly drawn from 0 to 1; it spreads the pauses of many miners.
    pub random: Arc<dyn Fn() -> f64 + Send + Sync>,
}

impl ChainSettings {
    /// A network as it is known, with a clock (Unix milliseconds) and a random source (0 to 1).
    pub fn new(
        network: Network,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
        random: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            network,
            endpoints: network.endpoints(),
            genesis: network.genesis(),
            timeout: Duration::from_secs(20),
            stale_after: Duration::from_mins(3),
            pauses: (Duration::from_secs(1), Duration::from_mins(1)),
            clock: Arc::new(clock),
            random: Arc::new(random),
        }
    }
}

/// A final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// The runtime's version at it.
    pub spec: u32,
    /// The block's own time, Unix milliseconds.
    pub at_ms: u64,
}

impl Head {
    /// Seconds since the block's own time; 0 where it is ahead.
    pub fn age_s(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.at_ms) / 1000
    }
}

/// Where the connection stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The endpoint in use, without path and query.
    pub endpoint: Option<String>,
    /// Since when, Unix milliseconds.
    pub connected_since: Option<u64>,
    /// The newest final block that was seen, by whichever endpoint.
    pub head: Option<Head>,
    /// Endpoints given up so far.
    pub failures: u64,
    /// The last one given up, and why.
    pub last_fault: Option<(String, Fault)>,
}

/// An endpoint without what may be a secret: the user before the host, the path and the query.
pub fn printable(endpoint: &str) -> String {
    let (scheme, rest) = endpoint.split_once("://").map_or(("", endpoint), |(scheme, rest)| (scheme, rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") }
}

//! Nodes on loopback, and a clock that stands until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hivis_chain::{Chain, ChainSettings, Network};
use hivis_testbed::node::{FIRST_TIME_MS, Node, NodeOptions};

/// Longer than anything here takes, however busy the machine is.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// A clock in Unix milliseconds.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    /// The time of the nodes' first block.
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(FIRST_TIME_MS)))
    }

    pub(crate) fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

pub(crate) fn node() -> Node {
    of(424)
}

pub(crate) fn of(spec: u32) -> Node {
    let node = Node::start(NodeOptions { spec, ..NodeOptions::default() });
    node.seal();
    node
}

/// Settings for these endpoints: any genesis, no pause to speak of.
pub(crate) fn settings(endpoints: &[String], clock: &Clock) -> ChainSettings {
    let clock = clock.clone();
    let settings = ChainSettings::new(Network::Local, move || clock.0.load(Ordering::SeqCst), || 0.5);
    ChainSettings {
        endpoints: endpoints.to_vec(),
        timeout: Duration::from_secs(20),
        pauses: (Duration::from_millis(1), Duration::from_millis(20)),
        ..settings
    }
}

pub(crate) fn chain(nodes: &[&Node]) -> Chain {
    let endpoints: Vec<String> = nodes.iter().map(|node| node.url()).collect();
    Chain::new(settings(&endpoints, &Clock::new())).expect("good settings")
}

/// What is waited for comes in time, or the test fails.
pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.expect("it ends in time")
}

//! A node on loopback, a chain that speaks to it, and development keys.

use std::time::Duration;

use hivis_bittensor::Keypair;
use hivis_chain::intent::{Announcement, Registration};
use hivis_chain::submit::{Intent, Outcome, Patience, Step, carry_out};
use hivis_chain::{Chain, ChainError, ChainSettings, Network};
use hivis_testbed::node::{Node, NodeOptions, UNIT};

/// The subnet.
pub(crate) const NETUID: u16 = 72;

/// `//Alice` pays, `//miner` answers.
pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) chain: Chain,
    pub(crate) coldkey: Keypair,
    pub(crate) hotkey: Keypair,
}

/// With a node of this runtime; its clock is the chain's own.
pub(crate) async fn world(spec: u32) -> World {
    let node = Node::start(NodeOptions { spec, ..NodeOptions::default() });
    let chain = Chain::connect(settings(&node)).await.expect("a chain");
    let key = |uri| Keypair::from_uri(uri).expect("a key");
    World { node, chain, coldkey: key("//Alice"), hotkey: key("//miner") }
}

/// How to reach this node.
pub(crate) fn settings(node: &Node) -> ChainSettings {
    let clock = node.clone();
    let settings = ChainSettings::new(Network::Local, move || clock.read(|state| state.time_ms), || 0.5);
    let pauses = (Duration::from_millis(10), Duration::from_millis(50));
    ChainSettings { endpoints: vec![node.url()], timeout: Duration::from_secs(5), pauses, ..settings }
}

/// Short, so that a test of silence is short.
pub(crate) const PATIENCE: Patience =
    Patience { silence: Duration::from_millis(400), outage: Duration::from_secs(5), tries: 3 };

impl World {
    /// A registration of the hotkey for at most 2 TAO.
    pub(crate) fn registration(&self) -> Registration {
        Registration { netuid: NETUID, hotkey: self.hotkey.public(), coldkey: self.coldkey.public(), cap: 2 * UNIT }
    }

    /// An announcement of 8.8.8.8 at this port.
    pub(crate) fn announcement(&self, port: u16) -> Announcement {
        let ip = "8.8.8.8".parse().expect("an address");
        let axon = hivis_chain::extrinsic::Axon { ip, port, version: 10_005_000 };
        Announcement { netuid: NETUID, hotkey: self.hotkey.public(), axon: Some(axon) }
    }

    /// Carries out while blocks come every 10 ms; the steps are handed back.
    pub(crate) async fn carry<I: Intent>(
        &self,
        intent: &I,
        keypair: &Keypair,
        mut on: impl FnMut(&Step) + Send,
    ) -> (Result<Outcome, ChainError>, Vec<Step>) {
        self.node.auto(Duration::from_millis(10));
        let mut steps = Vec::new();
        let mut note = |step: Step| {
            on(&step);
            steps.push(step);
        };
        let limit = Duration::from_secs(30);
        let done = tokio::time::timeout(limit, carry_out(&self.chain, intent, keypair, PATIENCE, &mut note)).await;
        self.node.stop();
        (done.expect("an end within the limit"), steps)
    }

    /// Registers the hotkey.
    pub(crate) async fn register(&self) {
        let (done, _) = self.carry(&self.registration(), &self.coldkey, |_| {}).await;
        assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?}");
    }

    /// What the coldkey has, rao.
    pub(crate) fn balance(&self) -> u64 {
        self.node.read(|state| state.account(&self.coldkey.public()).free)
    }
}

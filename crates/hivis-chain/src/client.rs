//! A chain as its endpoints speak for it: one connection at a time, the next endpoint where one fails.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use subxt::backend::{Backend, LegacyBackend};
use subxt::client::{Blocks, OnlineClient, OnlineClientAtBlock};
use subxt::config::substrate::H256;
use subxt::config::{Config, RpcConfigFor};
use subxt::rpcs::RpcClient;
use subxt::rpcs::methods::legacy::LegacyRpcMethods;
use tokio::sync::{Mutex, watch};

use crate::line::{Line, short};
use crate::settings::printable;
use crate::{ChainConfig, ChainError, ChainSettings, Fault, Head, Status, read};

/// A head so many seconds ahead of our clock means that one of the two is wrong; no clock in order is.
const AHEAD_S: u64 = 120;

/// The chain at one final block; everything read through it belongs to that block.
pub type At = OnlineClientAtBlock<ChainConfig>;

/// A chain; cheap to clone, all clones share one connection.
#[derive(Clone)]
pub struct Chain {
    inner: Arc<Inner>,
}

struct Inner {
    settings: ChainSettings,
    /// Holds the genesis hash that is demanded, and the metadata by runtime version, whichever endpoint told it.
    config: OnceLock<ChainConfig>,
    turn: Mutex<Turn>,
    status: watch::Sender<Status>,
}

/// Whose turn it is. The lock is held while an endpoint is tried, so that all wait for one connection.
#[derive(Default)]
struct Turn {
    live: Option<Live>,
    next: usize,
}

/// An endpoint that proved itself.
#[derive(Clone)]
pub(crate) struct Live {
    index: usize,
    line: Arc<Line>,
    client: OnlineClient<ChainConfig>,
}

impl Live {
    /// Gives the endpoint up: the next call of anyone goes to another.
    pub(crate) fn blame(&self, fault: Fault) {
        self.line.blame(fault);
    }

    /// The line's own fault, or else what an answer looked like.
    pub(crate) fn fault(&self, error: &dyn std::fmt::Display) -> Fault {
        self.line.fault().unwrap_or_else(|| Fault::Garbage { reason: short(&error.to_string()) })
    }

    /// The node's calls by name.
    pub(crate) fn rpc(&self) -> LegacyRpcMethods<RpcConfigFor<ChainConfig>> {
        LegacyRpcMethods::new(RpcClient::new(Arc::clone(&self.line)))
    }

    /// All final blocks from now on.
    pub(crate) async fn blocks(&self) -> Result<Blocks<ChainConfig>, Fault> {
        self.client.stream_blocks().await.map_err(|e| self.fault(&e))
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown: Vec<String> = self.inner.settings.endpoints.iter().map(|e| printable(e)).collect();
        f.debug_struct("Chain").field("network", &self.inner.settings.network).field("endpoints", &shown).finish()
    }
}

impl Chain {
    /// Checks the settings; nothing is connected before the first call.
    pub fn new(settings: ChainSettings) -> Result<Self, ChainError> {
        let wrong = |endpoint: &str| ChainError::Address { endpoint: printable(endpoint) };
        let websocket = |e: &&String| !(e.starts_with("ws://") || e.starts_with("wss://")) || e.ends_with("://");
        if settings.endpoints.is_empty() {
            return Err(wrong(""));
        }
        if let Some(endpoint) = settings.endpoints.iter().find(websocket) {
            return Err(wrong(endpoint));
        }
        let config = settings.genesis.map_or_else(OnceLock::new, |hash| OnceLock::from(of_chain(H256(hash))));
        let inner = Inner { settings, config, turn: Mutex::default(), status: watch::channel(Status::default()).0 };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// As [`Chain::new`], and the first endpoint that proves itself is connected.
    pub async fn connect(settings: ChainSettings) -> Result<Self, ChainError> {
        let chain = Self::new(settings)?;
        chain.live().await?;
        Ok(chain)
    }

    /// What it was made of.
    pub fn settings(&self) -> &ChainSettings {
        &self.inner.settings
    }

    /// The hash of block 0: the one demanded, or the one that the first endpoint told.
    pub fn genesis(&self) -> Option<[u8; 32]> {
        self.inner.config.get().and_then(Config::genesis_hash).map(|hash| hash.0)
    }

    /// Where the connection stands.
    pub fn status(&self) -> Status {
        self.inner.status.borrow().clone()
    }

    /// Tells each change of [`Chain::status`].
    pub fn statuses(&self) -> watch::Receiver<Status> {
        self.inner.status.subscribe()
    }

    /// A client of an endpoint that proved itself. It ends with its connection: ask anew for each piece of work.
    pub async fn online(&self) -> Result<OnlineClient<ChainConfig>, ChainError> {
        Ok(self.live().await?.client)
    }

    /// The newest final block.
    pub async fn at_head(&self) -> Result<At, ChainError> {
        Ok(self.head().await?.1)
    }

    /// Reads at the newest final block. Where the endpoint fails midway, all is read anew from the next one.
    pub async fn read<T>(&self, job: impl AsyncFn(&At) -> Result<T, ChainError>) -> Result<T, ChainError> {
        let mut left = self.inner.settings.endpoints.len();
        loop {
            let (live, at) = self.head().await?;
            match job(&at).await {
                Err(error @ ChainError::Answer { .. }) if left > 0 => {
                    live.blame(live.fault(&error));
                    left -= 1;
                }
                done => return done,
            }
        }
    }

    /// How long to wait before the next try, after `failed` tries in a row: doubling, and spread by chance.
    pub fn pause(&self, failed: u32) -> Duration {
        let (least, most) = self.inner.settings.pauses;
        let full = least.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(most);
        full.mul_f64(0.5 + 0.5 * (self.inner.settings.random)().clamp(0.0, 1.0))
    }

    /// The newest final block, and who told it.
    pub(crate) async fn head(&self) -> Result<(Live, At), ChainError> {
        let mut left = self.inner.settings.endpoints.len();
        loop {
            let live = self.live().await?;
            match self.look(&live).await {
                Ok(at) => return Ok((live, at)),
                Err(fault) if left > 0 => live.blame(fault),
                Err(fault) => {
                    live.blame(fault.clone());
                    let tried = vec![(self.shown(live.index), fault)];
                    return Err(ChainError::NoEndpoint { network: self.inner.settings.network, tried });
                }
            }
            left -= 1;
        }
    }

    /// The endpoint in use, or the next one that proves itself; each is tried once.
    pub(crate) async fn live(&self) -> Result<Live, ChainError> {
        let settings = &self.inner.settings;
        let mut turn = self.inner.turn.lock().await;
        if let Some(live) = turn.live.take() {
            match live.line.fault() {
                None => {
                    turn.live = Some(live.clone());
                    return Ok(live);
                }
                Some(fault) => {
                    self.failed(live.index, &fault);
                    turn.next = live.index + 1;
                }
            }
        }
        let mut tried = Vec::new();
        for step in 0..settings.endpoints.len() {
            let index = (turn.next + step) % settings.endpoints.len();
            match Box::pin(self.open(index)).await {
                Ok(live) => {
                    turn.next = index;
                    turn.live = Some(live.clone());
                    return Ok(live);
                }
                Err(fault) => {
                    self.failed(index, &fault);
                    tried.push((self.shown(index), fault));
                }
            }
        }
        turn.next = 0;
        // Should all of them deny a block that was final, the chain was rolled back, or the one that told it lied: it is
        // forgotten after this one refusal.
        if tried.iter().any(|(_, fault)| matches!(fault, Fault::Forked { .. })) {
            tracing::error!(network = %settings.network, "a final block is gone from all endpoints");
            self.inner.status.send_modify(|status| status.head = None);
        }
        Err(ChainError::NoEndpoint { network: settings.network, tried })
    }

    /// Connects to an endpoint and has it prove itself: the right chain, no other past, a fresh head.
    async fn open(&self, index: usize) -> Result<Live, Fault> {
        let settings = &self.inner.settings;
        let line = Line::open(&settings.endpoints[index], settings.timeout).await?;
        let told = |error: &dyn std::fmt::Display| {
            line.fault().unwrap_or_else(|| Fault::Garbage { reason: short(&error.to_string()) })
        };
        let backend: LegacyBackend<ChainConfig> = LegacyBackend::builder().build(RpcClient::new(Arc::clone(&line)));
        let genesis = backend.genesis_hash().await.map_err(|e| told(&e))?;
        // The configuration holds the demanded hash from here on, so that nothing is ever signed for another chain.
        let config = self.inner.config.get().cloned().unwrap_or_else(|| of_chain(genesis));
        let wanted = config.genesis_hash().unwrap_or(genesis);
        if genesis != wanted {
            return Err(Fault::OtherChain { genesis: format!("{genesis:?}"), wanted: format!("{wanted:?}") });
        }
        let seen = self.inner.status.borrow().head;
        if let Some(seen) = seen {
            let there = backend.block_number_to_hash(seen.number).await.map_err(|e| told(&e))?;
            if there.is_some_and(|block| block.hash().0 != seen.hash) {
                return Err(Fault::Forked { block: seen.number });
            }
        }
        let client = OnlineClient::from_backend_with_config(config.clone(), Arc::new(backend)).await;
        let live = Live { index, client: client.map_err(|e| told(&e))?, line };
        let at = self.look(&live).await?;
        let _ = self.inner.config.set(config);
        let (endpoint, now) = (self.shown(index), (settings.clock)());
        tracing::info!(endpoint, block = at.block_number(), spec = at.spec_version(), "connected to the chain");
        self.inner.status.send_modify(|status| {
            status.endpoint = Some(endpoint);
            status.connected_since = Some(now);
        });
        Ok(live)
    }

    /// The endpoint's newest final block, when it is fresh.
    async fn look(&self, live: &Live) -> Result<At, Fault> {
        // Boxed, as subxt's future is some ten kilobytes, and callers' would be.
        let at = Box::pin(live.client.at_current_block()).await.map_err(|e| live.fault(&e))?;
        self.fresh(live, &at).await?;
        Ok(at)
    }

    /// Compares the block's own time with the clock, and keeps the newest block for [`Status`].
    pub(crate) async fn fresh(&self, live: &Live, at: &At) -> Result<Head, Fault> {
        let at_ms = read::block_time(at).await.map_err(|e| live.fault(&e))?;
        let head = Head { number: at.block_number(), hash: at.block_hash().0, spec: at.spec_version(), at_ms };
        let (now, patience) = ((self.inner.settings.clock)(), self.inner.settings.stale_after.as_secs());
        let by = at_ms.saturating_sub(now) / 1000;
        if head.age_s(now) > patience {
            return Err(Fault::Stale { age: head.age_s(now), block: head.number });
        }
        if by > AHEAD_S {
            return Err(Fault::Ahead { by });
        }
        self.inner.status.send_if_modified(|status| {
            let newer = status.head.is_none_or(|seen| seen.number < head.number);
            if let Some(seen) = status.head.filter(|seen| newer && seen.spec != head.spec) {
                tracing::info!(from = seen.spec, to = head.spec, block = head.number, "the runtime was upgraded");
            }
            if newer {
                status.head = Some(head);
            }
            newer
        });
        Ok(head)
    }

    fn failed(&self, index: usize, fault: &Fault) {
        let endpoint = self.shown(index);
        tracing::warn!(endpoint, %fault, "an endpoint of the chain is given up");
        self.inner.status.send_modify(|status| {
            status.failures += 1;
            if status.endpoint.as_ref() == Some(&endpoint) {
                (status.endpoint, status.connected_since) = (None, None);
            }
            status.last_fault = Some((endpoint, fault.clone()));
        });
    }

    fn shown(&self, index: usize) -> String {
        printable(&self.inner.settings.endpoints[index])
    }
}

fn of_chain(genesis: H256) -> ChainConfig {
    ChainConfig::builder().set_genesis_hash(genesis).build()
}

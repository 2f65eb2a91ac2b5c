//! A subtensor node on loopback: JSON-RPC over websocket with the real metadata, one chain made block by block, and faults
//! on demand. The official Python client and `subxt` both take it for a node.
//!
//! The model: a [`State`] says what the chain knows, in its own names; the metadata of the runtime in force turns it into
//! storage and into answers of runtime calls. Extrinsics are checked as a node does and change the state when a block is
//! sealed. Nothing happens by itself unless [`Node::auto`] says so.
//!
//! It does not execute the chain's code: fees, weights and emission are constants, and no stake moves.

mod blocks;
mod dispatch;
mod encode;
mod extrinsics;
mod faults;
mod genesis;
#[cfg(test)]
mod golden;
mod rpc;
mod runtime;
mod runtime_calls;
mod server;
mod state;
mod storage;
mod views;
mod world;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

pub use blocks::BLOCK_MS;
pub use faults::Faults;
pub use genesis::{FIRST_BLOCK, FIRST_TIME_MS, VALIDATORS, development, validator};
pub use state::{Account, Axon, Commitment, Key, Neuron, State, Subnet, UNIT};

use blocks::Chain;
use extrinsics::Anchors as _;
use runtime::Runtime;
use world::{Shared, World, lock};

/// How a node starts.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// The runtime: 424, 461, or 462 (461 with `pow_register`).
    pub spec: u32,
    /// The port on loopback; 0 takes a free one.
    pub port: u16,
    /// The genesis hash; `None` takes that of our own block 0.
    pub genesis: Option<[u8; 32]>,
    /// What `system_chain` says.
    pub name: String,
    /// Unix milliseconds for new blocks; `None` counts on by [`BLOCK_MS`].
    pub clock: Option<fn() -> u64>,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self { spec: 424, port: 0, genesis: None, name: "Bittensor".to_owned(), clock: None }
    }
}

/// A running node. It ends with the last of its handles.
#[derive(Clone)]
pub struct Node {
    address: SocketAddr,
    world: Shared,
    every: watch::Sender<Option<Duration>>,
    _alive: Arc<oneshot::Sender<()>>,
}

impl Node {
    /// Starts one on loopback, on a thread of its own. The world holds subnets 0, 1, 72 and 323, and `//Alice`, `//Bob` and
    /// `//Charlie` with 1,000 TAO each.
    pub fn start(options: NodeOptions) -> Self {
        let mut chain = Chain::new(genesis::state(options.spec), options.genesis);
        chain.clock = options.clock;
        let world: Shared = Arc::new(Mutex::new(World::new(chain, options.name)));
        let (alive, ended) = oneshot::channel::<()>();
        let (every, auto) = watch::channel(None);
        let (send, receive) = std::sync::mpsc::channel();
        let inner = world.clone();
        let serve = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind(("127.0.0.1", options.port)).await.expect("a port");
                send.send(listener.local_addr().expect("an address")).expect("the test waits");
                tokio::select! {
                    () = server::serve(listener, inner.clone()) => {}
                    () = seal_on(inner, auto) => {}
                    _ = ended => {}
                }
            });
        };
        std::thread::Builder::new().name("node".to_owned()).spawn(serve).expect("a thread");
        let address = receive.recv().expect("the node starts");
        Self { address, world, every, _alive: Arc::new(alive) }
    }

    /// `ws://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The true genesis hash.
    pub fn genesis(&self) -> [u8; 32] {
        lock(&self.world).chain.genesis()
    }

    /// The number of the best block.
    pub fn head(&self) -> u32 {
        self.read(|state| state.number)
    }

    /// Makes the next block and finalises all up to it; gives its number.
    pub fn seal(&self) -> u32 {
        self.on_chain(|chain| {
            chain.seal();
            chain.finalise();
        })
    }

    /// Makes the next block, best but not final; gives its number.
    pub fn seal_best(&self) -> u32 {
        self.on_chain(|chain| {
            chain.seal();
        })
    }

    /// Makes the best block final.
    pub fn finalise(&self) {
        self.on_chain(Chain::finalise);
    }

    /// Leaves the last `depth` blocks, which must not be final, for one empty block on their parent; so the best number goes
    /// back by `depth - 1`. Their extrinsics return to the pool, or are `lost`. Gives the new best number.
    pub fn reorganise(&self, depth: u32, lost: bool) -> u32 {
        self.on_chain(|chain| {
            chain.reorganise(depth, lost);
        })
    }

    /// The next block changes the runtime.
    pub fn upgrade(&self, spec: u32) {
        // A spec that there is not fails here, not in the server's thread.
        Runtime::of(spec);
        self.on_chain(|chain| chain.upgrade = Some(spec));
    }

    /// Blocks to come are stamped so many milliseconds later, or earlier.
    pub fn shift_time(&self, ms: i64) {
        self.on_chain(|chain| chain.shift_ms += ms);
    }

    /// Seals and finalises a block each time this passes.
    pub fn auto(&self, every: Duration) {
        self.every.send_replace(Some(every));
    }

    /// Stops [`Self::auto`]: the head grows stale.
    pub fn stop(&self) {
        self.every.send_replace(None);
    }

    /// Reads the state of the best block.
    pub fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        let state = lock(&self.world).chain.state();
        read(&state)
    }

    /// Changes the state of the best block, seen at once.
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        lock(&self.world).chain.change(change);
    }

    /// Sets or clears faults.
    pub fn faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut lock(&self.world).faults);
    }

    /// Drops all connections now.
    pub fn cut(&self) {
        lock(&self.world).cut();
    }

    /// How many are connected.
    pub fn connections(&self) -> usize {
        lock(&self.world).connections()
    }

    /// How often a method was called.
    pub fn called(&self, method: &str) -> usize {
        lock(&self.world).called.get(method).copied().unwrap_or(0)
    }

    /// How many extrinsics wait in the pool.
    pub fn pending(&self) -> usize {
        lock(&self.world).chain.pool.len()
    }

    /// How many extrinsics were ever accepted into the pool.
    pub fn accepted(&self) -> usize {
        lock(&self.world).chain.accepted.len()
    }

    /// The key of a storage entry (or of all that begin with these keys), for [`Faults::storage`].
    pub fn storage_key(&self, pallet: &str, entry: &str, keys: &[Value]) -> Vec<u8> {
        let runtime = Runtime::of(self.read(|state| state.spec));
        runtime.storage_key(pallet, entry, keys).unwrap_or_else(|| panic!("there is no {pallet}.{entry}"))
    }

    fn on_chain(&self, change: impl FnOnce(&mut Chain)) -> u32 {
        let mut world = lock(&self.world);
        change(&mut world.chain);
        world.publish();
        world.chain.number(&world.chain.head)
    }
}

/// Seals blocks while it is told to.
async fn seal_on(world: Shared, mut auto: watch::Receiver<Option<Duration>>) {
    loop {
        let every = *auto.borrow_and_update();
        let wait = async {
            match every {
                Some(every) => tokio::time::sleep(every).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = auto.changed() => if changed.is_err() { return },
            () = wait => {
                let mut world = lock(&world);
                world.chain.seal();
                world.chain.finalise();
                world.publish();
            }
        }
    }
}

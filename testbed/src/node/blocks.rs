//! Blocks, the pool before them, and forks.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use sp_crypto_hashing::blake2_256;
use subxt::config::substrate::{Digest, H256, SubstrateHeader};
use subxt::ext::codec::Encode as _;

use super::extrinsics::{self, Anchors, Refusal, Signed};
use super::runtime::Runtime;
use super::state::{State, hex_key};
use super::{dispatch, storage};

/// Milliseconds from block to block.
pub const BLOCK_MS: u64 = 12_000;
/// Blocks behind the head whose state is kept.
const KEPT: u32 = 512;
/// Blocks whose hashes the state itself keeps.
const RECENT: u32 = 8;

type Storage = BTreeMap<Vec<u8>, Vec<u8>>;

/// One block.
pub(crate) struct Block {
    pub header: SubstrateHeader<H256>,
    pub extrinsics: Vec<Vec<u8>>,
    /// After the block; `None` when it was discarded.
    pub state: Option<Arc<State>>,
    pub runtime: Arc<Runtime>,
    storage: OnceLock<Arc<Storage>>,
}

impl Block {
    /// Its storage, rendered when first asked for.
    pub(crate) fn storage(&self) -> Option<Arc<Storage>> {
        let state = self.state.as_ref()?;
        Some(self.storage.get_or_init(|| Arc::new(storage::render(state, &self.runtime))).clone())
    }
}

/// What subscribers hear of.
pub(crate) enum News {
    Best(H256),
    Final(H256),
    Upgraded,
    /// An extrinsic's status.
    Status(H256, Value),
}

/// The chain with its forks.
pub(crate) struct Chain {
    pub blocks: BTreeMap<H256, Block>,
    /// The best chain by number.
    pub best: BTreeMap<u32, H256>,
    pub head: H256,
    pub finalised: H256,
    pub pool: Vec<Signed>,
    /// Everything ever accepted, in order.
    pub accepted: Vec<H256>,
    pub news: Vec<News>,
    /// The runtime that the next block changes to.
    pub upgrade: Option<u32>,
    /// What is added to the time of the blocks to come, ms.
    pub shift_ms: i64,
    pub clock: Option<fn() -> u64>,
    genesis: H256,
}

impl Anchors for Chain {
    fn genesis(&self) -> [u8; 32] {
        self.genesis.0
    }

    fn hash_of(&self, number: u32) -> Option<[u8; 32]> {
        self.best.get(&number).map(|hash| hash.0)
    }
}

impl Chain {
    /// Block 0, with this hash if one is given, and then `state` as the first block that is kept.
    pub(crate) fn new(state: State, genesis: Option<[u8; 32]>) -> Self {
        let zero = header(H256::zero(), 0, &[], &state);
        let genesis = genesis.map_or_else(|| H256(blake2_256(&zero.encode())), H256);
        let runtime = Runtime::of(state.spec);
        let block = |header, state| Block {
            header,
            extrinsics: Vec::new(),
            state: Some(Arc::new(state)),
            runtime: runtime.clone(),
            storage: OnceLock::new(),
        };
        let first = header(genesis, state.number, &[], &state);
        let (number, head) = (state.number, H256(blake2_256(&first.encode())));
        let early = State { number: 0, events: Vec::new(), ..state.clone() };
        Self {
            blocks: BTreeMap::from([(genesis, block(zero, early)), (head, block(first, state))]),
            best: BTreeMap::from([(0, genesis), (number, head)]),
            head,
            finalised: head,
            pool: Vec::new(),
            accepted: Vec::new(),
            news: Vec::new(),
            upgrade: None,
            shift_ms: 0,
            clock: None,
            genesis,
        }
    }

    pub(crate) fn block(&self, hash: &H256) -> &Block {
        self.blocks.get(hash).expect("a block of the chain")
    }

    /// The head's state.
    pub(crate) fn state(&self) -> Arc<State> {
        self.block(&self.head).state.clone().expect("the head keeps its state")
    }

    /// Changes the head's state in place.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut State)) {
        let block = self.blocks.get_mut(&self.head).expect("the head");
        change(Arc::make_mut(block.state.as_mut().expect("the head keeps its state")));
        block.storage = OnceLock::new();
    }

    /// Whether the next block could hold an extrinsic.
    pub(crate) fn check(&self, bytes: &[u8]) -> Result<(), Refusal> {
        let state = self.state();
        let signed = extrinsics::open(bytes, &self.block(&self.head).runtime, state.number, self)?;
        extrinsics::validate(&signed, &state)
    }

    /// Takes an extrinsic into the pool.
    pub(crate) fn submit(&mut self, bytes: &[u8]) -> Result<H256, Refusal> {
        let state = self.state();
        let signed = extrinsics::open(bytes, &self.block(&self.head).runtime, state.number, self)?;
        let hash = H256(signed.hash);
        match extrinsics::validate(&signed, &state) {
            Ok(()) => self.news.push(News::Status(hash, json!("ready"))),
            Err(Refusal::Future) => self.news.push(News::Status(hash, json!("future"))),
            Err(refusal) => return Err(refusal),
        }
        let rival = self.pool.iter().position(|p| p.who == signed.who && p.nonce == signed.nonce);
        if let Some(at) = rival {
            let loser = self.pool.remove(at);
            self.news.push(News::Status(H256(loser.hash), json!({ "usurped": hash })));
        }
        self.pool.push(signed);
        self.accepted.push(hash);
        Ok(hash)
    }

    /// Whether one with the same account and nonce waits already and pays no less: a node then refuses with 1014.
    pub(crate) fn outranked(&self, bytes: &[u8]) -> bool {
        let head = self.block(&self.head);
        let Ok(new) = extrinsics::open(bytes, &head.runtime, head.header.number as u32, self) else { return false };
        self.pool.iter().any(|p| p.who == new.who && p.nonce == new.nonce && p.tip >= new.tip)
    }

    /// Makes the next block on the head; it is best and not final.
    pub(crate) fn seal(&mut self) -> H256 {
        let parent = self.head;
        let mut state = State::clone(&self.state());
        state.events.clear();
        state.recent.insert(state.number, parent.0);
        state.number += 1;
        state.recent = state.recent.split_off(&state.number.saturating_sub(RECENT));
        let planned = self.clock.map_or(state.time_ms + BLOCK_MS, |clock| clock());
        state.time_ms = planned.saturating_add_signed(self.shift_ms);
        if self.clock.is_none() {
            self.shift_ms = 0;
        }
        if let Some(spec) = self.upgrade.take() {
            state.spec = spec;
            state.happened(None, &json!({ "System": "CodeUpdated" }));
            self.news.push(News::Upgraded);
        }
        let runtime = Runtime::of(state.spec);
        let mut body = vec![extrinsics::inherent(&runtime, state.time_ms)];
        succeeded(&mut state, 0, true);
        let mut held = Vec::new();
        let mut pool = std::mem::take(&mut self.pool);
        pool.sort_by_key(|signed| signed.nonce);
        for signed in pool {
            // What was signed for another runtime has a bad signature now.
            let checked = extrinsics::open(&signed.bytes, &runtime, state.number - 1, self);
            match checked.and_then(|signed| extrinsics::validate(&signed, &state)) {
                Err(Refusal::Future) => self.pool.push(signed),
                Err(_) => self.news.push(News::Status(H256(signed.hash), json!("invalid"))),
                Ok(()) => {
                    execute(&mut state, &runtime, &signed, body.len() as u32);
                    held.push(H256(signed.hash));
                    body.push(signed.bytes);
                }
            }
        }
        let header = header(parent, state.number, &body, &state);
        let hash = H256(blake2_256(&header.encode()));
        let number = state.number;
        let state = Some(Arc::new(state));
        self.blocks.insert(hash, Block { header, extrinsics: body, state, runtime, storage: OnceLock::new() });
        self.best.insert(number, hash);
        self.head = hash;
        self.news.push(News::Best(hash));
        self.news.extend(held.into_iter().map(|xt| News::Status(xt, json!({ "inBlock": hash }))));
        if let Some(old) = number.checked_sub(KEPT).and_then(|n| self.best.get(&n)) {
            self.blocks.get_mut(old).expect("a block of the chain").state = None;
        }
        hash
    }

    /// Makes everything up to the head final.
    pub(crate) fn finalise(&mut self) {
        let from = self.number(&self.finalised) + 1;
        let upto = self.number(&self.head);
        for hash in (from..=upto).filter_map(|n| self.best.get(&n).copied()).collect::<Vec<_>>() {
            self.finalised = hash;
            self.news.push(News::Final(hash));
            for xt in self.held(&hash) {
                self.news.push(News::Status(xt, json!({ "finalized": hash })));
            }
        }
    }

    /// Leaves the last `depth` blocks for one empty block on their common parent. Their extrinsics go back into the pool,
    /// or are `lost`.
    pub(crate) fn reorganise(&mut self, depth: u32, lost: bool) -> H256 {
        let mut back = Vec::new();
        for _ in 0..depth {
            assert_ne!(self.head, self.finalised, "a final block is never left");
            let block = self.block(&self.head);
            let (number, parent) = (block.header.number as u32, block.header.parent_hash);
            back.extend(block.extrinsics.iter().skip(1).cloned());
            for xt in self.held(&self.head) {
                self.news.push(News::Status(xt, json!({ "retracted": self.head })));
            }
            self.best.remove(&number);
            self.head = parent;
        }
        let waiting = std::mem::take(&mut self.pool);
        // A fork's time differs, and with it the block's hash.
        self.shift_ms += 1;
        let hash = self.seal();
        self.pool = waiting;
        for bytes in back {
            let state = self.state();
            let opened = extrinsics::open(&bytes, &self.block(&hash).runtime, state.number, self);
            if let (Ok(signed), false) = (opened, lost) {
                self.pool.push(signed);
            }
        }
        hash
    }

    pub(crate) fn number(&self, hash: &H256) -> u32 {
        self.block(hash).header.number as u32
    }

    /// The hashes of a block's signed extrinsics.
    fn held(&self, hash: &H256) -> Vec<H256> {
        self.block(hash).extrinsics.iter().skip(1).map(|bytes| H256(blake2_256(bytes))).collect()
    }
}

/// Takes the fee, does the call or nothing of it, and notes how it went.
fn execute(state: &mut State, runtime: &Runtime, signed: &Signed, index: u32) {
    let fee = extrinsics::fee(&signed.call) + signed.tip;
    let account = state.accounts.entry(signed.who).or_default();
    account.nonce += 1;
    account.free -= fee;
    let mut after = state.clone();
    let done = dispatch::apply(&mut after, &signed.who, &signed.call, index);
    if done.is_ok() {
        *state = after;
    }
    if fee > 0 {
        let paid = json!({ "who": hex_key(&signed.who), "actual_fee": fee, "tip": signed.tip });
        state.happened(Some(index), &json!({ "TransactionPayment": { "TransactionFeePaid": paid } }));
    }
    match done {
        Ok(()) => succeeded(state, index, fee > 0),
        Err(failure) => {
            let info = dispatch_info(fee > 0);
            let failed = json!({ "dispatch_error": failure.encode(runtime), "dispatch_info": info });
            state.happened(Some(index), &json!({ "System": { "ExtrinsicFailed": failed } }));
        }
    }
}

fn succeeded(state: &mut State, index: u32, pays: bool) {
    let info = json!({ "dispatch_info": dispatch_info(pays) });
    state.happened(Some(index), &json!({ "System": { "ExtrinsicSuccess": info } }));
}

fn dispatch_info(pays: bool) -> Value {
    json!({ "weight": { "ref_time": 200_000_000, "proof_size": 3000 }, "class": "Normal",
        "pays_fee": if pays { "Yes" } else { "No" } })
}

/// A header; the roots are hashes of what they stand for, by a rule of our own.
fn header(parent: H256, number: u32, body: &[Vec<u8>], state: &State) -> SubstrateHeader<H256> {
    let hashes: Vec<u8> = body.iter().flat_map(|bytes| blake2_256(bytes)).collect();
    SubstrateHeader {
        parent_hash: parent,
        number: number.into(),
        state_root: H256(blake2_256(&(number, state.spec, state.time_ms).encode())),
        extrinsics_root: H256(blake2_256(&hashes)),
        digest: Digest { logs: Vec::new() },
    }
}

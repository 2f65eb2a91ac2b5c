//! What the chain knows, as one model for all runtimes. Tests read and change it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A public key.
pub type Key = [u8; 32];

/// The smallest units of one TAO, and of one alpha.
pub const UNIT: u64 = 1_000_000_000;

/// The chain's state after a block.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The runtime: 424, 461, or 462 (461 with `pow_register`).
    pub spec: u32,
    /// The block.
    pub number: u32,
    /// `Timestamp.Now`, Unix milliseconds.
    pub time_ms: u64,
    /// Balances and nonces.
    pub accounts: BTreeMap<Key, Account>,
    /// Coldkey of each hotkey.
    pub owners: BTreeMap<Key, Key>,
    /// Subnets by netuid.
    pub subnets: BTreeMap<u16, Subnet>,
    /// Hashes of the last blocks before this one, which a proof of work is made for.
    pub recent: BTreeMap<u32, [u8; 32]>,
    /// What happened in this block, as `System.Events` holds it.
    pub events: Vec<Value>,
}

/// Money and order of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Free balance, rao.
    pub free: u64,
    /// The next extrinsic's nonce.
    pub nonce: u32,
}

/// One subnet.
#[derive(Clone, Debug, PartialEq)]
pub struct Subnet {
    /// `SubnetIdentityV3` by its field names; null when the owner set none.
    pub identity: Value,
    /// Token symbol.
    pub symbol: String,
    /// Hotkey and coldkey of the owner.
    pub owner: (Key, Key),
    /// The block it came to be.
    pub registered_at: u64,
    /// The last payout's block.
    pub last_step: u64,
    /// Hyperparameters, by the names of `SubnetHyperparams` and `Metagraph`.
    pub params: Map<String, Value>,
    /// What a registration costs, rao.
    pub burn: u64,
    /// The pool: TAO in, alpha in, alpha out (rao).
    pub pool: (u64, u64, u64),
    /// All neurons; the index is the uid.
    pub neurons: Vec<Neuron>,
    /// `Commitments.CommitmentOf` by hotkey.
    pub commitments: BTreeMap<Key, Commitment>,
}

/// One registered key.
#[derive(Clone, Debug, PartialEq)]
pub struct Neuron {
    /// Who asks or answers.
    pub hotkey: Key,
    /// Who owns it.
    pub coldkey: Key,
    /// Whether it set weights of late.
    pub active: bool,
    /// Whether it may be a validator.
    pub permit: bool,
    /// Alpha staked, rao.
    pub alpha_stake: u64,
    /// TAO staked, rao.
    pub tao_stake: u64,
    /// Of 65535.
    pub incentive: u16,
    /// Of 65535.
    pub dividends: u16,
    /// Of 65535.
    pub consensus: u16,
    /// Alpha of the last payout, rao.
    pub emission: u64,
    /// The block of its registration.
    pub registered_at: u64,
    /// The block of its last update.
    pub last_update: u64,
    /// What it announced.
    pub axon: Option<Axon>,
}

/// `AxonInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the chain's own names")]
pub struct Axon {
    pub block: u64,
    pub version: u32,
    pub ip: u128,
    pub port: u16,
    pub ip_type: u8,
    pub protocol: u8,
    pub placeholder1: u8,
    pub placeholder2: u8,
}

/// What a key published.
#[derive(Clone, Debug, PartialEq)]
pub struct Commitment {
    /// When.
    pub block: u32,
    /// `CommitmentInfo` as decoded: `{"fields": [{"Raw5": "0x.."}]}`.
    pub info: Value,
}

impl State {
    /// The account of a key; a new one is empty.
    pub fn account(&self, key: &Key) -> Account {
        self.accounts.get(key).copied().unwrap_or_default()
    }

    /// Sets a key's free balance, rao.
    pub fn set_balance(&mut self, key: Key, free: u64) {
        self.accounts.entry(key).or_default().free = free;
    }

    /// A subnet that must exist.
    pub fn subnet(&self, netuid: u16) -> &Subnet {
        self.subnets.get(&netuid).unwrap_or_else(|| panic!("there is no subnet {netuid}"))
    }

    /// A subnet that must exist, to change.
    pub fn subnet_mut(&mut self, netuid: u16) -> &mut Subnet {
        self.subnets.get_mut(&netuid).unwrap_or_else(|| panic!("there is no subnet {netuid}"))
    }

    /// Notes something that happened; `phase` is the extrinsic's index.
    pub(crate) fn happened(&mut self, phase: Option<u32>, event: &Value) {
        let phase = phase.map_or(json!("Initialization"), |index| json!({ "ApplyExtrinsic": index }));
        self.events.push(json!({ "phase": phase, "event": event, "topics": [] }));
    }
}

impl Subnet {
    /// The uid of a hotkey.
    pub fn uid(&self, hotkey: &Key) -> Option<u16> {
        self.neurons.iter().position(|n| n.hotkey == *hotkey).map(|at| at as u16)
    }

    /// The neuron of a hotkey.
    pub fn neuron(&self, hotkey: &Key) -> Option<&Neuron> {
        self.neurons.iter().find(|n| n.hotkey == *hotkey)
    }

    /// A hyperparameter that is a number.
    pub fn param(&self, name: &str) -> u64 {
        self.params.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    /// Sets a hyperparameter.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.params.insert(name.to_owned(), value.into());
    }

    /// Rao for one alpha.
    pub fn price(&self) -> u64 {
        let (tao, alpha, _) = self.pool;
        (u128::from(tao) * u128::from(UNIT) / u128::from(alpha.max(1))) as u64
    }

    /// Moves the pool so that one alpha costs `rao`.
    pub fn set_price(&mut self, rao: u64) {
        self.pool.0 = (u128::from(rao) * u128::from(self.pool.1) / u128::from(UNIT)) as u64;
    }
}

impl Neuron {
    /// The stake that counts: alpha, and TAO at the chain's weight of 18%.
    pub fn total_stake(&self) -> u64 {
        self.alpha_stake + (u128::from(self.tao_stake) * 18 / 100) as u64
    }
}

/// A key as the JSON of the encoder names it.
pub(crate) fn hex_key(key: &Key) -> Value {
    json!(format!("0x{}", hex::encode(key)))
}

/// The key in decoded JSON.
pub(crate) fn key_of(value: &Value) -> Option<Key> {
    hex::decode(value.as_str()?.strip_prefix("0x")?).ok()?.try_into().ok()
}

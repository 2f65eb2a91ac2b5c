//! An extrinsic as it comes: decoded by metadata, its signature verified over the exact payload.

use serde_json::{Value, json};
use sp_crypto_hashing::blake2_256;

use super::encode::unprefixed;
use super::runtime::Runtime;
use super::state::{Key, State};

/// Why the pool does not take an extrinsic.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// It does not decode; a node's code 1001.
    BadFormat(String),
    /// Its nonce was used; this and the following are a node's code 1010.
    Stale,
    /// The signature is not of this payload: key, versions, genesis or era differ.
    BadProof,
    /// Less money than the fee.
    Payment,
    /// Its era is over, or began at a block that there is not.
    Ancient,
    /// The runtime's own code.
    Custom(u8),
    /// Its nonce lies ahead: it waits.
    Future,
}

impl Refusal {
    /// The node's own words.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::BadFormat(why) => return format!("Extrinsic has invalid format: {why}"),
            Self::Custom(code) => return format!("Custom error: {code}"),
            Self::Stale => "Transaction is outdated",
            Self::BadProof => "Transaction has a bad signature",
            Self::Payment => "Inability to pay some fees (e.g. account balance too low)",
            Self::Ancient => "Transaction has an ancient birth block",
            Self::Future => "Transaction will be valid in the future",
        }
        .to_owned()
    }

    /// The variant of `InvalidTransaction`.
    pub(crate) fn variant(&self) -> Value {
        match self {
            Self::BadFormat(_) => json!("Call"),
            Self::Custom(code) => json!({ "Custom": code }),
            Self::Stale => json!("Stale"),
            Self::BadProof => json!("BadProof"),
            Self::Payment => json!("Payment"),
            Self::Ancient => json!("AncientBirthBlock"),
            Self::Future => json!("Future"),
        }
    }
}

/// One that decoded and whose signature is good.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub hash: [u8; 32],
    pub bytes: Vec<u8>,
    pub who: Key,
    pub nonce: u32,
    pub tip: u64,
    pub call: Value,
    /// The last block that may hold it; `None` when immortal.
    pub dies: Option<u32>,
}

/// What the payload is bound to besides the extrinsic's own bytes.
pub(crate) trait Anchors {
    /// The chain's genesis hash.
    fn genesis(&self) -> [u8; 32];
    /// The hash of a block of the best chain.
    fn hash_of(&self, number: u32) -> Option<[u8; 32]>;
}

/// Decodes a version 4 extrinsic and verifies its signature. `head` is the newest block.
pub(crate) fn open(bytes: &[u8], runtime: &Runtime, head: u32, anchors: &dyn Anchors) -> Result<Signed, Refusal> {
    let bad = |why: &str| Refusal::BadFormat(why.to_owned());
    let inner = unprefixed(bytes).ok_or_else(|| bad("its length is wrong"))?;
    let rest = inner.strip_prefix(&[0x84, 0x00]).ok_or_else(|| bad("not version 4, signed, by account"))?;
    let (who, rest) = rest.split_first_chunk::<32>().ok_or_else(|| bad("no account"))?;
    let rest = rest.strip_prefix(&[0x01]).ok_or_else(|| bad("no sr25519 signature"))?;
    let (signature, rest) = rest.split_first_chunk::<64>().ok_or_else(|| bad("no signature"))?;

    let extensions = runtime.metadata.extrinsic().transaction_extensions_by_version(0).ok_or_else(|| bad("version"))?;
    let extensions: Vec<_> = extensions.collect();
    let mut input = rest;
    let (mut era, mut nonce, mut tip) = (Era::Immortal, 0, 0);
    for extension in &extensions {
        let before = input;
        let value = runtime.decode(extension.extra_ty(), &mut input).map_err(|e| bad(&e))?;
        match extension.identifier() {
            "CheckMortality" => era = Era::read(&before[..before.len() - input.len()]),
            "CheckNonce" => nonce = value.as_u64().unwrap_or(0) as u32,
            "ChargeTransactionPayment" => tip = value.as_u64().unwrap_or(0),
            _ => {}
        }
    }
    let (extra, call) = rest.split_at(rest.len() - input.len());

    let born = era.born(head);
    let anchor = born.map_or(Some(anchors.genesis()), |number| anchors.hash_of(number)).ok_or(Refusal::Ancient)?;
    let mut payload = [call, extra].concat();
    for extension in &extensions {
        let value = match extension.identifier() {
            "CheckSpecVersion" => json!(runtime.spec),
            "CheckTxVersion" => json!(runtime.transaction),
            "CheckGenesis" => json!(format!("0x{}", hex::encode(anchors.genesis()))),
            "CheckMortality" => json!(format!("0x{}", hex::encode(anchor))),
            _ => Value::Null,
        };
        payload.extend(runtime.encode(extension.additional_ty(), &value));
    }
    let payload = if payload.len() > 256 { blake2_256(&payload).to_vec() } else { payload };
    if !hivis_bittensor::verify(who, &payload, signature) {
        return Err(Refusal::BadProof);
    }
    let mut input = call;
    let call = runtime.decode(runtime.metadata.outer_enums().call_enum_ty(), &mut input).map_err(|e| bad(&e))?;
    if !input.is_empty() {
        return Err(bad("bytes follow the call"));
    }
    let dies = era.dies(born);
    Ok(Signed { hash: blake2_256(bytes), bytes: bytes.to_vec(), who: *who, nonce, tip, call, dies })
}

/// The call of an extrinsic, signed or not; whether the signature is good does not matter.
pub(crate) fn call_of(bytes: &[u8], runtime: &Runtime) -> Result<Value, Refusal> {
    let bad = |why: &str| Refusal::BadFormat(why.to_owned());
    let inner = unprefixed(bytes).unwrap_or(bytes);
    let mut input = match inner {
        [0x84, 0x00, rest @ ..] => rest.get(97..).ok_or_else(|| bad("it ends early"))?,
        [0x04, rest @ ..] => rest,
        _ => return Err(bad("its version")),
    };
    if inner[0] == 0x84 {
        let extensions = runtime.metadata.extrinsic().transaction_extensions_by_version(0);
        for extension in extensions.into_iter().flatten() {
            runtime.decode(extension.extra_ty(), &mut input).map_err(|e| bad(&e))?;
        }
    }
    runtime.decode(runtime.metadata.outer_enums().call_enum_ty(), &mut input).map_err(|e| bad(&e))
}

/// Whether a block after `state` may hold it.
pub(crate) fn validate(signed: &Signed, state: &State) -> Result<(), Refusal> {
    let account = state.account(&signed.who);
    if signed.dies.is_some_and(|last| state.number >= last) {
        return Err(Refusal::Ancient);
    }
    if signed.nonce < account.nonce {
        return Err(Refusal::Stale);
    }
    let fee = fee(&signed.call) + signed.tip;
    if fee > account.free {
        return Err(Refusal::Payment);
    }
    if let Some(code) = super::dispatch::refused_early(state, &signed.who, &signed.call) {
        return Err(Refusal::Custom(code));
    }
    if signed.nonce > account.nonce { Err(Refusal::Future) } else { Ok(()) }
}

/// Calls of the hotkey are free; the others cost about what they do on finney, rao.
pub(crate) fn fee(call: &Value) -> u64 {
    let free =
        [("SubtensorModule", "serve_axon"), ("SubtensorModule", "pow_register"), ("Commitments", "set_commitment")];
    let is = |(pallet, name): &(&str, &str)| call.get(pallet).is_some_and(|c| c.get(name).is_some());
    if free.iter().any(is) { 0 } else { 136_000 }
}

/// How long an extrinsic lives.
#[derive(Clone, Copy)]
enum Era {
    Immortal,
    Mortal { period: u32, phase: u32 },
}

impl Era {
    fn read(bytes: &[u8]) -> Self {
        let &[low, high] = bytes else { return Self::Immortal };
        let encoded = u32::from(u16::from_le_bytes([low, high]));
        let period = 2 << (encoded % 16);
        Self::Mortal { period, phase: (encoded >> 4) * (period >> 12).max(1) }
    }

    /// The block whose hash was signed, seen from `head`.
    fn born(self, head: u32) -> Option<u32> {
        let Self::Mortal { period, phase } = self else { return None };
        Some((head.max(phase) - phase) / period * period + phase)
    }

    fn dies(self, born: Option<u32>) -> Option<u32> {
        let Self::Mortal { period, .. } = self else { return None };
        Some(born? + period)
    }
}

/// The bare extrinsic that each block begins with.
pub(crate) fn inherent(runtime: &Runtime, time_ms: u64) -> Vec<u8> {
    let call = runtime.call(&json!({ "Timestamp": { "set": { "now": time_ms } } }));
    super::encode::prefixed(&[&[4], &call[..]].concat())
}

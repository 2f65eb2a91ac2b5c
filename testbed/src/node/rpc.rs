//! The JSON-RPC methods.

use serde_json::{Value, json};
use subxt::config::substrate::H256;

use super::blocks::Block;
use super::extrinsics::{Anchors as _, Refusal};
use super::runtime::Runtime;
use super::runtime_calls;
use super::world::{Topic, World};

/// Code, message, and data.
pub(crate) type Failed = (i64, String, Option<String>);
type Answer = Result<Value, Failed>;

const METHODS: [&str; 36] = [
    "author_pendingExtrinsics",
    "author_submitAndWatchExtrinsic",
    "author_submitExtrinsic",
    "author_unwatchExtrinsic",
    "chain_getBlock",
    "chain_getBlockHash",
    "chain_getFinalizedHead",
    "chain_getHead",
    "chain_getHeader",
    "chain_subscribeAllHeads",
    "chain_subscribeFinalizedHeads",
    "chain_subscribeNewHeads",
    "chain_unsubscribeAllHeads",
    "chain_unsubscribeFinalizedHeads",
    "chain_unsubscribeNewHeads",
    "payment_queryInfo",
    "rpc_methods",
    "state_call",
    "state_getKeysPaged",
    "state_getMetadata",
    "state_getRuntimeVersion",
    "state_getStorage",
    "state_getStorageAt",
    "state_queryStorageAt",
    "state_subscribeRuntimeVersion",
    "state_subscribeStorage",
    "state_unsubscribeRuntimeVersion",
    "state_unsubscribeStorage",
    "system_accountNextIndex",
    "system_chain",
    "system_chainType",
    "system_health",
    "system_name",
    "system_properties",
    "system_version",
    "account_nextIndex",
];

/// An error as a client sees it.
pub(crate) fn error(id: &Value, (code, message, data): &Failed) -> Value {
    let mut error = json!({ "code": code, "message": message });
    if let Some(data) = data {
        error["data"] = json!(data);
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": error })
}

/// A subscription's name.
pub(crate) fn subscription_name(id: u64) -> String {
    format!("s{id}")
}

/// Does one call of a connection.
pub(crate) fn call(world: &mut World, connection: u64, method: &str, params: &Value) -> Answer {
    let text = |at: usize| params.get(at).and_then(Value::as_str);
    let head = world.chain.head;
    match method {
        "rpc_methods" => Ok(json!({ "methods": METHODS[..] })),
        "system_chain" => Ok(json!(world.name)),
        "system_chainType" => Ok(json!("Local")),
        "system_name" => Ok(json!("hivis loopback node")),
        "system_version" => Ok(json!(env!("CARGO_PKG_VERSION"))),
        "system_properties" => Ok(json!({ "ss58Format": 42, "tokenDecimals": 9, "tokenSymbol": "TAO" })),
        "system_health" => Ok(json!({ "peers": 0, "isSyncing": false, "shouldHavePeers": false })),
        "system_accountNextIndex" | "account_nextIndex" => next_index(world, text(0)),
        "chain_getBlockHash" => Ok(block_hash(world, &params[0])),
        "chain_getHead" => Ok(json!(head)),
        "chain_getFinalizedHead" => Ok(json!(world.chain.finalised)),
        "chain_getHeader" => Ok(block(world, &params[0])?.map_or(Value::Null, |b| json!(b.header))),
        "chain_getBlock" => Ok(block(world, &params[0])?.map_or(Value::Null, |b| {
            let extrinsics: Vec<String> = b.extrinsics.iter().map(|x| hex(x)).collect();
            json!({ "block": { "header": b.header, "extrinsics": extrinsics }, "justifications": null })
        })),
        "chain_subscribeNewHeads" => Ok(heads(world, connection, Topic::Best, head)),
        "chain_subscribeAllHeads" => Ok(heads(world, connection, Topic::All, head)),
        "chain_subscribeFinalizedHeads" => Ok(heads(world, connection, Topic::Final, world.chain.finalised)),
        "state_subscribeRuntimeVersion" => {
            let id = world.subscribe(connection, Topic::Version);
            Ok(opened(world, id, version(&world.chain.block(&head).runtime)))
        }
        "state_subscribeStorage" => {
            let keys = keys(&params[0]);
            let now = changes(world, &keys, &head, false).unwrap_or(Value::Null);
            let id = world.subscribe(connection, Topic::Storage(keys));
            Ok(opened(world, id, now))
        }
        _ if method.contains("_unsubscribe") || method == "author_unwatchExtrinsic" => {
            let id = text(0).and_then(|t| t.strip_prefix('s')?.parse().ok());
            Ok(json!(id.is_some_and(|id| world.unsubscribe(id))))
        }
        "state_getMetadata" => Ok(json!(hex(&at(world, &params[0])?.runtime.raw[&15]))),
        "state_getRuntimeVersion" => Ok(version(&at(world, &params[0])?.runtime)),
        "state_getStorage" | "state_getStorageAt" => {
            let key = bytes(text(0).unwrap_or_default());
            at(world, &params[1])?;
            Ok(stored(world, &key, &hash_of(world, &params[1])?).map_or(Value::Null, |v| json!(hex(&v))))
        }
        "state_queryStorageAt" => {
            let hash = hash_of(world, &params[1])?;
            at(world, &params[1])?;
            Ok(json!([changes(world, &keys(&params[0]), &hash, false)]))
        }
        "state_getKeysPaged" => keys_paged(world, params),
        "state_call" => {
            let name = text(0).unwrap_or_default();
            if let Some(garbage) = world.faults.calls.get(name) {
                return Ok(json!(hex(garbage)));
            }
            let block = at(world, &params[2])?;
            runtime_calls::call(block, &world.chain, name, &bytes(text(1).unwrap_or_default()))
                .map(|out| json!(hex(&out)))
        }
        "payment_queryInfo" => {
            let input = bytes(text(0).unwrap_or_default());
            let fee = runtime_calls::fee_of(&world.chain, &input).map_err(|e| refused(&e))?;
            let weight = json!({ "ref_time": 200_000_000, "proof_size": 3000 });
            Ok(json!({ "weight": weight, "class": "normal", "partialFee": fee.to_string() }))
        }
        "author_pendingExtrinsics" => Ok(world.chain.pool.iter().map(|x| json!(hex(&x.bytes))).collect()),
        "author_submitExtrinsic" => Ok(json!(submit(world, &bytes(text(0).unwrap_or_default()))?)),
        "author_submitAndWatchExtrinsic" => {
            let hash = submit(world, &bytes(text(0).unwrap_or_default()))?;
            Ok(json!(subscription_name(world.subscribe(connection, Topic::Extrinsic(hash)))))
        }
        _ => Err((-32601, "Method not found".to_owned(), None)),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// Bytes of hex; a node takes it with `0x` and without.
fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).unwrap_or_default()
}

fn keys(list: &Value) -> Vec<Vec<u8>> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(bytes).collect()
}

/// The runtime version in the names of JSON-RPC.
pub(crate) fn version(runtime: &Runtime) -> Value {
    let v = runtime.version();
    json!({
        "specName": v["spec_name"], "implName": v["impl_name"], "authoringVersion": v["authoring_version"],
        "specVersion": v["spec_version"], "implVersion": v["impl_version"], "apis": v["apis"],
        "transactionVersion": v["transaction_version"], "stateVersion": v["system_version"],
    })
}

/// The hash in a parameter; the head's where there is none.
fn hash_of(world: &World, param: &Value) -> Result<H256, Failed> {
    match param {
        Value::Null => Ok(world.chain.head),
        given => serde_json::from_value(given.clone()).map_err(|e| (-32602, format!("Invalid params: {e}"), None)),
    }
}

fn block<'a>(world: &'a World, param: &Value) -> Result<Option<&'a Block>, Failed> {
    Ok(world.chain.blocks.get(&hash_of(world, param)?))
}

/// A block whose state is there.
fn at<'a>(world: &'a World, param: &Value) -> Result<&'a Block, Failed> {
    let found = block(world, param)?.filter(|b| b.state.is_some());
    found.ok_or_else(|| (4003, format!("Client error: UnknownBlock: State already discarded for {param}"), None))
}

fn block_hash(world: &World, param: &Value) -> Value {
    let one = |number: &Value| match number {
        Value::Null => json!(world.chain.head),
        number => {
            let text = number.as_str().and_then(|t| u64::from_str_radix(t.strip_prefix("0x")?, 16).ok());
            match number.as_u64().or(text) {
                Some(0) => json!(world.faults.genesis.map_or_else(|| H256(world.chain.genesis()), H256)),
                number => json!(number.and_then(|n| world.chain.best.get(&(n as u32)))),
            }
        }
    };
    match param {
        Value::Array(list) => list.iter().map(one).collect(),
        single => one(single),
    }
}

fn next_index(world: &World, address: Option<&str>) -> Answer {
    let key = address.and_then(|a| hivis_bittensor::ss58::decode(a).ok());
    let key = key.ok_or_else(|| (-32602, "Invalid params: no address".to_owned(), None))?;
    let mut nonce = world.chain.state().account(&key).nonce;
    while world.chain.pool.iter().any(|p| p.who == key && p.nonce == nonce) {
        nonce += 1;
    }
    Ok(json!(nonce))
}

/// Opens a subscription to heads; a node tells the present one at once.
fn heads(world: &mut World, connection: u64, topic: Topic, now: H256) -> Value {
    let header = json!(world.chain.block(&now).header);
    let id = world.subscribe(connection, topic);
    opened(world, id, header)
}

/// The name of a new subscription, and its first notification right behind.
fn opened(world: &mut World, id: u64, first: Value) -> Value {
    world.first.push((id, first));
    json!(subscription_name(id))
}

/// What lies under a key, with its fault.
fn stored(world: &World, key: &[u8], hash: &H256) -> Option<Vec<u8>> {
    if let Some(garbage) = world.faults.storage.get(key) {
        return Some(garbage.clone());
    }
    world.chain.blocks.get(hash)?.storage()?.get(key).cloned()
}

/// A change set of the keys at a block; with `only_new`, `None` where the block changed none of them.
pub(crate) fn changes(world: &World, keys: &[Vec<u8>], hash: &H256, only_new: bool) -> Option<Value> {
    let parent = world.chain.blocks.get(hash)?.header.parent_hash;
    let new = |key: &&Vec<u8>| !only_new || stored(world, key, hash) != stored(world, key, &parent);
    let pair = |key: &Vec<u8>| json!([hex(key), stored(world, key, hash).map(|v| hex(&v))]);
    let changes: Vec<Value> = keys.iter().filter(new).map(pair).collect();
    (!only_new || !changes.is_empty()).then(|| json!({ "block": hash, "changes": changes }))
}

fn keys_paged(world: &World, params: &Value) -> Answer {
    let text = |at: usize| params.get(at).and_then(Value::as_str);
    let prefix = bytes(text(0).unwrap_or_default());
    let count = params[1].as_u64().unwrap_or(100).min(1000) as usize;
    let from = text(2).map_or_else(|| prefix.clone(), bytes);
    let storage = at(world, &params[3])?.storage().unwrap_or_default();
    let after = |key: &&Vec<u8>| text(2).is_none() || **key > from;
    let page = storage.range(from.clone()..).map(|(key, _)| key).filter(after);
    Ok(page.take_while(|key| key.starts_with(&prefix)).take(count).map(|key| json!(hex(key))).collect())
}

fn refused(refusal: &Refusal) -> Failed {
    let detail = refusal.detail();
    match refusal {
        Refusal::BadFormat(_) => (1001, detail, None),
        _ => (1010, "Invalid Transaction".to_owned(), Some(detail)),
    }
}

fn submit(world: &mut World, input: &[u8]) -> Result<H256, Failed> {
    let hash = H256(sp_crypto_hashing::blake2_256(input));
    if world.chain.pool.iter().any(|p| p.bytes == input) {
        let again = (1013, "Transaction Already Imported".to_owned(), Some(format!("{hash:?}")));
        return if world.faults.twice { Ok(hash) } else { Err(again) };
    }
    if world.chain.accepted.contains(&hash) && !world.faults.twice {
        return Err((1012, "Transaction is temporarily banned".to_owned(), None));
    }
    if world.faults.swallow > 0 {
        world.faults.swallow -= 1;
        return Ok(hash);
    }
    let outranked = world.chain.outranked(input);
    if outranked {
        let detail = "The transaction has too low priority to replace another transaction already in the pool.";
        return Err((1014, "Priority is too low: (0 vs 0)".to_owned(), Some(detail.to_owned())));
    }
    let hash = world.chain.submit(input).map_err(|e| refused(&e))?;
    if world.faults.cut_on_submit > 0 {
        world.faults.cut_on_submit -= 1;
        world.cut();
    }
    Ok(hash)
}

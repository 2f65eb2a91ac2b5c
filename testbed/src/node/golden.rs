//! The encoder and the verifier against the vectors of `chain*`.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::dispatch::{self, Failure};
use super::encode::bytes;
use super::extrinsics::{self, Anchors, Refusal};
use super::genesis;
use super::runtime::Runtime;
use super::state::{hex_key, key_of};
use crate::golden::folders;

fn read(folder: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(name)).expect("a readable file");
    serde_json::from_str(&text).expect("JSON")
}

/// An address as the encoder takes it; anything else as it is.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => hivis_bittensor::ss58::decode(text).map_or_else(|_| value.clone(), |key| hex_key(&key)),
        Value::Array(all) => all.iter().map(plain).collect(),
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), plain(v))).collect::<Map<_, _>>()),
        other => other.clone(),
    }
}

#[test]
fn golden_values_are_the_same_bytes_again() {
    for folder in folders("chain") {
        let runtime = Runtime::of(461);
        let all = read(&folder, "decode.json");
        for vector in all.as_array().expect("a list") {
            let ty = vector["type_id"].as_u64().expect("a type") as u32;
            let scale = bytes(vector["scale"].as_str().expect("hex"));
            let mut rest = &scale[..];
            let value = runtime.decode(ty, &mut rest).expect("it decodes");
            assert!(rest.is_empty(), "{}", vector["type"]);
            assert_eq!(runtime.encode(ty, &value), scale, "{}", vector["type"]);
        }
    }
}

#[test]
fn golden_storage_keys_are_equal_under_all_runtimes() {
    for folder in folders("chain") {
        for vector in read(&folder, "storage-keys.json").as_array().expect("a list") {
            let text = |name: &str| vector[name].as_str().expect("text").to_owned();
            let keys: Vec<Value> = vector["params"].as_array().expect("keys").iter().map(plain).collect();
            for spec in [424, 461, 462] {
                let key = Runtime::of(spec).storage_key(&text("pallet"), &text("entry"), &keys).expect("an entry");
                assert_eq!(key, bytes(&text("key")), "{} under {spec}", text("entry"));
            }
        }
    }
}

/// The chain that a vector was signed for.
struct Vector {
    genesis: [u8; 32],
    era: [u8; 32],
}

impl Anchors for Vector {
    fn genesis(&self) -> [u8; 32] {
        self.genesis
    }

    fn hash_of(&self, _: u32) -> Option<[u8; 32]> {
        Some(self.era)
    }
}

#[test]
fn golden_extrinsics_open_and_altered_ones_do_not() {
    for folder in folders("chain") {
        for spec in [424, 461] {
            let runtime = Runtime::of(spec);
            let file = read(&folder, &format!("extrinsics-{spec}.json"));
            for vector in file["vectors"].as_array().expect("a list") {
                let hash = |value: &Value| key_of(value).expect("a hash");
                let chain = Vector { genesis: hash(&file["genesis_hash"]), era: hash(&vector["era_block_hash"]) };
                let head = vector["era"]["current"].as_u64().unwrap_or(1) as u32;
                let raw = bytes(vector["extrinsic_hex"].as_str().expect("hex"));
                let opened = extrinsics::open(&raw, &runtime, head, &chain).expect("a good signature");
                assert_eq!(hex_key(&opened.hash), vector["extrinsic_hash"]);
                assert_eq!(hex_key(&opened.who), vector["signer_public_key"]);
                assert_eq!(json!([opened.nonce, opened.tip]), json!([vector["nonce"], vector["tip"]]));
                assert_eq!(runtime.call(&opened.call), bytes(vector["call_hex"].as_str().expect("hex")));
                assert_eq!(opened.dies, vector["era"]["period"].as_u64().map(|p| head + p as u32));

                let other = Vector { genesis: [7; 32], ..chain };
                assert_eq!(extrinsics::open(&raw, &runtime, head, &other).err(), Some(Refusal::BadProof));
                let mut altered = raw.clone();
                altered[50] ^= 1;
                assert_eq!(extrinsics::open(&altered, &runtime, head, &chain).err(), Some(Refusal::BadProof));
                let unknown = extrinsics::open(&raw[..raw.len() - 1], &runtime, head, &chain);
                assert!(matches!(unknown, Err(Refusal::BadFormat(_))));
            }
        }
    }
}

#[test]
fn golden_seals_register_and_others_do_not() {
    for folder in folders("chain") {
        for vector in read(&folder, "pow-seal.json").as_array().expect("a list") {
            let key = |name: &str| key_of(&plain(&vector[name])).expect("32 bytes");
            let netuid = vector["netuid"].as_u64().expect("a subnet") as u16;
            let mut state = genesis::state(462);
            let (at, who) = (state.number, key("coldkey"));
            state.recent.insert(at, key("block_hash"));
            state.subnet_mut(netuid).set("pow_registration_allowed", true);
            state.subnet_mut(netuid).set("min_difficulty", 1);
            state.subnet_mut(netuid).set("difficulty", vector["difficulty"].clone());
            let args = |nonce: u64| {
                json!({ "netuid": netuid, "work_block": at, "nonce": nonce, "work": vector["seal"],
                    "hotkey": hex_key(&key("hotkey")) })
            };
            let call = |nonce| json!({ "SubtensorModule": { "pow_register": args(nonce) } });
            let nonce = vector["first_nonce_from_zero"].as_u64().expect("a nonce");
            let fails = |name| Err(Failure::Module("SubtensorModule", name));
            assert_eq!(dispatch::apply(&mut state.clone(), &who, &call(nonce + 1), 1), fails("InvalidSeal"));
            let mut harder = state.clone();
            harder.subnet_mut(netuid).set("difficulty", u64::MAX >> 2);
            assert_eq!(dispatch::apply(&mut harder, &who, &call(nonce), 1), fails("InvalidDifficulty"));
            let mut later = state.clone();
            later.number += 6;
            assert_eq!(dispatch::apply(&mut later, &who, &call(nonce), 1), fails("InvalidWorkBlock"));
            assert_eq!(dispatch::apply(&mut state, &who, &call(nonce), 1), Ok(()));
            assert!(state.subnet(netuid).uid(&key("hotkey")).is_some());
            let bytes = Runtime::of(462).call(&call(nonce));
            assert_eq!(bytes.len(), 2 + 2 + 8 + 8 + 33 + 32);
        }
    }
}

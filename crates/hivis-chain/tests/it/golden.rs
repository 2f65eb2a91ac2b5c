//! The vectors of `chain*` folders.

use std::io::Read;
use std::path::Path;

use hivis_bittensor::ss58;
use hivis_chain::offline::{self, Offline};
use hivis_testbed::golden;
use serde_json::Value as Json;
use subxt::dynamic::Value;
use subxt::ext::scale_value::{Composite, Primitive, ValueDef};

/// Finney's genesis hash, as `chain/README.md` gives it.
const GENESIS: &str = "2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03";

const RUNTIMES: [(&str, u32); 3] = [
    ("finney-metadata.scale", 424),
    ("finney-metadata-v15.scale.gz", 424),
    ("subtensor-461-metadata-v15.scale.gz", 461),
];

/// The runtime that a metadata file holds; `.gz` is unpacked.
fn runtime(file: &Path, spec: u32) -> Offline {
    let bytes = std::fs::read(file).expect("a readable file");
    let bytes = if file.extension().is_some_and(|e| e == "gz") {
        let mut all = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut all).expect("gzip");
        all
    } else {
        bytes
    };
    let genesis = hex::decode(GENESIS).expect("hex").try_into().expect("32 bytes");
    offline::runtime(&bytes, spec, 1, genesis).expect("metadata")
}

/// JSON whose numbers may be wider than 64 bits: those come as text.
fn json(file: &Path) -> Json {
    let text = std::fs::read_to_string(file).expect("a readable file");
    let mut out = String::with_capacity(text.len());
    let (mut within, mut number) = (false, String::new());
    for c in text.chars() {
        if !within && (c.is_ascii_digit() || c == '-') {
            number.push(c);
            continue;
        }
        let quote = if number.len() < 19 { "" } else { "\"" };
        out.extend([quote, &number, quote]);
        number.clear();
        within ^= c == '"';
        out.push(c);
    }
    serde_json::from_str(&out).expect("JSON")
}

fn bytes(hex: &Json) -> Vec<u8> {
    hex::decode(hex.as_str().expect("text").trim_start_matches("0x")).expect("hex")
}

/// Whether a value is what the vectors write for it: keys as ss58, bytes as text or hex, an option's content bare.
fn same(value: &Value, want: &Json) -> bool {
    match (&value.value, want) {
        (ValueDef::Variant(v), Json::Null) => v.name == "None",
        (ValueDef::Variant(v), _) if v.name == "Some" => v.values.values().all(|inner| same(inner, want)),
        (ValueDef::Variant(v), Json::String(name)) if v.values.is_empty() => v.name == *name,
        (ValueDef::Variant(v), Json::Object(map)) => {
            map.len() == 1
                && map.get(&v.name).is_some_and(|want| {
                    let inner: Vec<&Value> = v.values.values().collect();
                    match (inner.as_slice(), &v.values) {
                        ([one], Composite::Unnamed(_)) => same(one, want),
                        _ => same_composite(&v.values, want),
                    }
                })
        }
        (ValueDef::Primitive(Primitive::Bool(got)), Json::Bool(want)) => got == want,
        (ValueDef::Primitive(Primitive::U128(got)), Json::Number(want)) => got.to_string() == want.to_string(),
        (ValueDef::Primitive(Primitive::I128(got)), Json::Number(want)) => got.to_string() == want.to_string(),
        (ValueDef::Primitive(Primitive::U128(got)), Json::String(want)) => got.to_string() == *want,
        (ValueDef::Primitive(Primitive::I128(got)), Json::String(want)) => {
            // The vectors write a signed number's bits.
            got.to_string() == *want || got.cast_unsigned().to_string() == *want
        }
        (ValueDef::Composite(composite), _) => same_composite(composite, want),
        _ => false,
    }
}

fn same_composite(composite: &Composite<()>, want: &Json) -> bool {
    let values: Vec<&Value> = composite.values().collect();
    match (composite, want) {
        (Composite::Named(fields), Json::Object(map)) => {
            fields.len() == map.len()
                && fields.iter().all(|(name, value)| map.get(name).is_some_and(|want| same(value, want)))
        }
        (Composite::Named(fields), _) if fields.len() == 1 => same(&fields[0].1, want),
        (Composite::Unnamed(_), Json::Array(list)) if list.len() == values.len() => {
            values.iter().zip(list).all(|(value, want)| same(value, want))
        }
        (Composite::Unnamed(_), Json::String(text)) if values.len() != 1 || flat(composite).is_some() => {
            flat(composite).is_some_and(|bytes| {
                let key = <[u8; 32]>::try_from(&bytes[..]).is_ok_and(|key| ss58::encode(&key).as_str() == text);
                key || *text == format!("0x{}", hex::encode(&bytes)) || text.as_bytes() == bytes
            })
        }
        // A wrapper without a name.
        (Composite::Unnamed(_), _) if values.len() == 1 => same(values[0], want),
        _ => false,
    }
}

/// A list of bytes, whatever it is wrapped in.
fn flat(composite: &Composite<()>) -> Option<Vec<u8>> {
    let values: Vec<&Value> = composite.values().collect();
    if let [Value { value: ValueDef::Composite(inner), .. }] = values.as_slice() {
        return flat(inner);
    }
    values.iter().map(|v| v.as_u128().and_then(|n| u8::try_from(n).ok())).collect()
}

/// A parameter of a vector as an argument.
fn argument(json: &Json) -> Value {
    match json {
        Json::String(key) => Value::from_bytes(ss58::decode(key).expect("an address")),
        number => Value::u128(number.as_u64().expect("a number").into()),
    }
}

fn arguments(json: &Json) -> Vec<Value> {
    json.as_array().expect("a list").iter().map(argument).collect()
}

#[test]
fn golden_chain_metadata_of_both_runtimes_is_read() {
    for folder in golden::folders("chain") {
        for (file, spec) in RUNTIMES {
            let at = runtime(&folder.join(file), spec);
            assert_eq!(at.spec_version(), spec);
            let pallet = at.metadata_ref().pallet_by_name("SubtensorModule").expect("the pallet");
            assert!(pallet.call_variant_by_name("register_limit").is_some(), "{file}");
        }
    }
}

#[test]
fn golden_chain_decoded_values() {
    for folder in golden::folders("chain") {
        let vectors = json(&folder.join("decode.json"));
        for (file, spec) in RUNTIMES {
            let at = runtime(&folder.join(file), spec);
            let mut count = 0;
            for row in vectors.as_array().expect("a list") {
                let name = row["type"].as_str().expect("a name");
                // A selective metagraph has the three newer fields, and no bytes of the older runtime.
                if spec == 424 && name == "SelectiveMetagraph" {
                    continue;
                }
                let path = if name == "CommitmentRegistration" {
                    "pallet_commitments::types::Registration".to_owned()
                } else {
                    format!("::{name}")
                };
                let mut types = at.metadata_ref().types().types.iter();
                let id = types.find(|t| t.ty.path.to_string().ends_with(&path)).expect("the type").id;
                let scale = if spec == 424 && row.get("scale_424").is_some() { "scale_424" } else { "scale" };
                let value = hivis_chain::value(at.metadata_ref(), id, &bytes(&row[scale])).expect(name);
                let mut want = row["decoded"].clone();
                if spec == 424 && name == "Metagraph" {
                    let map = want.as_object_mut().expect("an object");
                    map.retain(|field, _| !field.starts_with("collateral_"));
                }
                assert!(same(&value, &want), "{spec} {name}:\n{value}\n{want}");
                count += 1;
            }
            assert!(count >= 14, "{count} values under {spec}");
        }
    }
}

#[test]
fn golden_chain_recorded_answers() {
    for folder in golden::folders("chain") {
        let recorded = json(&folder.join("recorded.json"));
        for (file, spec) in RUNTIMES {
            let at = runtime(&folder.join(file), spec);
            for call in recorded["runtime_calls"].as_array().expect("a list") {
                let (api, method) = (call["api"].as_str().expect("text"), call["method"].as_str().expect("text"));
                let metadata = at.metadata_ref();
                let found = metadata.runtime_api_trait_by_name(api).and_then(|api| api.method_by_name(method));
                let id = found.unwrap_or_else(|| panic!("{spec}: no {api}.{method}")).output_ty();
                let payload = subxt::dynamic::runtime_api_call::<_, Value>(api, method, arguments(&call["params"]));
                let encoded = at.runtime_apis().encode_args(&payload).expect("arguments");
                assert_eq!(encoded, bytes(&call["encoded_params_hex"]), "{spec} {method}");
                let value = hivis_chain::value(metadata, id, &bytes(&call["raw_hex"])).expect(method);
                assert!(same(&value, &call["decoded"]), "{spec} {method}:\n{value}\n{}", call["decoded"]);
            }
            for entry in recorded["storage_values"].as_array().expect("a list") {
                let (pallet, name) = (entry["pallet"].as_str().expect("text"), entry["storage_function"].as_str());
                let name = name.expect("text");
                let found = at.storage().entry(subxt::dynamic::storage::<Vec<Value>, Value>(pallet, name));
                let found = found.unwrap_or_else(|e| panic!("{spec}: {pallet}.{name}: {e}"));
                let key = found.fetch_key(arguments(&entry["params"])).expect("a key");
                assert_eq!(key, bytes(&entry["key_hex"]), "{spec} {name}");
                let default = found.default_value();
                let id = at.metadata_ref().pallet_by_name(pallet).and_then(|p| p.storage()?.entry_by_name(name));
                let id = id.expect("the entry").value_ty();
                let raw = match &entry["raw_hex"] {
                    Json::Null => default.expect("a default").into_bytes(),
                    hex => bytes(hex),
                };
                let value = hivis_chain::value(at.metadata_ref(), id, &raw).expect(name);
                assert!(same(&value, &entry["decoded"]), "{spec} {name}:\n{value}\n{}", entry["decoded"]);
            }
        }
    }
}

#[test]
fn golden_chain_storage_keys() {
    for folder in golden::folders("chain") {
        let vectors = json(&folder.join("storage-keys.json"));
        for (file, spec) in RUNTIMES {
            let at = runtime(&folder.join(file), spec);
            for row in vectors.as_array().expect("a list") {
                let (pallet, name) = (row["pallet"].as_str().expect("text"), row["entry"].as_str().expect("text"));
                let entry = at.storage().entry(subxt::dynamic::storage::<Vec<Value>, Value>(pallet, name));
                let key = entry.expect(name).fetch_key(arguments(&row["params"])).expect("a key");
                assert_eq!(key, bytes(&row["key"]), "{spec} {pallet}.{name}");
            }
        }
    }
}

//! Calls, signed payloads and extrinsics equal the vectors, whichever way the metadata comes.

use hivis_bittensor::{Keypair, Scheme, ss58, verify};
use hivis_chain::extrinsic::{Call, Era, Runtime, Shown, Signature, Terms, Unsigned, Value};
use hivis_testbed::golden;
use serde_json::Value as Json;

use crate::runtimes::{self, FILES};

fn bytes(json: &Json) -> Vec<u8> {
    hex::decode(json.as_str().expect("a text").trim_start_matches("0x")).expect("hex")
}

fn array<const N: usize>(json: &Json) -> [u8; N] {
    bytes(json).try_into().expect("the length")
}

/// A vector's argument as a value: numbers, addresses, hex, variants of one field, and calls in a batch.
fn value(name: &str, json: &Json) -> Value {
    match json {
        Json::Number(n) => Value::u128(n.as_u64().expect("a number").into()),
        Json::String(text) if text.starts_with("0x") => Value::from_bytes(bytes(json)),
        Json::String(text) => {
            let key = Value::from_bytes(ss58::decode(text).expect("an address"));
            if name == "dest" { Value::unnamed_variant("Id", [key]) } else { key }
        }
        Json::Array(all) if name == "calls" => Value::unnamed_composite(all.iter().map(|call| {
            let (pallet, call, args) = (text(&call[0]), text(&call[1]), &call[2]);
            Value::unnamed_variant(pallet, [Value::named_variant(call, args_of(args))])
        })),
        Json::Array(all) => Value::unnamed_composite(all.iter().map(|one| value("", one))),
        Json::Object(fields) => match fields.iter().next() {
            Some((variant, inner)) if variant.starts_with(|c: char| c.is_ascii_uppercase()) => {
                Value::unnamed_variant(variant.clone(), [value("", inner)])
            }
            _ => Value::named_composite(args_of(json)),
        },
        other => panic!("{other}"),
    }
}

fn text(json: &Json) -> String {
    json.as_str().expect("a text").to_owned()
}

fn args_of(json: &Json) -> Vec<(String, Value)> {
    json.as_object().expect("arguments").iter().map(|(name, arg)| (name.clone(), value(name, arg))).collect()
}

fn call(vector: &Json) -> Call {
    let args: Vec<_> = args_of(&vector["args"]).into_iter().map(|(name, value)| (&*name.leak(), value)).collect();
    Call::new(&text(&vector["pallet"]), &text(&vector["call"]), args)
}

fn terms(vector: &Json) -> Terms {
    let era = match &vector["era"] {
        Json::String(_) => Era::Immortal,
        era => Era::mortal(
            era["period"].as_u64().expect("a period"),
            era["current"].as_u64().expect("a block"),
            array(&vector["era_block_hash"]),
        ),
    };
    let tip = vector["tip"].as_u64().expect("a tip").into();
    Terms { nonce: vector["nonce"].as_u64().expect("a nonce"), tip, era }
}

fn check(runtime: &Runtime, vector: &Json) {
    let name = &vector["name"];
    let encoded = call(vector).encode(runtime).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(encoded.as_slice(), bytes(&vector["call_hex"]), "{name}");
    assert_eq!(encoded.hash(), array(&vector["call_hash"]), "{name}");
    let unsigned = Unsigned::new(runtime, encoded, terms(vector)).expect("an extrinsic");
    assert_eq!(unsigned.extra(), bytes(&vector["extra_hex"]), "{name}");
    assert_eq!(unsigned.additional(), bytes(&vector["additional_signed_hex"]), "{name}");
    let message = unsigned.signed_bytes();
    assert_eq!(message, bytes(&vector["signed_bytes"]), "{name}");

    let (public, signature) = (array(&vector["signer_public_key"]), array(&vector["signature"]));
    assert!(verify(&public, &message, &signature), "{name}");
    let theirs = unsigned.assemble(public, Signature::Sr25519(signature)).expect("an extrinsic");
    assert_eq!(theirs.bytes, bytes(&vector["extrinsic_hex"]), "{name}");
    assert_eq!(theirs.hash, array(&vector["extrinsic_hash"]), "{name}");

    let keypair = Keypair::from_uri(vector["signer_uri"].as_str().expect("a uri")).expect("a key");
    let ours = unsigned.sign(&keypair).expect("a signature");
    assert_eq!(ours.bytes.len(), theirs.bytes.len(), "{name}");
    // All is equal but the signature itself: length, version, address and scheme before it, the rest after it.
    let at = theirs.bytes.windows(64).position(|w| w == signature).expect("the signature");
    let own: [u8; 64] = ours.bytes[at..at + 64].try_into().expect("64 bytes");
    assert!(verify(&public, &message, &own), "{name}");
    assert_eq!((&ours.bytes[..at], &ours.bytes[at + 64..]), (&theirs.bytes[..at], &theirs.bytes[at + 64..]), "{name}");
}

#[test]
fn golden_chain_extrinsics_are_equal_under_each_metadata() {
    let mut checked = 0;
    for folder in golden::folders("chain") {
        for (file, spec) in FILES {
            let runtime = runtimes::of(&runtimes::bytes(&folder.join(file)), spec);
            let vectors = std::fs::read(folder.join(format!("extrinsics-{spec}.json"))).expect("vectors");
            let vectors: Json = serde_json::from_slice(&vectors).expect("JSON");
            let listed: Vec<_> =
                vectors["signed_extensions"].as_array().expect("extensions").iter().map(text).collect();
            let own: Vec<_> = runtime
                .metadata
                .extrinsic()
                .transaction_extensions_to_use_for_encoding()
                .map(|e| e.identifier().to_owned())
                .collect();
            assert_eq!(own, listed, "{file}");
            for vector in vectors["vectors"].as_array().expect("vectors") {
                check(&runtime, vector);
                checked += 1;
            }
        }
    }
    assert!(checked == 0 || checked >= 21, "{checked}");
}

#[test]
fn an_ed25519_signature_has_its_own_mark() {
    let runtime = runtimes::newest();
    let call = Call::new("System", "remark", [("remark", Value::from_bytes(b"x"))]).encode(&runtime).expect("a call");
    let unsigned = Unsigned::new(&runtime, call, Terms { nonce: 0, tip: 0, era: Era::Immortal }).expect("an extrinsic");
    let [sr, ed] = [Signature::Sr25519([7; 64]), Signature::Ed25519([7; 64])]
        .map(|signature| unsigned.assemble([9; 32], signature).expect("an extrinsic").bytes);
    let differ: Vec<_> = sr.iter().zip(&ed).filter(|(a, b)| a != b).collect();
    assert_eq!(differ, [(&1, &0)]);
    // And a key of that scheme signs so, over the same bytes.
    let keypair = Keypair::from_seed(Scheme::Ed25519, &[5; 32]);
    let signed = unsigned.sign(&keypair).expect("a signature").bytes;
    let theirs = unsigned.assemble(keypair.public(), Signature::Ed25519([7; 64])).expect("an extrinsic").bytes;
    let at = theirs.windows(64).position(|w| w == [7; 64]).expect("the signature");
    let signature = signed[at..at + 64].try_into().expect("64 bytes");
    assert!(Scheme::Ed25519.verify(&keypair.public(), &unsigned.signed_bytes(), &signature));
    assert_eq!(signed[..at], theirs[..at]);
}

#[test]
fn a_call_is_shown_in_human_units() {
    let runtime = runtimes::newest();
    let vectors: Json =
        serde_json::from_str(include_str!("../../../../fixtures/chain/extrinsics-461.json")).expect("JSON");
    let shown: Vec<_> = vectors["vectors"]
        .as_array()
        .expect("vectors")
        .iter()
        .map(|vector| {
            let shown = Shown::of(&runtime, &call(vector).encode(&runtime).expect("a call")).expect("a text");
            let args: Vec<_> = shown.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{}.{} {}", shown.pallet, shown.call, args.join(" "))
        })
        .collect();
    let joined = shown.join("\n");
    for part in [
        "SubtensorModule.serve_axon netuid=72 version=10005000 ip=198.51.100.7 port=8091 ip_type=4",
        "ip=0.0.0.0 port=1",
        "SubtensorModule.register_limit netuid=72 hotkey=5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty \
         limit_price=2.5 TAO (2500000000 rao)",
        "Commitments.set_commitment netuid=72 info={fields: [Raw5(\"hello\")]}",
        "Sha256(0x9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4)",
        "Balances(transfer_keep_alive(dest: Id(5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty), value: 0.000000001 TAO (1 rao)))",
    ] {
        assert!(joined.contains(part), "{part}\n in\n{joined}");
    }
}

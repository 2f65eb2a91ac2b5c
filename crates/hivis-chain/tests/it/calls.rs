//! What is refused before anything is signed.

use hivis_bittensor::{Keypair, ss58};
use hivis_chain::ChainError;
use hivis_chain::extrinsic::{
    Axon, Call, Commitment, Era, Runtime, Terms, Unsigned, Value, pow, pow_register, register_limit, serve_axon,
    set_commitment, withdraw_axon,
};
use scale_info::TypeDef;

use crate::runtimes;

const TERMS: Terms = Terms { nonce: 0, tip: 0, era: Era::Immortal };

fn said(call: &Call, runtime: &Runtime) -> String {
    call.encode(runtime).expect_err("refused").to_string()
}

#[test]
fn a_missing_call_or_argument_names_the_version_and_what_exists() {
    let runtime = runtimes::newest();
    let work = pow::Work { netuid: 72, block_hash: [0; 32], hotkey: [1; 32], coldkey: [2; 32], difficulty: 1 };
    let text = said(&pow_register(&work, 7, &pow::Proof { nonce: 1, seal: [3; 32] }), &runtime);
    assert!(text.contains("spec 461") && text.contains("SubtensorModule.pow_register"), "{text}");
    assert!(text.contains("register_limit"), "{text}");
    let text = said(&Call::new("Nothing", "at_all", []), &runtime);
    assert!(text.contains("pallet Nothing") && text.contains("SubtensorModule"), "{text}");
    let netuid = || ("netuid", Value::u128(72));
    let text = said(&Call::new("SubtensorModule", "register_limit", [netuid()]), &runtime);
    assert!(text.contains("`hotkey`") && text.contains("netuid, hotkey, limit_price"), "{text}");
    let extra =
        [netuid(), ("hotkey", Value::from_bytes([0; 32])), ("limit_price", Value::u128(1)), ("tip", Value::u128(0))];
    let text = said(&Call::new("SubtensorModule", "register_limit", extra), &runtime);
    assert!(text.contains("there is no `tip`"), "{text}");
    let wide =
        [("netuid", Value::u128(70_000)), ("hotkey", Value::from_bytes([0; 32])), ("limit_price", Value::u128(1))];
    let text = said(&Call::new("SubtensorModule", "register_limit", wide), &runtime);
    assert!(text.contains("70000"), "{text}");
}

#[test]
fn register_and_burned_register_are_never_built() {
    for runtime in [runtimes::newest(), runtimes::with_pow()] {
        let burned = [("netuid", Value::u128(72)), ("hotkey", Value::from_bytes([0; 32]))];
        let worked = [
            ("netuid", Value::u128(72)),
            ("block_number", Value::u128(1)),
            ("nonce", Value::u128(1)),
            ("work", Value::from_bytes([0; 32])),
            ("hotkey", Value::from_bytes([0; 32])),
            ("coldkey", Value::from_bytes([0; 32])),
        ];
        for (name, args) in [("burned_register", burned.to_vec()), ("register", worked.to_vec())] {
            assert!(runtime.has("SubtensorModule", name), "the runtime has it, and yet");
            let alone = Call::new("SubtensorModule", name, args.clone()).encode(&runtime);
            assert!(matches!(alone, Err(ChainError::NeverBuilt { call }) if call == name), "{alone:?}");
            let inner = Value::unnamed_variant("SubtensorModule", [Value::named_variant(name, args)]);
            let nested = Value::unnamed_variant(
                "Utility",
                [Value::named_variant("batch", [("calls", Value::unnamed_composite([inner]))])],
            );
            let batch =
                Call::new("Utility", "batch_all", [("calls", Value::unnamed_composite([nested]))]).encode(&runtime);
            assert!(matches!(batch, Err(ChainError::NeverBuilt { call }) if call == name), "{batch:?}");
        }
        // And whatever the verbs build is none of the two, by the index that the chain goes by.
        let hotkey = ss58::decode(Keypair::from_uri("//Bob").expect("a key").hotkey().as_str()).expect("a key");
        let axon = Axon::new("8.8.8.8".parse().expect("an address"), 8091, 1, false).expect("an axon");
        let commitment = Commitment::new("a/b", &"0".repeat(40), [0; 32]).expect("a commitment");
        let pallet = runtime.metadata.pallet_by_name("SubtensorModule").expect("the pallet");
        let never = ["register", "burned_register"]
            .map(|name| [pallet.call_index(), pallet.call_variant_by_name(name).expect("a call").index]);
        let made =
            [register_limit(72, &hotkey, 1), serve_axon(72, &axon), withdraw_axon(72), set_commitment(72, &commitment)];
        for call in made {
            let bytes = call.encode(&runtime).expect("a call");
            assert!(never.iter().all(|never| bytes.as_slice()[..2] != never[..]), "{call:?}");
        }
    }
}

#[test]
fn the_typed_calls_equal_the_vectors() {
    let runtime = runtimes::newest();
    let hex = |call: &Call| hex::encode(call.encode(&runtime).expect("a call").as_slice());
    let axon = Axon { ip: "198.51.100.7".parse().expect("an address"), port: 8091, version: 10_005_000 };
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../../fixtures/chain/extrinsics-461.json")).expect("JSON");
    let wanted = |name: &str| {
        let all = vectors["vectors"].as_array().expect("vectors");
        let vector = all.iter().find(|v| v["name"] == name).expect("the vector");
        vector["call_hex"].as_str().expect("hex").trim_start_matches("0x").to_owned()
    };
    assert_eq!(hex(&serve_axon(72, &axon)), wanted("serve_axon_ipv4"));
    assert_eq!(hex(&withdraw_axon(72)), wanted("axon_withdraw"));
    let bob = Keypair::from_uri("//Bob").expect("a key").public();
    assert_eq!(hex(&register_limit(72, &bob, 2_500_000_000)), wanted("register_limit"));
}

#[test]
fn a_commitment_fits_its_field_in_both_forms() {
    let runtime = runtimes::newest();
    for name in ["n".repeat(40), "n".repeat(60)] {
        let commitment = Commitment::new(&format!("o/{name}"), &"0f".repeat(20), [9; 32]).expect("a commitment");
        let bytes = set_commitment(72, &commitment).encode(&runtime).expect("a call");
        let fields = commitment.fields();
        assert_eq!(bytes.as_slice()[4], (fields.len() as u8) << 2, "compact count");
    }
}

#[test]
fn an_extension_that_we_do_not_know_is_an_error_even_when_it_may_be_none() {
    let call = |runtime: &Runtime| withdraw_axon(72).encode(runtime).expect("a call");
    let known = runtimes::newest();
    Unsigned::new(&known, call(&known), TERMS).expect("all are known");
    // An option is what a guess would fill with "none".
    for optional in [false, true] {
        let strange = runtimes::edited(|metadata| {
            let wanted = if optional {
                metadata
                    .types
                    .types
                    .iter()
                    .find(|t| t.ty.path.ident() == Some("Option".to_owned()))
                    .expect("an option")
                    .id
            } else {
                let byte = |t: &&scale_info::PortableType| matches!(t.ty.type_def, TypeDef::Primitive(_));
                metadata.types.types.iter().find(byte).expect("a primitive").id
            };
            let extension = metadata.extrinsic.signed_extensions.iter_mut().find(|e| e.identifier == "DrandPriority");
            extension.expect("an extension").ty = wanted.into();
        });
        let error = Unsigned::new(&strange, call(&strange), TERMS).expect_err("a guess");
        assert!(matches!(&error, ChainError::Extension { name, spec: 462 } if name == "DrandPriority"), "{error}");
    }
}

#[test]
fn an_era_says_when_it_is_over() {
    let era = Era::mortal(64, 1000, [0; 32]);
    assert_eq!((era.first_block(), era.last_block()), (1001, Some(1063)));
    assert_eq!(Era::Immortal.last_block(), None);
    assert_eq!(Era::mortal(100, 1, [0; 32]), Era::Mortal { period: 128, block: 1, hash: [0; 32] });
    assert_eq!(Era::mortal(1 << 20, 1, [0; 32]), Era::Mortal { period: 4096, block: 1, hash: [0; 32] });
}

//! The vectors of `chain*` folders, read into our own types.
//!
//! Their numbers are drawn at random, beyond the ranges of their types and with lists of unlike lengths; what a real chain
//! cannot say must be refused with the field's name, and everything else must come out as the vectors have it.

use std::io::Read;
use std::path::Path;

use hivis_bittensor::ss58;
use hivis_testbed::golden;
use serde_json::Value as Json;
use subxt::metadata::Metadata;

use crate::extrinsic::CommitmentField;
use crate::metagraph::{Columns, NeuronLite, axon};
use crate::scale::{Misfit, Reader};
use crate::subnet::{Setting, settings};
use crate::{ChainError, account, offline, read};

const RUNTIMES: [(&str, u32); 3] = [
    ("finney-metadata.scale", 424),
    ("finney-metadata-v15.scale.gz", 424),
    ("subtensor-461-metadata-v15.scale.gz", 461),
];

fn runtime(file: &Path, spec: u32) -> offline::Offline {
    let mut bytes = std::fs::read(file).expect("a readable file");
    if file.extension().is_some_and(|e| e == "gz") {
        let packed = std::mem::take(&mut bytes);
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).expect("gzip");
    }
    offline::runtime(&bytes, spec, 1, [0; 32]).expect("metadata")
}

fn json(file: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(file).expect("a readable file")).expect("JSON")
}

fn bytes(hex: &Json) -> Vec<u8> {
    hex::decode(hex.as_str().expect("text").trim_start_matches("0x")).expect("hex")
}

/// The type whose path ends so.
fn type_of(metadata: &Metadata, path: &str) -> u32 {
    let found = metadata.types().types.iter().find(|t| t.ty.path.to_string().ends_with(path));
    found.unwrap_or_else(|| panic!("no type {path}")).id
}

/// Each vector of a type, with the bytes of each runtime.
fn each(kind: &str, path: &str, mut check: impl FnMut(&Metadata, u32, &[u8], &Json)) {
    let mut count = 0;
    let folders = golden::folders("chain");
    for folder in &folders {
        let vectors = json(&folder.join("decode.json"));
        for (file, spec) in RUNTIMES {
            let at = runtime(&folder.join(file), spec);
            let id = type_of(at.metadata_ref(), path);
            for row in vectors.as_array().expect("a list").iter().filter(|row| row["type"] == kind) {
                let scale =
                    if spec == 424 && row.get("scale_424").is_some() { &row["scale_424"] } else { &row["scale"] };
                check(at.metadata_ref(), id, &bytes(scale), &row["decoded"]);
                count += 1;
            }
        }
    }
    assert!(folders.is_empty() || count >= 6, "vectors of {kind}");
}

fn numbers(list: &Json) -> Vec<u64> {
    list.as_array().expect("a list").iter().map(|n| n.as_u64().expect("a number")).collect()
}

fn keys(list: &[[u8; 32]]) -> Vec<String> {
    list.iter().map(|key| ss58::encode(key).to_string()).collect()
}

#[test]
fn golden_chain_metagraph_columns() {
    each("Metagraph", "rpc_info::metagraph::Metagraph", |metadata, id, bytes, want| {
        let columns = read::whole(metadata, bytes, |reader| Columns::read(reader, id)).expect("a metagraph");
        for (name, got) in [
            ("netuid", columns.netuid),
            ("block", columns.block),
            ("tempo", columns.tempo),
            ("immunity_period", columns.immunity_period),
        ] {
            assert_eq!(Some(got), want[name].as_u64(), "{name}");
        }
        for (name, got) in [
            ("last_update", &columns.last_update),
            ("emission", &columns.emission),
            ("dividends", &columns.dividends),
            ("incentives", &columns.incentives),
            ("consensus", &columns.consensus),
            ("block_at_registration", &columns.block_at_registration),
            ("total_stake", &columns.total_stake),
        ] {
            assert_eq!(*got, numbers(&want[name]), "{name}");
        }
        assert_eq!(serde_json::json!(keys(&columns.hotkeys)), want["hotkeys"]);
        assert_eq!(serde_json::json!(keys(&columns.coldkeys)), want["coldkeys"]);
        assert_eq!(serde_json::json!(columns.active), want["active"]);
        assert_eq!(serde_json::json!(columns.validator_permit), want["validator_permit"]);
        assert_eq!(columns.axons.len(), want["axons"].as_array().map_or(0, Vec::len));
        let refused = columns.metagraph().expect_err("its lists are of unlike lengths");
        assert!(matches!(&refused, ChainError::Answer { reason, .. } if reason.contains(" rows in ")), "{refused}");
    });
}

#[test]
fn golden_chain_neurons_as_columns() {
    each("NeuronInfoLite", "neuron_info::NeuronInfoLite", |metadata, id, bytes, want| {
        let row = read::whole(metadata, bytes, |reader| NeuronLite::read(reader, id)).expect("a neuron");
        let mut columns = Columns::default();
        let refused = columns.take(vec![row]).expect_err("its uid is no place");
        assert!(refused.to_string().contains(&format!("uid {}", want["uid"])), "{refused}");
    });
    for folder in golden::folders("chain") {
        let recorded = json(&folder.join("recorded.json"));
        let call = recorded["runtime_calls"].as_array().expect("a list").iter();
        let call = call.clone().find(|call| call["method"] == "get_neurons_lite").expect("the call");
        for (file, spec) in RUNTIMES {
            let at = runtime(&folder.join(file), spec);
            let id =
                read::answer_type(at.metadata_ref(), "NeuronInfoRuntimeApi", "get_neurons_lite").expect("the call");
            let rows =
                read::whole(at.metadata_ref(), &bytes(&call["raw_hex"]), |reader| reader.list(id, NeuronLite::read));
            let mut columns = Columns { block_at_registration: vec![7], ..Columns::default() };
            columns.take(rows.expect("neurons")).expect("in order");
            let metagraph = columns.metagraph().expect("a metagraph");
            let want = &call["decoded"][0];
            let [neuron] = metagraph.neurons.as_slice() else { panic!("one neuron") };
            assert_eq!(Some(neuron.hotkey.as_str()), want["hotkey"].as_str());
            assert_eq!(neuron.stake, 1.0, "1000000000 rao");
            assert!(neuron.active && !neuron.validator_permit && neuron.axon.is_none());
        }
    }
}

#[test]
fn golden_chain_hyperparameters() {
    each("SubnetHyperparams", "subnet_info::SubnetHyperparams", |metadata, id, bytes, want| {
        let got = read::whole(metadata, bytes, |reader| settings(reader, id)).expect("parameters");
        assert_eq!(got.len(), want.as_object().map_or(0, serde_json::Map::len));
        for (name, value) in got {
            match value {
                Setting::Flag(flag) => assert_eq!(Some(flag), want[&name].as_bool(), "{name}"),
                Setting::Number(number) => {
                    assert_eq!(Some(number), want[&name].as_u64().map(u128::from), "{name}");
                }
                Setting::Fraction(fraction) => panic!("{name} is a fraction: {fraction}"),
            }
        }
    });
}

#[test]
fn golden_chain_commitments() {
    each("CommitmentRegistration", "pallet_commitments::types::Registration", |metadata, id, bytes, want| {
        let got = read::whole(metadata, bytes, |reader| account::registration(reader, id)).expect("a commitment");
        assert_eq!(Some(got.block), want["block"].as_u64());
        let fields = want["info"]["fields"].as_array().expect("fields");
        let plain = fields.iter().flat_map(|f| f.as_object().into_iter().flatten());
        let plain: Vec<&Json> = plain.filter(|(kind, _)| kind.contains("Raw")).map(|(_, value)| value).collect();
        let raw = got.fields.iter().filter(|field| matches!(field, CommitmentField::Raw(_))).count();
        assert_eq!((got.fields.len(), raw), (fields.len(), plain.len()), "{fields:?}");
    });
}

#[test]
fn golden_chain_axons() {
    each("AxonInfo", "pallet_subtensor::pallet::AxonInfo", |metadata, id, bytes, want| {
        let got = read::whole(metadata, bytes, |reader| axon(reader, id)).expect("an axon");
        if let Some(address) = got {
            assert_eq!(Some(u64::from(address.port())), want["port"].as_u64());
        }
        let kind = want["ip_type"].as_u64();
        assert!(got.is_none() || kind == Some(4) || kind == Some(6), "{got:?} of {want}");
    });
}

#[test]
fn golden_chain_cut_bytes_are_refused() {
    each("Metagraph", "rpc_info::metagraph::Metagraph", |metadata, id, bytes, _| {
        for end in 0..bytes.len() {
            let cut = read::whole(metadata, &bytes[..end], |reader| Columns::read(reader, id));
            assert!(cut.is_err(), "cut at {end}");
        }
        let longer = [bytes, &[0]].concat();
        assert_eq!(
            read::whole(metadata, &longer, |reader| Columns::read(reader, id)).map(|_| ()),
            Err(Misfit::bytes("bytes are left over"))
        );
    });
}

#[test]
fn lists_make_no_room_for_what_is_not_there() {
    let at = runtime(&golden::fixtures().join("chain").join(RUNTIMES[2].0), 461);
    let id = read::answer_type(at.metadata_ref(), "NeuronInfoRuntimeApi", "get_neurons_lite").expect("the call");
    // A length of 2^30 - 1, and nothing after it.
    let mut reader = Reader::new(at.metadata_ref().types(), &[0xfe, 0xff, 0xff, 0xff]);
    assert!(reader.list(id, NeuronLite::read).is_err());
}

#[test]
fn spoilt_bytes_are_read_or_refused_and_never_more() {
    let at = runtime(&golden::fixtures().join("chain").join(RUNTIMES[0].0), 424);
    let metadata = at.metadata_ref();
    let vectors = json(&golden::fixtures().join("chain/decode.json"));
    let good = [&[1], &bytes(&vectors[0]["scale_424"])[..]].concat();
    assert!(matches!(Columns::decode(metadata, 424, &good), Ok(Some(_))));
    assert!(matches!(Columns::decode(metadata, 424, &[0]), Ok(None)));
    // Knuth's generator: any spread of places and bytes will do.
    let mut state = 1_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let mut refused = 0;
    for _ in 0..2000 {
        let mut spoilt = good.clone();
        for _ in 0..=draw(3) {
            let place = draw(spoilt.len());
            spoilt[place] = draw(256) as u8;
        }
        match Columns::decode(metadata, 424, &spoilt) {
            Ok(columns) => drop(columns.map(|c| c.metagraph())),
            Err(error) => refused += u32::from(matches!(error, ChainError::Answer { .. })),
        }
    }
    assert!(refused > 200, "{refused} of 2000 were refused");
}

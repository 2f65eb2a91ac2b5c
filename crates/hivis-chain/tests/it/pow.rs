//! Seals equal bittensor's, and a search finds, counts and stops.

use std::time::Duration;

use hivis_bittensor::ss58;
use hivis_chain::extrinsic::pow::{Proof, Search, Work, effective_difficulty};
use hivis_chain::extrinsic::pow_register;
use hivis_testbed::golden;
use serde_json::Value as Json;

use crate::runtimes;

fn vectors() -> Vec<(Work, Json)> {
    let mut all = Vec::new();
    for folder in golden::folders("chain") {
        let text = std::fs::read(folder.join("pow-seal.json")).expect("vectors");
        for vector in serde_json::from_slice::<Vec<Json>>(&text).expect("JSON") {
            let key = |name: &str| ss58::decode(vector[name].as_str().expect("an address")).expect("an address");
            let hash = hex::decode(&vector["block_hash"].as_str().expect("hex")[2..]).expect("hex");
            let work = Work {
                netuid: vector["netuid"].as_u64().expect("a netuid") as u16,
                block_hash: hash.try_into().expect("32 bytes"),
                hotkey: key("hotkey"),
                coldkey: key("coldkey"),
                difficulty: vector["difficulty"].as_u64().expect("a difficulty"),
            };
            all.push((work, vector));
        }
    }
    all
}

#[test]
fn golden_chain_seals_are_equal_and_the_first_good_nonce_is_theirs() {
    for (work, vector) in vectors() {
        assert_eq!(format!("0x{}", hex::encode(work.prefix())), vector["prefix"]);
        let nonce = vector["first_nonce_from_zero"].as_u64().expect("a nonce");
        assert_eq!(format!("0x{}", hex::encode(work.seal(nonce))), vector["seal"]);
        // Only one in `difficulty` is good, so the first one proves the comparison.
        let first = (0..=nonce).find(|&n| work.meets(&work.seal(n)));
        assert_eq!(first, Some(nonce));
    }
}

#[test]
fn the_bound_is_exact() {
    let work = |difficulty| Work { netuid: 1, block_hash: [0; 32], hotkey: [0; 32], coldkey: [0; 32], difficulty };
    assert!(work(1).meets(&[0xff; 32]));
    // (2^256 - 1) / 3 is 0x5555...
    assert!(work(3).meets(&[0x55; 32]));
    let mut above = [0x55; 32];
    above[0] += 1;
    assert!(!work(3).meets(&above));
    assert!(work(u64::MAX).meets(&[0; 32]));
    for (stored, least, most, effective) in [(10, 1, 100, 10), (0, 0, 100, 1), (5, 20, 100, 20), (500, 1, 100, 100)] {
        assert_eq!(effective_difficulty(stored, least, most), effective);
    }
}

#[test]
fn a_search_finds_a_proof_and_counts() {
    let (work, _) = vectors().swap_remove(2);
    let search = Search::start(&work, 2, u64::MAX - 3).expect("threads");
    let proof = search.wait(Duration::from_mins(1)).expect("a proof");
    assert!(work.meets(&proof.seal) && work.seal(proof.nonce) == proof.seal);
}

#[test]
fn a_search_stops_when_it_is_dropped() {
    let (mut work, _) = vectors().swap_remove(0);
    work.difficulty = u64::MAX;
    let search = Search::start(&work, 3, 0).expect("threads");
    assert_eq!(search.wait(Duration::from_millis(50)), None);
    assert!(search.hashes() > 0);
    // Joins its threads, or the test hangs.
    drop(search);
}

#[test]
fn a_proof_becomes_a_call_where_the_metadata_has_it() {
    let (work, _) = vectors().swap_remove(0);
    let proof = Proof { nonce: 0x0102, seal: [7; 32] };
    let bytes = pow_register(&work, 0x0a0b, &proof).encode(&runtimes::with_pow()).expect("a call");
    let wanted = [
        &[7, 250, 72, 0, 0x0b, 0x0a, 0, 0, 0, 0, 0, 0, 0x02, 0x01, 0, 0, 0, 0, 0, 0, 32 << 2][..],
        &[7; 32],
        &work.hotkey,
    ]
    .concat();
    assert_eq!(bytes.as_slice(), wanted);
}

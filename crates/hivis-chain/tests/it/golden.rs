//! The vectors of `chain*` folders.

use std::io::Read;
use std::path::Path;

use hivis_chain::offline::{self, Offline};
use hivis_testbed::golden;

/// Finney's genesis hash, as `chain/README.md` gives it.
const GENESIS: &str = "2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03";

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

#[test]
fn golden_chain_metadata_of_both_runtimes_is_read() {
    for folder in golden::folders("chain") {
        for (file, spec) in [
            ("finney-metadata.scale", 424),
            ("finney-metadata-v15.scale.gz", 424),
            ("subtensor-461-metadata-v15.scale.gz", 461),
        ] {
            let at = runtime(&folder.join(file), spec);
            assert_eq!(at.spec_version(), spec);
            let pallet = at.metadata_ref().pallet_by_name("SubtensorModule").expect("the pallet");
            assert!(pallet.call_variant_by_name("register_limit").is_some(), "{file}");
        }
    }
}

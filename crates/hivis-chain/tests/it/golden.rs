//! The vectors of `chain*` folders.

use hivis_testbed::golden;

use crate::runtimes::{self, FILES};

#[test]
fn golden_chain_metadata_of_both_runtimes_is_read() {
    for folder in golden::folders("chain") {
        for (file, spec) in FILES {
            let runtime = runtimes::of(&runtimes::bytes(&folder.join(file)), spec);
            assert_eq!(runtime.spec, spec);
            assert!(runtime.has("SubtensorModule", "register_limit"), "{file}");
        }
    }
}

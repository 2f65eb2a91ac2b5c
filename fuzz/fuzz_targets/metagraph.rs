//! A node's answer for a metagraph, read by finney's metadata: first as it is, then by neuron.
#![no_main]

use std::sync::LazyLock;

use hivis_chain::metagraph::Columns;
use hivis_chain::offline::{self, Offline};
use libfuzzer_sys::fuzz_target;

static RUNTIME: LazyLock<Offline> = LazyLock::new(|| {
    let metadata = include_bytes!("../../fixtures/chain/finney-metadata.scale");
    offline::runtime(metadata, 424, 1, [0; 32]).expect("finney's metadata")
});

fuzz_target!(|data: &[u8]| {
    if let Ok(Some(columns)) = Columns::decode(RUNTIME.metadata_ref(), 424, data) {
        // A good answer has as many neurons as hotkeys; whatever else must be refused.
        if let Ok(metagraph) = columns.metagraph() {
            assert_eq!(metagraph.neurons.len(), columns.hotkeys.len());
            assert!(metagraph.neurons.iter().all(|neuron| (0.0..=1.0).contains(&neuron.incentive)));
        }
    }
});

//! The hand-made requests of `wire*/…_raw_requests.txt`, sent to this axon over TCP.
//!
//! `hivis_bittensor::golden` builds them and knows where hivis differs from the capture.

use std::collections::BTreeSet;

use hivis_bittensor::golden::{Expected, raw_cases};
use hivis_serve::AxonSettings;
use hivis_testbed::golden::folders;

use crate::{asking::nonce, world::World};

#[tokio::test]
async fn golden_raw_requests_get_the_captured_statuses() {
    let mut seen = BTreeSet::new();
    for folder in folders("wire") {
        for file in ["bt9_raw_requests.txt", "bt10_raw_requests.txt"].map(|name| folder.join(name)) {
            let Ok(text) = std::fs::read_to_string(&file) else {
                println!("{} is not there", file.display());
                continue;
            };
            let world = World::start(AxonSettings::default());
            let cases = raw_cases(&text, nonce());
            assert!(!cases.is_empty(), "{} holds no case", file.display());
            for case in cases {
                let mut answer = None;
                for request in &case.requests {
                    answer = Some(world.send(request.bytes("127.0.0.1")).await);
                }
                let answer = answer.expect("a case sends at least one request");
                let (http, bt) = answer.statuses();
                assert_eq!(Expected { http, bt }, case.expected, "{}: {}: {answer:?}", file.display(), case.name);
                seen.insert(case.name);
            }
        }
    }
    assert!(seen.len() >= 33 || std::env::var_os("HIVIS_GOLDEN").is_some(), "only {} cases: {seen:?}", seen.len());
}

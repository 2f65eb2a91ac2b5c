//! Emitted weights against the reference's.

use hivis_examiner::weight::{WeightLimits, emit};
use serde::Deserialize;

use crate::golden;

#[derive(Deserialize)]
struct WeightsFile {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(deserialize_with = "golden::floats")]
    scores: Vec<f64>,
    dtype: String,
    min_allowed_weights: usize,
    max_weight_limit: f64,
    uids: Vec<u16>,
    weights_u16: Vec<u16>,
}

#[test]
fn golden_weights() {
    for folder in golden::folders("challenge") {
        let Some(file) = golden::json::<WeightsFile>(&folder, "weights.json") else { continue };
        assert!(!file.cases.is_empty());
        for (i, case) in file.cases.iter().enumerate() {
            let limits = WeightLimits { min_allowed: case.min_allowed_weights, max_share: case.max_weight_limit };
            let emitted = emit(&case.scores, case.dtype == "float32", &limits);
            let here = format!("{}, case {i}", folder.display());
            assert_eq!(emitted.iter().map(|w| w.uid).collect::<Vec<_>>(), case.uids, "{here}");
            for (ours, &theirs) in emitted.iter().zip(&case.weights_u16) {
                assert!(ours.weight.abs_diff(theirs) <= 1, "{here}, UID {}: {} is not {theirs}", ours.uid, ours.weight);
            }
        }
    }
}

#[test]
fn nobody_above_zero_gives_all_to_uid_0() {
    let all = emit(&[0.0, f64::NAN, -0.5], false, &WeightLimits::default());
    insta::assert_debug_snapshot!(all, @r"
    [
        Weight {
            uid: 0,
            weight: 65535,
        },
    ]
    ");
}

//! Moving averages against the reference's.

use hivis_examiner::ExaminerError;
use hivis_examiner::score::{ALPHA, MovingAverage, Neuron};
use serde::Deserialize;

use crate::golden;

#[derive(Deserialize)]
struct ScoresFile {
    sequences: Vec<Sequence>,
}

#[derive(Deserialize)]
struct Sequence {
    n: usize,
    alpha: f64,
    validator_permit: Vec<bool>,
    stake: Vec<f64>,
    vpermit_tao_limit: f64,
    start: Vec<f32>,
    events: Vec<Happening>,
}

#[derive(Deserialize)]
struct Happening {
    #[serde(default)]
    uids: Vec<u16>,
    #[serde(default, deserialize_with = "golden::floats")]
    rewards: Vec<f64>,
    scores: Vec<f64>,
    dtype: String,
    error: Option<String>,
    resync: Option<Resync>,
}

#[derive(Deserialize)]
struct Resync {
    replaced: Vec<u16>,
    n: usize,
}

#[test]
fn golden_sequences() {
    for folder in golden::folders("challenge") {
        let Some(file) = golden::json::<ScoresFile>(&folder, "scores.json") else { continue };
        assert!(!file.sequences.is_empty());
        for (s, sequence) in file.sequences.iter().enumerate() {
            let permits = sequence.validator_permit.iter().zip(&sequence.stake);
            let mut neurons: Vec<Neuron> =
                permits.map(|(&validator_permit, &stake)| Neuron { validator_permit, stake }).collect();
            assert_eq!(neurons.len(), sequence.n);
            let mut scores = MovingAverage::new(neurons.clone(), &sequence.start, sequence.alpha)
                .with_validator_stake(sequence.vpermit_tao_limit);
            for (i, event) in sequence.events.iter().enumerate() {
                let here = format!("{}, sequence {s}, event {i}", folder.display());
                if let Some(resync) = &event.resync {
                    neurons.resize(resync.n, Neuron::default());
                    scores.resync(&resync.replaced, neurons.clone());
                } else {
                    let done = scores.update(&event.uids, &event.rewards);
                    assert_eq!(done.is_err(), event.error.is_some(), "{here}: {done:?}");
                }
                assert_eq!(scores.is_single(), event.dtype == "float32", "{here}");
                // The arithmetic is the reference's in the reference's order, so f32 is equal to the last bit. What is
                // f64 comes out of the file one unit beside what was written at times.
                assert_eq!(scores.scores().len(), event.scores.len(), "{here}");
                for (ours, &theirs) in scores.scores().into_iter().zip(&event.scores) {
                    let same = if scores.is_single() {
                        ours as f32 == theirs as f32
                    } else {
                        (ours - theirs).abs() <= 1e-15 * theirs.abs() * (i + 1) as f64
                    };
                    assert!(same, "{here}: {ours:e} is not {theirs:e}");
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut scores = MovingAverage::new(vec![Neuron::default(); 2], &[0.5, 0.25], ALPHA);
    let before = scores.clone();
    assert!(matches!(scores.update(&[0, 1], &[1.0]), Err(ExaminerError::RewardShape { uids: 2, rewards: 1 })));
    assert!(matches!(scores.update(&[2], &[1.0]), Err(ExaminerError::UnknownUid { uid: 2, size: 2 })));
    scores.update(&[], &[]).expect("nothing to do");
    assert_eq!(scores, before);
}

//! Pretraining: it learns, and a run that is cut ends bit-equal to one that is not.

use std::time::Duration;

use hivis_train::pretrain::{Budget, Keeping, PretrainSettings, pretrain};

fn small(steps: u64) -> PretrainSettings {
    PretrainSettings { budget: Budget::Steps(steps), small_batch: 4, large_batch: 1, warm_up: 2, ..Default::default() }
}

#[test]
fn a_resumed_run_ends_bit_equal_and_learns() {
    let folder = tempfile::tempdir().unwrap();
    let keep = |name: &str| Keeping { path: folder.path().join(name), every: Duration::ZERO };
    let still = || Duration::ZERO;
    let mut losses = Vec::new();
    let whole = pretrain(&small(8), &keep("whole"), &still, &mut |step| {
        losses.push(step.counters.loss);
        true
    });
    let whole = whole.unwrap();
    assert!(losses[7] < losses[0], "{losses:?}");

    let cut = pretrain(&small(8), &keep("cut"), &still, &mut |step| step.counters.step < 3).unwrap();
    assert_eq!(cut.counters.step, 3);
    let resumed = pretrain(&small(8), &keep("cut"), &still, &mut |_| true).unwrap();
    assert!(resumed.weights == whole.weights, "the weights differ");
    assert!(resumed.moments == whole.moments, "the moments differ");
}

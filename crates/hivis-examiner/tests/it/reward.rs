//! The reward against the reference's, and its two ways of computing against each other.

use hivis_examiner::reward::{Entry, HISTORY, History, Metrics, MinerAnswer, RECENT, Tracker};
use hivis_types::{Hotkey, Label};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::golden;

#[derive(Deserialize)]
struct RewardFile {
    uids_of_batch: Vec<u16>,
    histories: Vec<HistoryCase>,
    batch: Vec<BatchCase>,
}

/// Answer, label, hotkey, reward, the six metrics over 100, accuracy over 10.
type GoldenStep = (Value, u8, String, f64, Option<[f64; 6]>, Option<f64>);

#[derive(Deserialize)]
struct HistoryCase {
    kind: String,
    steps: Vec<GoldenStep>,
}

#[derive(Deserialize)]
struct BatchCase {
    label: u8,
    predictions: Vec<Value>,
    rewards: Vec<f64>,
}

fn label(value: u8) -> Label {
    Label::from_wire(i64::from(value)).expect("0 or 1")
}

fn list(m: Metrics) -> [f64; 6] {
    [m.accuracy, m.precision, m.recall, m.f1, m.mcc, m.auc]
}

#[test]
fn golden_histories() {
    for folder in golden::folders("challenge") {
        let Some(file) = golden::json::<RewardFile>(&folder, "reward.json") else { continue };
        assert!(!file.histories.is_empty());
        for (h, case) in file.histories.iter().enumerate() {
            let mut tracker = Tracker::new();
            for (i, (prediction, truth, hotkey, reward, metrics, recent)) in case.steps.iter().enumerate() {
                let prediction = golden::maybe_number(prediction);
                let answer = MinerAnswer { uid: 7, hotkey: Hotkey::new(hotkey.clone()), prediction };
                let step = tracker.step(&answer, label(*truth));
                let here =
                    format!("{}, history {h} ({}), step {i}, answer {prediction:?}", folder.display(), case.kind);
                assert!((step.reward - reward).abs() <= 1e-12, "{here}: {} is not {reward}", step.reward);
                assert_eq!(step.metrics.is_some(), metrics.is_some(), "{here}");
                if let (Some(ours), Some(theirs)) = (step.metrics, metrics) {
                    for (a, b) in list(ours).iter().zip(theirs) {
                        assert!((a - b).abs() <= 1e-12, "{here}: {ours:?} is not {theirs:?}");
                    }
                }
                if let Some(recent) = recent {
                    assert!((step.accuracy_recent - recent).abs() <= 1e-12, "{here}: recent accuracy");
                }
            }
        }
    }
}

#[test]
fn golden_batches() {
    for folder in golden::folders("challenge") {
        let Some(file) = golden::json::<RewardFile>(&folder, "reward.json") else { continue };
        let mut tracker = Tracker::new();
        for (i, call) in file.batch.iter().enumerate() {
            let answers: Vec<MinerAnswer> = file
                .uids_of_batch
                .iter()
                .zip(&call.predictions)
                .map(|(&uid, p)| MinerAnswer {
                    uid,
                    hotkey: Hotkey::new(format!("hk{uid}")),
                    prediction: golden::maybe_number(p),
                })
                .collect();
            let rewards: Vec<f64> = tracker.batch(label(call.label), &answers).iter().map(|s| s.reward).collect();
            assert_eq!(rewards.len(), call.rewards.len());
            for (ours, theirs) in rewards.iter().zip(&call.rewards) {
                assert!((ours - theirs).abs() <= 1e-12, "call {i}: {rewards:?} is not {:?}", call.rewards);
            }
        }
    }
}

/// Small histories whose rewards can be worked out by hand.
#[test]
fn quirks() {
    let play = |answers: &[(f64, u8)]| -> Vec<f64> {
        let mut history = History::new();
        answers.iter().map(|(p, y)| history.push(Entry::new(Some(*p), label(*y)))).collect()
    };
    // 0.5 rounds to 0, so it is right for a clear picture; the MCC needs both labels.
    assert_eq!(play(&[(0.5, 0)]), [0.125]);
    assert_eq!(play(&[(0.5, 1)]), [0.0]);
    // -1 earns nothing and does not harm what follows.
    assert_eq!(play(&[(-1.0, 1), (0.9, 1), (0.1, 0)]), [0.0, 0.125, 1.0]);
    // 1.2 rounds to 1 and counts, but earns nothing itself.
    assert_eq!(play(&[(1.2, 1), (0.1, 0)]), [0.0, 1.0]);
    // A 2 and a NaN void the window.
    assert_eq!(play(&[(0.9, 1), (0.1, 0), (2.0, 1), (0.1, 0)]), [0.125, 1.0, 0.0, 0.0]);
    assert_eq!(play(&[(0.9, 1), (f64::NAN, 0), (0.1, 0)]), [0.125, 0.0, 0.0]);
    // Not in the facts, found in scikit-learn: all labels 1 and one wild value leave two classes, and nothing raises.
    assert_eq!(play(&[(2.0, 1), (0.9, 1)]), [0.0, 0.015625]);
}

#[test]
fn a_wild_answer_leaves_both_windows() {
    let mut history = History::new();
    history.push(Entry::new(Some(2.0), Label::Clear));
    for i in 1..=HISTORY {
        let truth = if i % 2 == 0 { Label::Clear } else { Label::Roadwork };
        let reward = history.push(Entry::new(Some(f64::from(truth.as_u8())), truth));
        // Windows hold 10 and 100 answers: the accuracy recovers first, the MCC at the very end.
        let expected = match i {
            _ if i < RECENT => 0.0,
            _ if i < HISTORY => 0.125,
            _ => 1.0,
        };
        assert_eq!(reward, expected, "answer {i} after the wild one");
    }
}

fn odd_answer() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        60 => (0.0..=1.0).prop_map(Some),
        6 => Just(Some(-1.0)),
        2 => proptest::sample::select(vec![2.0, 1.5, -0.7, 3.0, 1.2, -0.2, 0.5]).prop_map(Some),
        1 => proptest::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]).prop_map(Some),
        1 => Just(None),
    ]
}

proptest! {
    /// The reward is computed from running counts; computing it from the windows' metrics gives the same.
    #[test]
    fn counts_agree_with_windows(
        answers in proptest::collection::vec((odd_answer(), 0u8..20), 1..260),
        mostly in 0u8..20,
    ) {
        let mut history = History::new();
        for (prediction, draw) in answers {
            let truth = if draw >= mostly { Label::Roadwork } else { Label::Clear };
            let reward = history.push(Entry::new(prediction, truth));
            let windows = history.metrics(HISTORY).zip(history.metrics(RECENT));
            let p = prediction.unwrap_or(-1.0);
            let valid = (0.0..=1.0).contains(&p);
            let expected = windows.filter(|_| valid).map_or(0.0, |(all, recent)| (0.5 * all.mcc + 0.5 * recent.accuracy).powi(3));
            prop_assert_eq!(reward, expected);
            prop_assert!(history.len() <= HISTORY);
        }
    }
}

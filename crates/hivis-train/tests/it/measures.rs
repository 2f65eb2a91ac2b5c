//! Measures against scikit-learn's on the same rows (`fixtures/measures.py` made them).

use hivis_train::measure::{BINS, measure, precision_recall, reliability, roc};
use serde_json::Value;

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("../fixtures/measures.json")).expect("the fixture is JSON")
}

fn rows(case: &Value) -> (Vec<f64>, Vec<bool>) {
    let list = |name: &str| case[name].as_array().expect("a list").clone();
    let probabilities = list("probabilities").iter().map(|p| p.as_f64().expect("a number")).collect();
    (probabilities, list("truths").iter().map(|t| t.as_bool().expect("a truth")).collect())
}

#[test]
fn golden_measures_equal_scikit_learn() {
    for case in cases() {
        let (probabilities, truths) = rows(&case);
        let found = serde_json::to_value(measure(&probabilities, &truths).expect("there are rows")).expect("JSON");
        for (name, wanted) in case["figures"].as_object().expect("figures") {
            // scikit-learn has no calibration curve of one class.
            if name == "calibration_error" && wanted.is_null() {
                continue;
            }
            let place = format!("{}: {name}", case["name"]);
            match (found[name].as_f64(), wanted.as_f64()) {
                (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{place}: {a}, not {b}"),
                (a, b) => assert_eq!(a, b, "{place}"),
            }
        }
    }
}

#[test]
fn curves_begin_and_end_where_they_must() {
    for case in cases() {
        let (probabilities, truths) = rows(&case);
        let figures = measure(&probabilities, &truths).expect("there are rows");
        let area = |points: &[(f64, f64)]| -> f64 {
            points.windows(2).map(|p| (p[1].0 - p[0].0) * f64::midpoint(p[0].1, p[1].1)).sum()
        };
        let points: Vec<(f64, f64)> = roc(&probabilities, &truths).iter().map(|p| (p.x, p.y)).collect();
        if let Some(auc) = figures.auc_roc {
            assert_eq!((points[0], *points.last().expect("points")), ((0.0, 0.0), (1.0, 1.0)));
            assert!((area(&points) - auc).abs() < 1e-12, "the area under the curve is the AUC");
        } else {
            assert!(points.is_empty());
        }
        let points = precision_recall(&probabilities, &truths);
        assert_eq!(points.last().map(|p| p.x), (figures.roadwork > 0).then_some(1.0));
        let bins = reliability(&probabilities, &truths);
        assert!(bins.len() <= BINS && bins.iter().map(|bin| bin.rows).sum::<usize>() == figures.rows);
    }
    assert!(measure(&[], &[]).is_none());
}

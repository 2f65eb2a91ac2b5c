//! Principal axes, against NumPy's singular value decomposition.

use hivis_curate::vectors::{Matrix, Principal};
use serde_json::json;

use crate::peer::ask;
use crate::rows::{even, grouped};

#[test]
fn places_are_those_of_numpys_svd_up_to_the_sign() {
    // Groups as features have them, and rows that differ alike in all directions, where the axes are hardest to tell apart.
    for rows in [grouped(4, 2000, 48, (7, 0.4)), even(5, 900, 12)] {
        let Some(answer) = ask(&json!({ "principal": 2 }), &[("rows", &rows)]) else { return };
        let fitted = Principal::fit(&rows, 2);
        let ours: Vec<Vec<f32>> = (0..rows.len()).map(|at| fitted.project(rows.row(at))).collect();
        let theirs: Vec<f64> = serde_json::from_value(answer["places"].clone()).expect("numbers");
        let spread = theirs.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        for axis in 0..2 {
            let pairs: Vec<(f64, f64)> =
                ours.iter().enumerate().map(|(at, own)| (f64::from(own[axis]), theirs[2 * at + axis])).collect();
            let sign = pairs.iter().map(|(a, b)| a * b).sum::<f64>().signum();
            let worst = pairs.iter().map(|(a, b)| (a - sign * b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-4 * spread, "axis {axis}: {worst} of {spread}");
            let share = answer["shares"][axis].as_f64().expect("a number");
            assert!((fitted.shares()[axis] - share).abs() < 1e-6, "{:?} and {share}", fitted.shares());
        }
        assert_eq!(Principal::fit(&rows, 2), fitted, "the same rows give the same axes");
        let again = Principal::known(fitted.mean().to_vec(), fitted.axes().to_vec()).expect("whole");
        assert_eq!(again.project(rows.row(7)), ours[7]);
    }
}

#[test]
fn rows_that_do_not_differ_lie_in_one_place() {
    let same = Matrix::new(3, [1.0, 2.0, 3.0].repeat(50)).expect("a matrix");
    let fitted = Principal::fit(&same, 2);
    assert_eq!((fitted.project(&[1.0, 2.0, 3.0]), fitted.shares()), (vec![0.0, 0.0], [0.0, 0.0].as_slice()));
    let line = Matrix::new(2, (0..40).flat_map(|n| [n as f32, -2.0 * n as f32]).collect()).expect("a matrix");
    let fitted = Principal::fit(&line, 2);
    assert!(fitted.axes()[1] > 0.0, "the largest entry is positive: {:?}", fitted.axes());
    assert_eq!((fitted.project(&[0.0, 7.0])[1], fitted.shares()[1]), (0.0, 0.0), "there is no second direction");
    let none = Principal::fit(&Matrix::new(2, vec![]).expect("no rows"), 2);
    assert_eq!(none.project(&[3.0, 4.0]), [0.0, 0.0]);
    assert!(Principal::known(vec![0.0; 3], vec![0.0; 4]).is_none() && Principal::known(vec![], vec![]).is_none());
    assert!(Principal::known(vec![f32::NAN], vec![0.0]).is_none());
}

//! AdamW against a hand-worked first step, and the learning rate's shape.

use hivis_train::adamw::{AdamW, Moments, rate};
use hivis_train::weights::{Array, Weights};

fn one(name: &str, shape: &[usize], data: &[f32]) -> Weights {
    Weights([(name.to_owned(), Array { shape: shape.to_vec(), data: data.to_vec() })].into())
}

const PLAIN: AdamW = AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.1, clip: None };

#[test]
fn a_first_step_is_the_sign_of_the_gradient() {
    // m / (1 - b1) = g and v / (1 - b2) = g², so the step is rate * sign(g), after the decay of tables.
    let mut weights = one("a.weight", &[1, 2], &[1.0, -2.0]);
    let clipping = AdamW { clip: Some(10.0), ..PLAIN };
    let norm = clipping.step(&mut weights, &mut Moments::default(), &one("a.weight", &[1, 2], &[3.0, -4.0]), 0.01);
    assert!((norm - 5.0).abs() < 1e-6);
    let got = &weights.0["a.weight"].data;
    assert!((got[0] - (0.999 - 0.01)).abs() < 1e-6 && (got[1] - (-1.998 + 0.01)).abs() < 1e-6, "{got:?}");
}

#[test]
fn biases_do_not_decay() {
    let mut weights = one("a.bias", &[1], &[1.0]);
    PLAIN.step(&mut weights, &mut Moments::default(), &one("a.bias", &[1], &[0.0]), 0.01);
    assert_eq!(weights.0["a.bias"].data, [1.0]);
}

#[test]
fn the_rate_climbs_then_falls_to_its_last_value() {
    let at = |step, done| rate(step, 100, done, (1e-3, 1e-5));
    assert!((at(0, 0.0) - 1e-5).abs() < 1e-8);
    assert!((at(99, 0.0) - 1e-3).abs() < 1e-8);
    assert!((at(500, 0.5) - 5.05e-4).abs() < 1e-7);
    assert!((at(1000, 1.0) - 1e-5).abs() < 1e-8);
}

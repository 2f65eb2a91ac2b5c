//! From logits to honest probabilities: temperature or Platt scaling, fitted on pictures that the head did not learn from.
//!
//! Both find `sigmoid(a * logit + b)` of the least mean negative log-likelihood; a temperature is Platt with `b` held at 0
//! (C. Guo and others, arXiv 1706.04599; J. Platt, 1999). The ranking does not change, the side of 0.5 only through `b`.

mod shift;

use hivis_onnx::Calibration;
use serde::{Deserialize, Serialize};

pub use shift::{Shift, shift};

/// Newton's steps at most; it takes five or so.
const STEPS: usize = 50;
/// Pulls `a` towards 1 and `b` towards 0 with the weight of one row: separable rows have no finite best fit.
const PRIOR: f64 = 1.0;

/// What is fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Nothing: the head's own probabilities.
    None,
    /// One number, the slope: the side of 0.5 stays what it was.
    #[default]
    Temperature,
    /// Slope and shift.
    Platt,
}

/// Fits `method` on rows of a logit and the truth (true: roadwork). No rows give no change.
pub fn fit(method: Method, logits: &[f32], truths: &[bool]) -> Calibration {
    assert_eq!(logits.len(), truths.len(), "a truth for each logit: this is a bug");
    let free = match method {
        Method::None => return Calibration::default(),
        Method::Temperature => false,
        Method::Platt => true,
    };
    let (mut a, mut b) = (1.0_f64, 0.0_f64);
    for _ in 0..STEPS {
        // Gradient and Hessian of the sum, the prior included.
        let (mut ga, mut gb) = (PRIOR * (a - 1.0), PRIOR * b);
        let (mut aa, mut ab, mut bb) = (PRIOR, 0.0, PRIOR);
        for (&logit, &truth) in logits.iter().zip(truths) {
            let x = f64::from(logit);
            let p = sigmoid(a * x + b);
            let (off, curve) = (p - f64::from(truth), p * (1.0 - p));
            ga += off * x;
            gb += off;
            aa += curve * x * x;
            ab += curve * x;
            bb += curve;
        }
        let (da, db) = if free {
            let determinant = aa * bb - ab * ab;
            ((bb * ga - ab * gb) / determinant, (aa * gb - ab * ga) / determinant)
        } else {
            (ga / aa, 0.0)
        };
        // A full step may overshoot where the curve is flat: halve it until the loss falls.
        let before = objective(logits, truths, a, b);
        let mut step = 1.0;
        while step > 1e-6 && objective(logits, truths, a - step * da, b - step * db) > before {
            step /= 2.0;
        }
        (a, b) = (a - step * da, b - step * db);
        if (step * da).abs().max((step * db).abs()) < 1e-9 {
            break;
        }
    }
    Calibration { a: a as f32, b: b as f32 }
}

fn objective(logits: &[f32], truths: &[bool], a: f64, b: f64) -> f64 {
    let rows = logits.iter().zip(truths).map(|(&logit, &truth)| {
        let z = a * f64::from(logit) + b;
        softplus(if truth { -z } else { z })
    });
    rows.sum::<f64>() + PRIOR / 2.0 * ((a - 1.0).powi(2) + b * b)
}

fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        let e = z.exp();
        e / (1.0 + e)
    }
}

fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

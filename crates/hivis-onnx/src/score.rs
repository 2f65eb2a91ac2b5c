//! From features to a probability: the nodes of each form of head, of the calibration and of the average.

use crate::builder::{Builder, Linear};
use crate::proto::AttributeProto;
use crate::{Calibration, Head, HeadForm, Nearest};

/// How far from 0 and 1 a share is kept before its logit is taken.
const MARGIN: f32 = 1e-5;
/// What keeps an average of ones from being above 1 by rounding; a quarter of a millionth is lost.
const BELOW_ONE: f64 = 1.0 - 2.5e-7;

/// Probability `[n]` out of features `[n, d]`.
pub(crate) fn emit_form(b: &mut Builder, features: &str, form: &HeadForm) -> String {
    match form {
        HeadForm::Dense(head) => emit_head(b, features, head),
        HeadForm::Nearest(nearest) => emit_nearest(b, features, nearest),
    }
}

/// Probability `[n]` out of features `[n, d]`.
fn emit_head(b: &mut Builder, features: &str, head: &Head) -> String {
    let mut x = features.to_owned();
    let last = head.layers.len() - 1;
    for (n, dense) in head.layers.iter().enumerate() {
        b.scope(format!("head.{n}"));
        let mut linear = Linear {
            name: "dense",
            weight: dense.weight.clone(),
            bias: Some(dense.bias.clone()),
            inputs: dense.inputs,
            outputs: dense.outputs,
        };
        if n == last && dense.outputs == 2 {
            linear = difference(&linear);
        }
        x = b.linear(&x, &linear);
        if n < last {
            x = b.node("Relu", &[&x], vec![]);
        } else if linear.outputs > 1 {
            x = emit_log_odds(b, &x, linear.outputs);
        }
    }
    emit_calibrated(b, &x, head.calibration)
}

/// Of two classes the log-odds are the difference of their logits: one output, roadwork's row less the other's.
fn difference(linear: &Linear) -> Linear {
    let (first, second) = linear.weight.split_at(linear.inputs);
    let weight = first.iter().zip(second).map(|(a, b)| a - b).collect();
    let bias = linear.bias.as_ref().map(|b| vec![b[0] - b[1]]);
    Linear { name: linear.name, weight, bias, inputs: linear.inputs, outputs: 1 }
}

/// `z0 - log(sum of exp(z1...))`: the sigmoid of it is the softmax's first entry. The maximum is subtracted first by
/// hand, so that no engine's own way of doing it can overflow.
fn emit_log_odds(b: &mut Builder, z: &str, classes: usize) -> String {
    let parts = b.i64s("one_others", &[1, classes as i64 - 1]);
    let [own, others] = b.nodes("Split", &[z, &parts], vec![AttributeProto::int("axis", 1)]);
    let axis = b.i64s("classes", &[1]);
    let most = b.node("ReduceMax", &[&others, &axis], vec![AttributeProto::int("keepdims", 1)]);
    let below = b.node("Sub", &[&others, &most], vec![]);
    let powers = b.node("Exp", &[&below], vec![]);
    let sum = b.node("ReduceSum", &[&powers, &axis], vec![AttributeProto::int("keepdims", 1)]);
    let log = b.node("Log", &[&sum], vec![]);
    let rest = b.node("Add", &[&most, &log], vec![]);
    b.node("Sub", &[&own, &rest], vec![])
}

/// Cosines with the bank, the k largest, and roadwork's share of exp(cosine / temperature).
fn emit_nearest(b: &mut Builder, features: &str, nearest: &Nearest) -> String {
    b.scope("nearest");
    let rows = nearest.labels.len();
    let axis = b.i64s("axis", &[1]);
    let keep = || vec![AttributeProto::int("keepdims", 1)];
    // Divided by the largest entry first, so that squares neither overflow nor vanish; all zeros are like nothing.
    let tiny = b.f32s("tiny", &[1], &[f32::MIN_POSITIVE]);
    let sizes = b.node("Abs", &[features], vec![]);
    let most = b.node("ReduceMax", &[&sizes, &axis], keep());
    let most = b.node("Add", &[&most, &tiny], vec![]);
    let x = b.node("Div", &[features, &most], vec![]);
    let squares = b.node("Mul", &[&x, &x], vec![]);
    let sum = b.node("ReduceSum", &[&squares, &axis], keep());
    let sum = b.node("Add", &[&sum, &tiny], vec![]);
    let length = b.node("Sqrt", &[&sum], vec![]);
    let direction = b.node("Div", &[&x, &length], vec![]);

    let bank = b.f32s("bank", &[nearest.inputs(), rows], &nearest.directions());
    let cosines = b.node("MatMul", &[&direction, &bank], vec![]);
    let k = b.i64s("k", &[nearest.k as i64]);
    let [nearest_cosines, places] = b.nodes("TopK", &[&cosines, &k], vec![AttributeProto::int("axis", 1)]);
    let temperature = b.f32s("temperature", &[1], &[nearest.temperature]);
    let scaled = b.node("Div", &[&nearest_cosines, &temperature], vec![]);
    let shares = b.node("Softmax", &[&scaled], vec![AttributeProto::int("axis", 1)]);
    let answers: Vec<f32> = nearest.labels.iter().map(|&roadwork| f32::from(u8::from(roadwork))).collect();
    let answers = b.f32s("answers", &[rows], &answers);
    let answers = b.node("Gather", &[&answers, &places], vec![AttributeProto::int("axis", 0)]);
    let votes = b.node("Mul", &[&shares, &answers], vec![]);
    let share = b.node("ReduceSum", &[&votes, &axis], keep());
    let logit = emit_logit(b, &share);
    emit_calibrated(b, &logit, nearest.calibration)
}

/// `log(q / (1 - q))` of a share `p` drawn in by [`MARGIN`]: q = p (1 - 2 m) + m. A sum and two products let NaN through,
/// which a clamp would make a number.
fn emit_logit(b: &mut Builder, share: &str) -> String {
    let [within, margin, one] =
        [("within", 1.0 - 2.0 * MARGIN), ("margin", MARGIN), ("one", 1.0)].map(|(name, v)| b.f32s(name, &[1], &[v]));
    let drawn = b.node("Mul", &[share, &within], vec![]);
    let drawn = b.node("Add", &[&drawn, &margin], vec![]);
    let other = b.node("Sub", &[&one, &drawn], vec![]);
    let [for_it, against] = [&drawn, &other].map(|p| b.node("Log", &[p], vec![]));
    b.node("Sub", &[&for_it, &against], vec![])
}

/// `sigmoid(a x + b)`, `[n, 1]` or `[n]` to `[n]`.
fn emit_calibrated(b: &mut Builder, logit: &str, calibration: Calibration) -> String {
    b.scope("calibration");
    let shape = b.i64s("flat", &[-1]);
    let logit = b.node("Reshape", &[logit, &shape], vec![]);
    let slope = b.f32s("a", &[1], &[calibration.a]);
    let shift = b.f32s("b", &[1], &[calibration.b]);
    let scaled = b.node("Mul", &[&logit, &slope], vec![]);
    let shifted = b.node("Add", &[&scaled, &shift], vec![]);
    b.node("Sigmoid", &[&shifted], vec![])
}

/// The weighted average of probabilities `[n]`, and a calibration on its logit.
pub(crate) fn emit_average(b: &mut Builder, members: &[(String, f64)], calibration: Option<Calibration>) -> String {
    b.scope("average");
    let mut sum: Option<String> = None;
    for (n, (probability, weight)) in members.iter().enumerate() {
        let weight = b.f32s(&format!("weight.{n}"), &[1], &[(weight * BELOW_ONE) as f32]);
        let part = b.node("Mul", &[probability, &weight], vec![]);
        sum = Some(match sum {
            Some(sum) => b.node("Add", &[&sum, &part], vec![]),
            None => part,
        });
    }
    let average = sum.expect("an ensemble has members: this is a bug");
    match calibration {
        Some(calibration) => {
            let logit = emit_logit(b, &average);
            emit_calibrated(b, &logit, calibration)
        }
        None => average,
    }
}

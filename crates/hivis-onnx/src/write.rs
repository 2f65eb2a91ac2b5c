//! The two graphs that are written: a classifier for serving, a bare backbone for tests.

use crate::backbone::{self, Want};
use crate::builder::{Builder, Linear};
use crate::pooling::emit_pooling;
use crate::proto::{AttributeProto, ValueInfoProto, data_type};
use crate::{Graph, Head, Model, OnnxError, tables};

/// Pictures of more pixels a side than this are no pictures of a miner.
const MAX_SIDE: u32 = 8192;

/// What a classifier's graph takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Width and height in pixels of the pictures that the graph takes.
    pub input: (u32, u32),
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { input: (224, 224) }
    }
}

/// `pixels` u8 `[n, h, w, 3]` to `probability` f32 `[n]` and `features` f32 `[n, d]`.
///
/// A DINOv3 or DINOv2 sees the picture at its own size, or at the nearest multiple of the patch below; a ViT or SigLIP
/// always at the size that its position table is for.
pub fn write_classifier(model: &Model, head: &Head, options: &WriteOptions) -> Result<Graph, OnnxError> {
    head.check()?;
    head.pooling.check(model)?;
    let features = model.features(head.pooling);
    if head.inputs() != features {
        return Err(OnnxError::Head(format!("it takes {} features, the model gives {features}", head.inputs())));
    }
    let (width, height) = (options.input.0 as usize, options.input.1 as usize);
    let grid = backbone::grid(model, (height, width));
    check_size(options.input, grid)?;
    let patch = model.geometry().patch;
    let seen = model.family.fixed_size().unwrap_or((grid.0 * patch.0, grid.1 * patch.1));

    let mut b = Builder::default();
    b.scope("pixels");
    let x = b.node("Cast", &["pixels"], vec![AttributeProto::int("to", i64::from(data_type::FLOAT))]);
    let x = b.node("Transpose", &[&x], vec![AttributeProto::ints("perm", &[0, 3, 1, 2])]);
    let x = emit_resize(&mut b, x, (height, width), seen);
    let want = Want {
        grid,
        normalise: Some(model.normalise),
        patches: head.pooling.patches(),
        pictures: head.pooling.blocks(),
    };
    let tokens = backbone::emit(&mut b, model, &x, &want)?;
    let pooled = emit_pooling(&mut b, &tokens, head.pooling, model.prefix_tokens());
    let probability = emit_head(&mut b, &pooled, head);
    b.rename(&pooled, "features");
    b.rename(&probability, "probability");
    Ok(b.finish(
        vec![ValueInfoProto::tensor("pixels", data_type::UINT8, &[None, Some(height), Some(width), Some(3)])],
        vec![
            ValueInfoProto::tensor("probability", data_type::FLOAT, &[None]),
            ValueInfoProto::tensor("features", data_type::FLOAT, &[None, Some(features)]),
        ],
    ))
}

/// `pixels` f32 `[n, 3, height, width]`, already normalised, to `last_hidden_state` f32 `[n, tokens, hidden_size]`.
pub fn write_backbone(model: &Model, width: u32, height: u32) -> Result<Graph, OnnxError> {
    let (w, h) = (width as usize, height as usize);
    let grid = model.geometry().grid((h, w));
    check_size((width, height), grid)?;
    if let Some((rows, columns)) = model.family.fixed_size().filter(|own| model.geometry().grid(*own) != grid) {
        return Err(OnnxError::Size(format!("this model's position table is for {columns} x {rows} pixels only")));
    }
    let mut b = Builder::default();
    let want = Want { grid, normalise: None, patches: true, pictures: 0 };
    let hidden = backbone::emit(&mut b, model, "pixels", &want)?.last;
    b.rename(&hidden, "last_hidden_state");
    let tokens = model.prefix_tokens() + grid.0 * grid.1;
    Ok(b.finish(
        vec![ValueInfoProto::tensor("pixels", data_type::FLOAT, &[None, Some(3), Some(h), Some(w)])],
        vec![ValueInfoProto::tensor(
            "last_hidden_state",
            data_type::FLOAT,
            &[None, Some(tokens), Some(model.hidden_size())],
        )],
    ))
}

fn check_size(input: (u32, u32), grid: (usize, usize)) -> Result<(), OnnxError> {
    let (width, height) = input;
    if width.max(height) > MAX_SIDE {
        return Err(OnnxError::Size(format!("pictures of {width} x {height} are too large for a graph")));
    }
    if width == 0 || height == 0 || grid.0 == 0 || grid.1 == 0 {
        return Err(OnnxError::Size(format!("pictures of {width} x {height} hold not one patch of this model")));
    }
    Ok(())
}

/// Bilinear resizing as two products, one for each axis: exact everywhere, where engines differ in `Resize`.
fn emit_resize(b: &mut Builder, mut x: String, from: (usize, usize), to: (usize, usize)) -> String {
    b.scope("resize");
    if from.1 != to.1 {
        let matrix = crate::builder::transpose(&tables::resize(from.1, to.1), to.1, from.1);
        let matrix = b.f32s("across", &[from.1, to.1], &matrix);
        x = b.node("MatMul", &[&x, &matrix], vec![]);
    }
    if from.0 != to.0 {
        let matrix = b.f32s("down", &[to.0, from.0], &tables::resize(from.0, to.0));
        x = b.node("MatMul", &[&matrix, &x], vec![]);
    }
    x
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
    b.scope("calibration");
    let shape = b.i64s("flat", &[-1]);
    let logit = b.node("Reshape", &[&x, &shape], vec![]);
    let slope = b.f32s("a", &[1], &[head.calibration.a]);
    let shift = b.f32s("b", &[1], &[head.calibration.b]);
    let scaled = b.node("Mul", &[&logit, &slope], vec![]);
    let shifted = b.node("Add", &[&scaled, &shift], vec![]);
    b.node("Sigmoid", &[&shifted], vec![])
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

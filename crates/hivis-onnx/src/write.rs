//! The graphs that are written: a classifier for serving, of one head or several, and a bare backbone for tests.

use crate::backbone::{self, Tokens, Want};
use crate::builder::Builder;
use crate::ensemble;
use crate::pooling::emit_pooling;
use crate::proto::{AttributeProto, ValueInfoProto, data_type};
use crate::score::{emit_average, emit_form};
use crate::{Calibration, Graph, Head, HeadForm, Member, Model, OnnxError, Pooling, tables};

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
    write_ensemble(&[Member { model, head: &HeadForm::Dense(head.clone()), weight: 1.0 }], None, options)
}

/// The same for the weighted average of several heads' probabilities, or for one head of either form.
///
/// Weights are above 0 and sum to 1 within 1e-6. `calibration` works on the logit of the average, drawn into
/// 1e-5..1-1e-5 first; without it the average is the answer. `features` are the first member's.
pub fn write_ensemble(
    members: &[Member<'_>],
    calibration: Option<Calibration>,
    options: &WriteOptions,
) -> Result<Graph, OnnxError> {
    ensemble::check(members, calibration)?;
    let (width, height) = (options.input.0 as usize, options.input.1 as usize);
    let mut b = Builder::default();
    b.scope("pixels");
    let x = b.node("Cast", &["pixels"], vec![AttributeProto::int("to", i64::from(data_type::FLOAT))]);
    let x = b.node("Transpose", &[&x], vec![AttributeProto::ints("perm", &[0, 3, 1, 2])]);

    let mut backbones: Vec<&Model> = Vec::new();
    for member in members {
        if !backbones.iter().any(|model| std::ptr::eq(*model, member.model)) {
            backbones.push(member.model);
        }
    }
    let mut features = vec![String::new(); members.len()];
    for (at, model) in backbones.iter().enumerate() {
        b.part(&if backbones.len() > 1 { format!("backbone.{at}") } else { String::new() });
        let own: Vec<usize> = (0..members.len()).filter(|&m| std::ptr::eq(members[m].model, *model)).collect();
        let poolings: Vec<Pooling> = own.iter().map(|&m| members[m].head.pooling()).collect();
        let tokens = emit_backbone(&mut b, model, (x.clone(), options.input), &poolings)?;
        let mut pooled: Vec<(Pooling, String)> = Vec::new();
        for (&m, &pooling) in own.iter().zip(&poolings) {
            let known = pooled.iter().find(|(known, _)| *known == pooling).map(|(_, name)| name.clone());
            features[m] = known.unwrap_or_else(|| emit_pooling(&mut b, &tokens, pooling, model.prefix_tokens()));
            pooled.push((pooling, features[m].clone()));
        }
    }
    let mut probabilities = Vec::with_capacity(members.len());
    for (at, (member, features)) in members.iter().zip(&features).enumerate() {
        b.part(&if members.len() > 1 { format!("member.{at}") } else { String::new() });
        probabilities.push((emit_form(&mut b, features, member.head), member.weight));
    }
    b.part("");
    let probability = match (probabilities.as_slice(), calibration) {
        ([(probability, _)], None) => probability.clone(),
        (all, calibration) => emit_average(&mut b, all, calibration),
    };
    b.rename(&features[0], "features");
    b.rename(&probability, "probability");
    Ok(b.finish(
        vec![ValueInfoProto::tensor("pixels", data_type::UINT8, &[None, Some(height), Some(width), Some(3)])],
        vec![
            ValueInfoProto::tensor("probability", data_type::FLOAT, &[None]),
            ValueInfoProto::tensor("features", data_type::FLOAT, &[None, Some(members[0].head.inputs())]),
        ],
    ))
}

/// From pixels f32 `[n, 3, h, w]`, 0 to 255, with their width and height, to the tokens that `poolings` want.
fn emit_backbone(
    b: &mut Builder,
    model: &Model,
    (pixels, input): (String, (u32, u32)),
    poolings: &[Pooling],
) -> Result<Tokens, OnnxError> {
    let size = (input.1 as usize, input.0 as usize);
    let grid = backbone::grid(model, size);
    check_size(input, grid)?;
    let patch = model.geometry().patch;
    let seen = model.family.fixed_size().unwrap_or((grid.0 * patch.0, grid.1 * patch.1));
    let x = emit_resize(b, pixels, size, seen);
    let want = Want {
        grid,
        normalise: Some(model.normalise),
        patches: poolings.iter().any(|pooling| pooling.patches()),
        pictures: poolings.iter().map(|pooling| pooling.blocks()).max().unwrap_or(0),
    };
    backbone::emit(b, model, &x, &want)
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

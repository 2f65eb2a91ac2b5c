//! A DINOv3 of random weights in a folder, with everything that the engines and their peers read.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use hivis_onnx::{Calibration, Dense, Head, Model, Pooling, QuantiseOptions, WriteOptions, quantise, write_classifier};
use hivis_synth::{Mix, View, scene};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::json;

/// Side of the pictures in pixels.
pub(crate) const SIDE: u32 = 224;
/// Pictures in `pictures.bin`.
pub(crate) const PICTURES: usize = 16;
const REGISTERS: usize = 4;
const PATCH: usize = 16;

/// The published sizes that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Size {
    /// ViT-S/16: 21 M parameters.
    S,
    /// ViT-B/16: 86 M parameters.
    B,
    /// ViT-L/16: 303 M parameters.
    L,
}

impl Size {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S => "ViT-S/16",
            Self::B => "ViT-B/16",
            Self::L => "ViT-L/16",
        }
    }

    fn layers(self) -> usize {
        if self == Self::L { 24 } else { 12 }
    }

    fn hidden(self) -> usize {
        match self {
            Self::S => 384,
            Self::B => 768,
            Self::L => 1024,
        }
    }
}

/// Writes `config.json` and `model.safetensors` to `folder`.
pub(crate) fn write_backbone(size: Size, folder: &Path) -> Result<()> {
    backbone(size, folder, &mut ChaCha8Rng::seed_from_u64(16))
}

fn backbone(size: Size, folder: &Path, rng: &mut ChaCha8Rng) -> Result<()> {
    let hidden = size.hidden();
    let config = json!({
        "model_type": "dinov3_vit", "architectures": ["DINOv3ViTModel"], "hidden_size": hidden, "patch_size": PATCH,
        "num_attention_heads": hidden / 64, "num_hidden_layers": size.layers(), "intermediate_size": 4 * hidden,
        "num_register_tokens": REGISTERS, "image_size": SIDE, "layer_norm_eps": 1e-5, "rope_theta": 100.0,
        "hidden_act": "gelu", "use_gated_mlp": false, "query_bias": true, "key_bias": false, "value_bias": true,
        "proj_bias": true, "mlp_bias": true, "pos_embed_rescale": 2.0, "layerscale_value": 1.0, "drop_path_rate": 0.0,
        "attention_dropout": 0.0, "initializer_range": 0.02, "dtype": "float32", "num_channels": 3,
    });
    fs_err::write(folder.join("config.json"), config.to_string())?;
    Ok(fs_err::write(folder.join("model.safetensors"), weights(size, rng)?)?)
}

/// Writes `config.json`, `model.safetensors`, `head.safetensors`, `model.onnx`, `model.int8.onnx` and `pictures.bin`
/// (rendered scenes, u8 `[PICTURES, SIDE, SIDE, 3]`) to `folder`.
pub(crate) fn write(size: Size, folder: &Path) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(16);
    backbone(size, folder, &mut rng)?;
    let head = head(2 * size.hidden(), &mut rng);
    head.write(&folder.join("head.safetensors"))?;

    let model = Model::read(folder)?;
    let graph = folder.join("model.onnx");
    write_classifier(&model, &head, &WriteOptions { input: (SIDE, SIDE) })?.save(&graph)?;
    quantise(&graph, &folder.join("model.int8.onnx"), &QuantiseOptions::default())?;

    let pictures = (0..PICTURES as u64)
        .flat_map(|seed| scene(seed, &Mix::default()).render(&View::square(SIDE)).picture.into_rgb());
    fs_err::write(folder.join("pictures.bin"), pictures.collect::<Vec<u8>>())?;
    Ok(())
}

/// Every tensor of the backbone, named as transformers names them.
fn weights(size: Size, rng: &mut ChaCha8Rng) -> Result<Vec<u8>> {
    let hidden = size.hidden();
    let wide = 4 * hidden;
    let mut shapes: Vec<(String, Vec<usize>)> = [
        ("embeddings.cls_token", vec![1, 1, hidden]),
        ("embeddings.mask_token", vec![1, 1, hidden]),
        ("embeddings.register_tokens", vec![1, REGISTERS, hidden]),
        ("embeddings.patch_embeddings.weight", vec![hidden, 3, PATCH, PATCH]),
        ("embeddings.patch_embeddings.bias", vec![hidden]),
        ("norm.weight", vec![hidden]),
        ("norm.bias", vec![hidden]),
    ]
    .map(|(name, shape)| (name.to_owned(), shape))
    .into();
    for layer in 0..size.layers() {
        let mut add = |name: &str, shape: &[usize]| shapes.push((format!("layer.{layer}.{name}"), shape.to_vec()));
        for name in ["q_proj", "k_proj", "v_proj", "o_proj"] {
            add(&format!("attention.{name}.weight"), &[hidden, hidden]);
        }
        for name in ["q_proj", "v_proj", "o_proj"] {
            add(&format!("attention.{name}.bias"), &[hidden]);
        }
        add("mlp.up_proj.weight", &[wide, hidden]);
        add("mlp.up_proj.bias", &[wide]);
        add("mlp.down_proj.weight", &[hidden, wide]);
        add("mlp.down_proj.bias", &[hidden]);
        for name in ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"] {
            add(name, &[hidden]);
        }
        add("layer_scale1.lambda1", &[hidden]);
        add("layer_scale2.lambda1", &[hidden]);
    }
    safetensors(shapes, |name, shape| values(name, shape, rng))
}

/// Tensors by name and shape, as a file of them.
pub(crate) fn safetensors(
    shapes: Vec<(String, Vec<usize>)>,
    mut values: impl FnMut(&str, &[usize]) -> Vec<f32>,
) -> Result<Vec<u8>> {
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let bytes = values(&name, &shape).iter().flat_map(|v| v.to_le_bytes()).collect();
            (name, shape, bytes)
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(safetensors::serialize(views, Some(HashMap::from([("format".to_owned(), "pt".to_owned())])))?)
}

/// Matrices keep the variance of what goes in, norms and scales begin at 1, all else is small.
fn values(name: &str, shape: &[usize], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let count = shape.iter().product();
    if name.contains("lambda1") || name.contains("norm") && name.ends_with("weight") {
        return vec![1.0; count];
    }
    let reach = if shape.len() == 1 { 0.02 } else { (3.0 / shape[1..].iter().product::<usize>() as f32).sqrt() };
    (0..count).map(|_| rng.random_range(-reach..reach)).collect()
}

/// One dense layer whose logits lie some units around 0, so that probabilities are not all alike.
fn head(inputs: usize, rng: &mut ChaCha8Rng) -> Head {
    let reach = (6.0 / inputs as f32).sqrt();
    let weight = (0..inputs).map(|_| rng.random_range(-reach..reach)).collect();
    let layers = vec![Dense { weight, bias: vec![0.0], inputs, outputs: 1 }];
    Head { pooling: Pooling::ClsMean, layers, calibration: Calibration::default() }
}

//! A classifier that says the same of every picture and costs next to nothing: what an engine of fixed answers is to the
//! real program, which takes its engine from a release.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use crate::random_model::{SIDE, safetensors};

/// Width of the tokens, and pixels of a patch's side: as small as can be.
const HIDDEN: usize = 8;
const PATCH: usize = 112;
/// The log-odds of [`crate::serve::PREDICTION`].
const LOG_ODDS: f32 = 1.098_612_3;

/// Writes a `ViTForImageClassification` of one layer to `folder`; every weight is 0 but for the last bias.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let config = json!({
        "model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": HIDDEN, "patch_size": PATCH,
        "num_attention_heads": 1, "num_hidden_layers": 1, "intermediate_size": HIDDEN, "image_size": SIDE,
        "num_channels": 3, "id2label": { "0": "None", "1": "Roadwork" },
    });
    fs_err::create_dir_all(folder)?;
    fs_err::write(folder.join("config.json"), config.to_string())?;
    let tokens = 1 + (SIDE as usize / PATCH).pow(2);
    let mut shapes: Vec<(String, Vec<usize>)> = [
        ("vit.embeddings.cls_token", vec![1, 1, HIDDEN]),
        ("vit.embeddings.position_embeddings", vec![1, tokens, HIDDEN]),
        ("vit.embeddings.patch_embeddings.projection.weight", vec![HIDDEN, 3, PATCH, PATCH]),
        ("vit.embeddings.patch_embeddings.projection.bias", vec![HIDDEN]),
        ("classifier.weight", vec![2, HIDDEN]),
        ("classifier.bias", vec![2]),
    ]
    .map(|(name, shape)| (name.to_owned(), shape))
    .into();
    let dense = ["attention.attention.query", "attention.attention.key", "attention.attention.value"];
    let dense = dense.into_iter().chain(["attention.output.dense", "intermediate.dense", "output.dense"]);
    let layer = |name: &str| format!("vit.encoder.layer.0.{name}");
    shapes.extend(dense.map(|name| (layer(&format!("{name}.weight")), vec![HIDDEN, HIDDEN])));
    let names: Vec<String> =
        shapes.iter().filter_map(|(name, _)| name.strip_suffix(".weight").map(str::to_owned)).collect();
    shapes.extend(
        names.iter().filter(|name| name.contains(".layer.")).map(|name| (format!("{name}.bias"), vec![HIDDEN])),
    );
    for norm in [layer("layernorm_before"), layer("layernorm_after"), "vit.layernorm".to_owned()] {
        shapes.extend(["weight", "bias"].map(|part| (format!("{norm}.{part}"), vec![HIDDEN])));
    }
    let weights = safetensors(shapes, |name, shape| {
        let mut values = vec![0.0; shape.iter().product()];
        if name == "classifier.bias" {
            values[1] = LOG_ODDS;
        }
        values
    });
    Ok(fs_err::write(folder.join("model.safetensors"), weights?)?)
}

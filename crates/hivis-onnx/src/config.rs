//! `config.json` and `preprocessor_config.json`, with transformers' own defaults for what they leave out.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::OnnxError;

/// One number for a square, or height and width.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum Side {
    Square(usize),
    HeightWidth([usize; 2]),
}

impl Side {
    fn pair(self) -> (usize, usize) {
        match self {
            Self::Square(side) => (side, side),
            Self::HeightWidth([height, width]) => (height, width),
        }
    }
}

/// The non-linearity of a model's MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// x * Phi(x).
    Gelu,
    /// The tanh approximation of GELU.
    GeluTanh,
    /// x * sigmoid(x).
    Silu,
    /// max(x, 0).
    Relu,
}

/// What is common to every transformer that is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub hidden: usize,
    pub heads: usize,
    pub layers: usize,
    pub intermediate: usize,
    /// Height and width in pixels.
    pub patch: (usize, usize),
    pub epsilon: f32,
    pub activation: Activation,
}

/// A checked `config.json`.
#[derive(Debug)]
pub(crate) enum Config {
    DinoV3(DinoV3),
    Vit(Vit),
}

/// `facebook/dinov3-*` as transformers saves it.
#[derive(Debug)]
pub(crate) struct DinoV3 {
    pub geometry: Geometry,
    pub registers: usize,
    pub theta: f64,
    pub gated: bool,
    pub bias: Biases,
}

/// Which projections have a bias.
#[expect(clippy::struct_excessive_bools, reason = "they are the model's own five switches")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Biases {
    pub query: bool,
    pub key: bool,
    pub value: bool,
    pub proj: bool,
    pub mlp: bool,
}

/// `ViTForImageClassification` as transformers saves it.
#[derive(Debug)]
pub(crate) struct Vit {
    pub geometry: Geometry,
    /// Height and width in pixels that the position table is for.
    pub image: (usize, usize),
    pub qkv_bias: bool,
    pub labels: Vec<String>,
}

#[derive(Deserialize)]
struct Family {
    model_type: Option<String>,
}

#[expect(clippy::struct_excessive_bools, reason = "they are the file's own switches")]
#[derive(Deserialize)]
#[serde(default)]
struct RawDinoV3 {
    hidden_size: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    intermediate_size: usize,
    patch_size: Side,
    num_channels: usize,
    layer_norm_eps: f64,
    hidden_act: String,
    rope_theta: f64,
    rope_parameters: Option<RopeParameters>,
    num_register_tokens: usize,
    use_gated_mlp: bool,
    query_bias: bool,
    key_bias: bool,
    value_bias: bool,
    proj_bias: bool,
    mlp_bias: bool,
}

/// Where other versions of transformers keep theta.
#[derive(Deserialize)]
struct RopeParameters {
    rope_theta: Option<f64>,
}

impl Default for RawDinoV3 {
    fn default() -> Self {
        Self {
            hidden_size: 384,
            num_attention_heads: 6,
            num_hidden_layers: 12,
            intermediate_size: 1536,
            patch_size: Side::Square(16),
            num_channels: 3,
            layer_norm_eps: 1e-5,
            hidden_act: "gelu".to_owned(),
            rope_theta: 100.0,
            rope_parameters: None,
            num_register_tokens: 0,
            use_gated_mlp: false,
            query_bias: true,
            key_bias: false,
            value_bias: true,
            proj_bias: true,
            mlp_bias: true,
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct RawVit {
    hidden_size: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    intermediate_size: usize,
    patch_size: Side,
    image_size: Side,
    num_channels: usize,
    layer_norm_eps: f64,
    hidden_act: String,
    qkv_bias: bool,
    id2label: BTreeMap<usize, String>,
}

impl Default for RawVit {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            num_attention_heads: 12,
            num_hidden_layers: 12,
            intermediate_size: 3072,
            patch_size: Side::Square(16),
            image_size: Side::Square(224),
            num_channels: 3,
            layer_norm_eps: 1e-12,
            hidden_act: "gelu".to_owned(),
            qkv_bias: true,
            // What transformers writes nothing for: two classes without names.
            id2label: BTreeMap::from([(0, "LABEL_0".to_owned()), (1, "LABEL_1".to_owned())]),
        }
    }
}

impl Config {
    /// Parses and checks the text of a `config.json`; `path` is for errors.
    pub(crate) fn parse(text: &[u8], path: &Path) -> Result<Self, OnnxError> {
        let family: Family = json(text, path)?;
        match family.model_type.as_deref() {
            Some("dinov3_vit") => Self::dinov3(json(text, path)?, path).map(Self::DinoV3),
            Some("vit") => Self::vit(json(text, path)?, path).map(Self::Vit),
            Some(other) => {
                let other: String = other.escape_debug().take(40).collect();
                Err(OnnxError::config(path, format!("model_type is `{other}`; `dinov3_vit` and `vit` are known")))
            }
            None => Err(OnnxError::config(path, "has no model_type")),
        }
    }

    fn dinov3(raw: RawDinoV3, path: &Path) -> Result<DinoV3, OnnxError> {
        let geometry = Geometry {
            hidden: raw.hidden_size,
            heads: raw.num_attention_heads,
            layers: raw.num_hidden_layers,
            intermediate: raw.intermediate_size,
            patch: raw.patch_size.pair(),
            epsilon: raw.layer_norm_eps as f32,
            activation: activation(&raw.hidden_act, path)?,
        };
        geometry.check(raw.num_channels, path)?;
        if !(geometry.hidden / geometry.heads).is_multiple_of(4) {
            return Err(OnnxError::config(path, "hidden_size / num_attention_heads must be a multiple of 4 for RoPE"));
        }
        let theta = raw.rope_parameters.and_then(|p| p.rope_theta).unwrap_or(raw.rope_theta);
        if !(theta.is_finite() && theta > 0.0) {
            return Err(OnnxError::config(path, "rope_theta must be a number above 0"));
        }
        if raw.num_register_tokens > 1000 {
            return Err(OnnxError::config(path, "num_register_tokens is over 1000"));
        }
        Ok(DinoV3 {
            geometry,
            registers: raw.num_register_tokens,
            theta,
            gated: raw.use_gated_mlp,
            bias: Biases {
                query: raw.query_bias,
                key: raw.key_bias,
                value: raw.value_bias,
                proj: raw.proj_bias,
                mlp: raw.mlp_bias,
            },
        })
    }

    fn vit(raw: RawVit, path: &Path) -> Result<Vit, OnnxError> {
        let geometry = Geometry {
            hidden: raw.hidden_size,
            heads: raw.num_attention_heads,
            layers: raw.num_hidden_layers,
            intermediate: raw.intermediate_size,
            patch: raw.patch_size.pair(),
            epsilon: raw.layer_norm_eps as f32,
            activation: activation(&raw.hidden_act, path)?,
        };
        geometry.check(raw.num_channels, path)?;
        let image = raw.image_size.pair();
        let fits = |side: usize, patch: usize| side <= 16384 && side >= patch;
        if !fits(image.0, geometry.patch.0) || !fits(image.1, geometry.patch.1) {
            return Err(OnnxError::config(path, "image_size must hold at least one patch and at most 16384 pixels"));
        }
        let in_order = raw.id2label.keys().copied().eq(0..raw.id2label.len());
        if !in_order || raw.id2label.len() < 2 {
            return Err(OnnxError::config(path, "id2label must name at least two classes, counted from 0"));
        }
        Ok(Vit { geometry, image, qkv_bias: raw.qkv_bias, labels: raw.id2label.into_values().collect() })
    }

    /// What both families have.
    pub(crate) fn geometry(&self) -> &Geometry {
        match self {
            Self::DinoV3(c) => &c.geometry,
            Self::Vit(c) => &c.geometry,
        }
    }
}

impl Geometry {
    /// Bounds far above every published model, so that no product of two can overflow.
    fn check(&self, channels: usize, path: &Path) -> Result<(), OnnxError> {
        let bounds = [
            ("hidden_size", self.hidden, 1 << 16),
            ("num_attention_heads", self.heads, 1 << 12),
            ("num_hidden_layers", self.layers, 1 << 10),
            ("intermediate_size", self.intermediate, 1 << 18),
            ("patch_size", self.patch.0, 1 << 10),
            ("patch_size", self.patch.1, 1 << 10),
        ];
        if let Some((key, value, most)) = bounds.into_iter().find(|(_, value, most)| !(1..=*most).contains(value)) {
            return Err(OnnxError::config(path, format!("{key} is {value}; 1 to {most} are read")));
        }
        if !self.hidden.is_multiple_of(self.heads) {
            return Err(OnnxError::config(path, "hidden_size must be a multiple of num_attention_heads"));
        }
        if channels != 3 {
            return Err(OnnxError::config(path, format!("num_channels is {channels}; only RGB is read")));
        }
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            return Err(OnnxError::config(path, "layer_norm_eps must be a number of at least 0"));
        }
        Ok(())
    }
}

fn activation(name: &str, path: &Path) -> Result<Activation, OnnxError> {
    match name {
        "gelu" => Ok(Activation::Gelu),
        "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Ok(Activation::GeluTanh),
        "silu" | "swish" => Ok(Activation::Silu),
        "relu" => Ok(Activation::Relu),
        other => {
            let other: String = other.escape_debug().take(40).collect();
            Err(OnnxError::config(path, format!("hidden_act `{other}` is not known; gelu, silu and relu are")))
        }
    }
}

/// How pixels become a model's input: `(rescale * u8 - mean) / std`, channel by channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Normalise {
    pub rescale: f64,
    pub mean: [f64; 3],
    pub std: [f64; 3],
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPreprocessor {
    do_rescale: Option<bool>,
    rescale_factor: Option<f64>,
    do_normalize: Option<bool>,
    image_mean: Option<[f64; 3]>,
    image_std: Option<[f64; 3]>,
}

impl Default for Normalise {
    /// ImageNet's mean and deviation, as torchvision states them.
    fn default() -> Self {
        Self { rescale: 1.0 / 255.0, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
    }
}

impl Normalise {
    /// Parses the text of a `preprocessor_config.json`; what it leaves out is ImageNet's.
    pub(crate) fn parse(text: &[u8], path: &Path) -> Result<Self, OnnxError> {
        let raw: RawPreprocessor = json(text, path)?;
        let default = Self::default();
        let rescale = if raw.do_rescale.unwrap_or(true) { raw.rescale_factor.unwrap_or(default.rescale) } else { 1.0 };
        let (mean, std) = if raw.do_normalize.unwrap_or(true) {
            (raw.image_mean.unwrap_or(default.mean), raw.image_std.unwrap_or(default.std))
        } else {
            ([0.0; 3], [1.0; 3])
        };
        let sane = |v: f64| v.is_finite() && v.abs() <= 1e6;
        if !sane(rescale) || !mean.into_iter().all(sane) || !std.into_iter().all(|s| sane(s) && s >= 1e-6) {
            return Err(OnnxError::config(path, "image_mean, image_std and rescale_factor must be sane numbers"));
        }
        Ok(Self { rescale, mean, std })
    }
}

fn json<T: DeserializeOwned>(text: &[u8], path: &Path) -> Result<T, OnnxError> {
    serde_json::from_slice(text).map_err(|error| {
        let reason: String =
            error.to_string().chars().take(160).map(|c| if c.is_control() { ' ' } else { c }).collect();
        OnnxError::config(path, reason)
    })
}

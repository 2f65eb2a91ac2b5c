//! The part of transformers' `config.json` that `hivis-tiny` uses.

use serde::{Deserialize, Serialize};

/// A DINOv3 ViT's shape; fields have transformers' names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields are transformers' own")]
pub struct VitConfig {
    /// Always `dinov3_vit`.
    pub model_type: String,
    /// Always `["DINOv3ViTModel"]`.
    #[serde(default)]
    pub architectures: Vec<String>,
    /// Width of a token.
    pub hidden_size: usize,
    /// Width inside the MLP.
    pub intermediate_size: usize,
    /// Blocks.
    pub num_hidden_layers: usize,
    /// Heads; each is `hidden_size / num_attention_heads` wide, a multiple of four.
    pub num_attention_heads: usize,
    /// Register tokens after CLS.
    pub num_register_tokens: usize,
    /// Side of a patch in pixels.
    pub patch_size: usize,
    /// Colour channels, three.
    pub num_channels: usize,
    /// Side of the picture that it was made for, in pixels.
    pub image_size: usize,
    /// Base of the rotary frequencies.
    pub rope_theta: f32,
    /// Added to the variance in layer norms.
    pub layer_norm_eps: f64,
    /// First value of the layer scales.
    pub layerscale_value: f32,
    /// `gelu` (the exact one), `gelu_pytorch_tanh` or `silu`.
    pub hidden_act: String,
    /// Whether queries have a bias.
    pub query_bias: bool,
    /// Whether keys have a bias.
    pub key_bias: bool,
    /// Whether values have a bias.
    pub value_bias: bool,
    /// Whether the attention's output has a bias.
    pub proj_bias: bool,
    /// Whether the MLP has biases.
    pub mlp_bias: bool,
    /// Whether the MLP is gated.
    pub use_gated_mlp: bool,
    /// Chance of dropping a path; zero here.
    pub drop_path_rate: f32,
    /// Attention dropout; zero here.
    pub attention_dropout: f32,
    /// Deviation of the first weights.
    pub initializer_range: f32,
    /// Type of the numbers in the file.
    pub dtype: String,
    /// Augmentations of positions in DINOv3's own training; unused here.
    pub pos_embed_shift: Option<f32>,
    /// See `pos_embed_shift`.
    pub pos_embed_jitter: Option<f32>,
    /// See `pos_embed_shift`.
    pub pos_embed_rescale: Option<f32>,
}

impl VitConfig {
    /// The shape of `hivis-tiny`: 2.8 million parameters.
    pub fn tiny() -> Self {
        Self {
            model_type: "dinov3_vit".to_owned(),
            architectures: vec!["DINOv3ViTModel".to_owned()],
            hidden_size: 192,
            intermediate_size: 768,
            num_hidden_layers: 6,
            num_attention_heads: 3,
            num_register_tokens: 0,
            patch_size: 16,
            num_channels: 3,
            image_size: 224,
            rope_theta: 100.0,
            layer_norm_eps: 1e-5,
            layerscale_value: 1.0,
            hidden_act: "relu".to_owned(),
            query_bias: true,
            key_bias: false,
            value_bias: true,
            proj_bias: true,
            mlp_bias: true,
            use_gated_mlp: false,
            drop_path_rate: 0.0,
            attention_dropout: 0.0,
            initializer_range: 0.02,
            dtype: "float16".to_owned(),
            pos_embed_shift: None,
            pos_embed_jitter: None,
            pos_embed_rescale: None,
        }
    }

    /// Tokens before the patches: CLS and registers.
    pub fn prefix(&self) -> usize {
        1 + self.num_register_tokens
    }

    /// Width of one head.
    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}

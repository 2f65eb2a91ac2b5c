//! The DINOv3 ViT in burn: for training, and as one of the witnesses of "one truth".

use burn::tensor::activation::{gelu, gelu_approximate, relu, silu, softmax};
use burn::tensor::module::layer_norm;
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;

use crate::TrainError;
use crate::config::VitConfig;
use crate::draws::truncated_normal;
use crate::leaves::{Dense, Leaves};
use crate::rope;
use crate::weights::{Array, Weights};

/// New weights of that shape: tables and tokens from a cut normal distribution, biases zero, norms one.
pub fn fresh<R: Rng>(config: &VitConfig, rng: &mut R) -> Weights {
    let (d, m) = (config.hidden_size, config.intermediate_size);
    let mut all = Weights::default();
    let mut drawn = |all: &mut Weights, name: String, shape: &[usize]| {
        let mut array = Array::filled(shape, 0.0);
        array.data.fill_with(|| config.initializer_range * truncated_normal(rng));
        all.0.insert(name, array);
    };
    drawn(&mut all, "embeddings.cls_token".to_owned(), &[1, 1, d]);
    if config.num_register_tokens > 0 {
        drawn(&mut all, "embeddings.register_tokens".to_owned(), &[1, config.num_register_tokens, d]);
    }
    let p = config.patch_size;
    drawn(&mut all, "embeddings.patch_embeddings.weight".to_owned(), &[d, config.num_channels, p, p]);
    for layer in 0..config.num_hidden_layers {
        let name = |part: &str| format!("layer.{layer}.{part}.weight");
        for part in ["attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.o_proj"] {
            drawn(&mut all, name(part), &[d, d]);
        }
        drawn(&mut all, name("mlp.up_proj"), &[m, d]);
        drawn(&mut all, name("mlp.down_proj"), &[d, m]);
    }
    let mut filled = |name: String, length: usize, value: f32| {
        all.0.insert(name, Array::filled(&[length], value));
    };
    filled("embeddings.patch_embeddings.bias".to_owned(), d, 0.0);
    filled("norm.weight".to_owned(), d, 1.0);
    filled("norm.bias".to_owned(), d, 0.0);
    for layer in 0..config.num_hidden_layers {
        let name = |part: &str| format!("layer.{layer}.{part}");
        let biases = [
            ("attention.q_proj.bias", d, config.query_bias),
            ("attention.k_proj.bias", d, config.key_bias),
            ("attention.v_proj.bias", d, config.value_bias),
            ("attention.o_proj.bias", d, config.proj_bias),
            ("mlp.up_proj.bias", m, config.mlp_bias),
            ("mlp.down_proj.bias", d, config.mlp_bias),
        ];
        for (part, length, _) in biases.iter().filter(|(_, _, wanted)| *wanted) {
            filled(name(part), *length, 0.0);
        }
        for norm in ["norm1", "norm2"] {
            filled(name(&format!("{norm}.weight")), d, 1.0);
            filled(name(&format!("{norm}.bias")), d, 0.0);
        }
        for scale in ["layer_scale1", "layer_scale2"] {
            filled(name(&format!("{scale}.lambda1")), d, config.layerscale_value);
        }
    }
    all
}

struct Norm {
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
}

impl Norm {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        layer_norm(x, self.weight.clone(), Some(self.bias.clone()), self.epsilon)
    }
}

struct Block {
    norm1: Norm,
    query: Dense,
    key: Dense,
    value: Dense,
    out: Dense,
    scale1: Tensor<1>,
    norm2: Norm,
    /// Only where the MLP is gated.
    gate: Option<Dense>,
    up: Dense,
    down: Dense,
    scale2: Tensor<1>,
}

/// The model on a device, for one step or for many forward passes.
pub struct Vit {
    config: VitConfig,
    class: Tensor<2>,
    registers: Option<Tensor<2>>,
    patches: Dense,
    blocks: Vec<Block>,
    norm: Norm,
    activation: fn(Tensor<3>) -> Tensor<3>,
    device: Device,
}

impl Vit {
    /// Takes the tensors of `config` out of `leaves`.
    pub fn new(config: &VitConfig, leaves: &Leaves, device: &Device) -> Result<Self, TrainError> {
        let activation: fn(Tensor<3>) -> Tensor<3> = match config.hidden_act.as_str() {
            "gelu" => gelu,
            "gelu_pytorch_tanh" | "gelu_new" => gelu_approximate,
            "silu" => silu,
            "relu" => relu,
            other => {
                let why = format!("the activation `{other}` is not built here");
                return Err(TrainError::Content { what: "config.json".to_owned(), why });
            }
        };
        let norm = |name: &str| {
            Ok::<_, TrainError>(Norm {
                weight: leaves.row(&format!("{name}.weight"))?,
                bias: leaves.row(&format!("{name}.bias"))?,
                epsilon: config.layer_norm_eps,
            })
        };
        let block = |layer: usize| {
            let name = |part: &str| format!("layer.{layer}.{part}");
            Ok::<_, TrainError>(Block {
                norm1: norm(&name("norm1"))?,
                query: leaves.dense(&name("attention.q_proj"))?,
                key: leaves.dense(&name("attention.k_proj"))?,
                value: leaves.dense(&name("attention.v_proj"))?,
                out: leaves.dense(&name("attention.o_proj"))?,
                scale1: leaves.row(&name("layer_scale1.lambda1"))?,
                norm2: norm(&name("norm2"))?,
                gate: if config.use_gated_mlp { Some(leaves.dense(&name("mlp.gate_proj"))?) } else { None },
                up: leaves.dense(&name("mlp.up_proj"))?,
                down: leaves.dense(&name("mlp.down_proj"))?,
                scale2: leaves.row(&name("layer_scale2.lambda1"))?,
            })
        };
        let has_registers = config.num_register_tokens > 0;
        Ok(Self {
            class: leaves.table("embeddings.cls_token")?,
            registers: if has_registers { Some(leaves.table("embeddings.register_tokens")?) } else { None },
            patches: leaves.dense("embeddings.patch_embeddings")?,
            blocks: (0..config.num_hidden_layers).map(block).collect::<Result<_, _>>()?,
            norm: norm("norm")?,
            config: config.clone(),
            activation,
            device: device.clone(),
        })
    }

    /// The last hidden state `[n, tokens, d]` after the final norm: CLS, registers, patches in row order.
    ///
    /// `patches` is `[n, rows * columns, 3 p p]`, each patch channel by channel, as [`patches_of`] gives it.
    pub fn forward(&self, patches: Tensor<3>, grid: (usize, usize)) -> Tensor<3> {
        let [n, _, _] = patches.dims();
        let d = self.config.hidden_size;
        let mut tokens = vec![self.class.clone().reshape([1, 1, d]).expand([n, 1, d])];
        if let Some(registers) = &self.registers {
            let count = self.config.num_register_tokens;
            tokens.push(registers.clone().reshape([1, count, d]).expand([n, count, d]));
        }
        tokens.push(self.patches.forward(patches));
        let mut x = Tensor::cat(tokens, 1);

        let tables = rope::tables(self.config.prefix(), grid, self.config.head_dim(), self.config.rope_theta);
        let shape = [1, 1, tables.tokens, tables.half];
        let turn = [tables.cos, tables.sin].map(|t| Tensor::<4>::from_data(TensorData::new(t, shape), &self.device));
        for block in &self.blocks {
            let inside = self.attend(block, block.norm1.forward(x.clone()), &turn);
            x = x + inside * block.scale1.clone().reshape([1, 1, d]);
            let inside = self.mix(block, block.norm2.forward(x.clone()));
            x = x + inside * block.scale2.clone().reshape([1, 1, d]);
        }
        self.norm.forward(x)
    }

    fn mix(&self, block: &Block, x: Tensor<3>) -> Tensor<3> {
        let up = block.up.forward(x.clone());
        block.down.forward(match &block.gate {
            Some(gate) => (self.activation)(gate.forward(x)) * up,
            None => (self.activation)(up),
        })
    }

    fn attend(&self, block: &Block, x: Tensor<3>, turn: &[Tensor<4>; 2]) -> Tensor<3> {
        let [n, t, d] = x.dims();
        let (heads, width) = (self.config.num_attention_heads, self.config.head_dim());
        let split = |x: Tensor<3>| x.reshape([n, t, heads, width]).swap_dims(1, 2);
        // The scale goes on the queries: they are fewer than the scores.
        let query = turned(split(block.query.forward(x.clone())), turn).mul_scalar((width as f64).powf(-0.5));
        let key = turned(split(block.key.forward(x.clone())), turn);
        let value = split(block.value.forward(x));
        let mixed = softmax(query.matmul(key.transpose()), 3).matmul(value);
        block.out.forward(mixed.swap_dims(1, 2).reshape([n, t, d]))
    }
}

/// `x cos + rotate_half(x) sin`, half by half, so that no copy of the rotated whole is made.
fn turned(x: Tensor<4>, [cos, sin]: &[Tensor<4>; 2]) -> Tensor<4> {
    let half = x.dims()[3] / 2;
    let (a, b) = (x.clone().narrow(3, 0, half), x.narrow(3, half, half));
    let first = a.clone() * cos.clone() - b.clone() * sin.clone();
    Tensor::cat(vec![first, b * cos.clone() + a * sin.clone()], 3)
}

/// Cuts pixels `[3, h, w]` (normalised, one picture) into patches `[rows * columns, 3 p p]`, appended to `out`.
pub fn patches_of(pixels: &[f32], (h, w): (usize, usize), p: usize, out: &mut Vec<f32>) {
    for row in 0..h / p {
        for column in 0..w / p {
            for channel in 0..3 {
                for y in 0..p {
                    let at = channel * h * w + (row * p + y) * w + column * p;
                    out.extend_from_slice(&pixels[at..at + p]);
                }
            }
        }
    }
}

//! The embedded backbone `hivis-tiny` and its head, the files of the folder `hivis-tiny/`.
//!
//! Trained on procedural scenes only; it makes no claim about real streets. There without the feature `burn`, so that
//! a binary that only answers has a model too.
//!
//! ```
//! use hivis_onnx::{Head, Model};
//! use hivis_train::tiny;
//! # fn main() -> Result<(), hivis_onnx::OnnxError> {
//! let model = Model::from_parts(tiny::CONFIG, Some(tiny::PREPROCESSOR), tiny::WEIGHTS.to_vec())?;
//! let head = Head::from_bytes(tiny::HEAD.to_vec())?;
//! assert_eq!(head.inputs(), 2 * model.hidden_size());
//! # Ok(())
//! # }
//! ```

/// `config.json` as transformers writes it.
pub const CONFIG: &str = include_str!("../hivis-tiny/config.json");
/// `preprocessor_config.json`.
pub const PREPROCESSOR: &str = include_str!("../hivis-tiny/preprocessor_config.json");
/// The backbone: safetensors in fp16, transformers' names.
pub const WEIGHTS: &[u8] = include_bytes!("../hivis-tiny/model.safetensors");
/// The shipped head: safetensors as `hivis_onnx::Head` reads it.
pub const HEAD: &[u8] = include_bytes!("../hivis-tiny/head.safetensors");
/// What both are worth, measured: JSON of `headroom::Figures`.
pub const FIGURES: &str = include_str!("../hivis-tiny/figures.json");
/// How the backbone was pretrained: TOML of `recipe::Recipe`.
pub const RECIPE: &str = include_str!("../hivis-tiny/recipe.toml");
/// What it is and what it is not.
pub const README: &str = include_str!("../hivis-tiny/README.md");

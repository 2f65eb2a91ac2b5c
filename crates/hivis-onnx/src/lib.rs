//! Writes ONNX graphs from Hugging Face weights: DINOv3, DINOv2 and SigLIP backbones, ViT image classifiers, heads, and
//! their int8 forms.
//!
//! A [`Model`] is a checked `config.json` with its weights; a [`Head`] turns pooled features into one logit, a
//! [`Nearest`] lets those of known pictures vote. From these [`write_classifier`] and [`write_ensemble`] make a [`Graph`] that takes u8 pictures and gives a probability and the features. Standard
//! operators of opset 20 only, so rten, ONNX Runtime, OpenVINO and TensorRT all read it. This room runs nothing.
//!
//! ```no_run
//! use hivis_onnx::{Head, Model, WriteOptions, write_classifier, write_ensemble};
//! # fn main() -> Result<(), hivis_onnx::OnnxError> {
//! let model = Model::read("backbone".as_ref())?;
//! let head = Head::read("head.safetensors".as_ref())?;
//! write_classifier(&model, &head, &WriteOptions { input: (224, 224) })?.save("model.onnx".as_ref())?;
//! # Ok(())
//! # }
//! ```

mod attention_pool;
mod backbone;
mod builder;
mod config;
mod ensemble;
mod error;
mod family;
mod graph;
mod head;
mod layers;
mod model;
mod nearest;
mod normalise;
mod pooling;
mod proto;
mod quantise;
mod score;
mod tables;
mod weights;
mod write;

pub use ensemble::{HeadForm, Member};
pub use error::OnnxError;
pub use graph::Graph;
pub use head::{Calibration, Dense, Head};
pub use model::{Model, ModelKind};
pub use nearest::Nearest;
pub use pooling::Pooling;
pub use quantise::{QuantiseOptions, quantise};
pub use write::{WriteOptions, write_backbone, write_classifier, write_ensemble};

//! Features, head and pretraining.
//!
//! The backbone is frozen: features are computed once for each (picture, augmentation draw) and only a small head
//! trains on them. The one backbone that this room makes itself is `hivis-tiny`, pretrained on procedural street scenes
//! by what covers each patch, never by the roadwork label. It must not serve.
//!
//! ```
//! // The embedded backbone is there even without the feature `burn`.
//! assert!(hivis_train::tiny::CONFIG.contains("dinov3_vit"));
//! ```

pub mod blend;
pub mod calibrate;
pub mod draws;
mod error;
pub mod measure;
pub mod near;
pub mod split;
pub mod tiny;
pub mod tracker;

#[cfg(feature = "burn")]
pub mod adamw;
#[cfg(feature = "burn")]
pub mod checkpoint;
#[cfg(feature = "burn")]
pub mod config;
#[cfg(feature = "burn")]
pub mod device;
#[cfg(feature = "burn")]
mod feature_cache;
#[cfg(feature = "burn")]
pub mod features;
#[cfg(feature = "burn")]
pub mod head;
#[cfg(feature = "burn")]
pub mod headroom;
#[cfg(feature = "burn")]
pub mod leaves;
#[cfg(feature = "burn")]
pub mod model;
#[cfg(feature = "burn")]
pub mod pretrain;
#[cfg(feature = "burn")]
pub mod questions;
#[cfg(feature = "burn")]
pub mod recipe;
#[cfg(feature = "burn")]
pub mod report;
#[cfg(feature = "burn")]
pub mod rope;
#[cfg(feature = "burn")]
pub mod scenes;
#[cfg(feature = "burn")]
mod state_file;
#[cfg(feature = "burn")]
pub mod sweep;
#[cfg(feature = "burn")]
pub mod targets;
#[cfg(feature = "burn")]
pub mod training;
#[cfg(feature = "burn")]
pub mod weights;

pub use error::TrainError;

//! Runs graphs: the [`Engine`] trait, its engines and the suite that every engine passes.
//!
//! An engine takes pictures of one size and gives [`Scores`] in the same order. A picture's score never depends on what
//! shares its batch, and NaN never leaves. This room knows nothing of where a graph came from, of deadlines or of roadwork.
//!
//! ```
//! use hivis_engine::{Engine, FixedEngine};
//! use hivis_types::Picture;
//! let engine = FixedEngine::new(0.73);
//! let scores = engine.run(&[&Picture::filled(224, 224, [0; 3])]).expect("the fixed engine cannot fail");
//! assert_eq!(scores[0].probability, 0.73);
//! ```

mod agreement;
mod backend;
mod canary;
pub mod conformance;
mod error;
mod fixed;
mod load;
#[cfg(feature = "onnxruntime")]
mod onnxruntime;
#[cfg(feature = "rten")]
mod rten;

pub use agreement::{Agreement, compare};
pub use canary::{canary, warm};
pub use error::EngineError;
pub use fixed::FixedEngine;
pub use load::{LoadSettings, load, run_backbone};

use hivis_types::{EngineKind, Picture, Precision, Scores};

/// What an engine is and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineCard {
    /// Which library.
    pub kind: EngineKind,
    /// Which arithmetic.
    pub precision: Precision,
    /// Width and height in pixels that every picture must have.
    pub input: (u32, u32),
    /// Length of [`Scores::features`].
    pub features: usize,
}

/// Something that judges pictures.
///
/// Calls block for as long as the arithmetic takes: call from a thread that may wait, never from async code.
pub trait Engine: Send + Sync {
    /// What this engine is.
    fn card(&self) -> &EngineCard;

    /// Judges `pictures` (each of `card().input`), one [`Scores`] each, in order. An empty slice gives an empty answer.
    fn run(&self, pictures: &[&Picture]) -> Result<Vec<Scores>, EngineError>;
}

//! Where the pictures of challenges come from.

mod dataset;
mod deck;
mod folder;
mod library;
mod metadata;
mod scenes;
mod table;

use hivis_types::{Label, Origin, Picture};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub use dataset::{Entry, read_dataset};
pub use library::{Library, LibraryPicture, PictureBytes};
pub use scenes::Scenes;

use crate::ExaminerError;

/// What the validator drew before it looks for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The true label.
    pub label: Label,
    /// Which half of its pictures.
    pub origin: Origin,
}

/// A picture that was chosen and not yet made; its meaning is the source's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice(pub u64);

/// One picture with its truth, before augmentation.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The whole picture, any size.
    pub picture: Picture,
    /// What it shows.
    pub label: Label,
    /// Photograph or generated.
    pub origin: Origin,
    /// Pictures of one scene are resampled together.
    pub scene: String,
    /// Tags such as `weather:rain`, one row of the report each.
    pub slices: Vec<String>,
    /// What a person finds it by.
    pub name: String,
    /// The candidate was trained on this scene.
    pub trained_on: bool,
}

/// A picture that was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// What a person finds it by.
    pub name: String,
    /// Why.
    pub why: String,
}

/// A source of pictures. Choosing is cheap and in order, so that the draws repeat; fetching renders or decodes, and runs
/// on many threads.
pub trait Pictures: Send + Sync {
    /// One line for the report, such as `procedural scenes` or the folder's path.
    fn describe(&self) -> String;

    /// Chooses a picture with the wanted label, of the wanted origin where the source has any.
    fn choose(&mut self, wanted: Wanted, rng: &mut ChaCha8Rng) -> Result<Choice, ExaminerError>;

    /// Makes the picture that was chosen.
    fn fetch(&self, choice: Choice) -> Result<Sample, ExaminerError>;

    /// What the source passed over when it was opened.
    fn skipped(&self) -> &[Skipped] {
        &[]
    }
}

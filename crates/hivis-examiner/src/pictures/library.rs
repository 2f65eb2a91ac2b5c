//! Pictures that lie in files or in memory, with labels: a folder, or the home's labelled records.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hivis_image::DecodeLimits;
use hivis_types::{Label, Origin};
use rand_chacha::ChaCha8Rng;

use super::deck::Deck;
use super::{Choice, Pictures, Sample, Skipped, Wanted, folder};
use crate::ExaminerError;

/// Where a picture's bytes are.
#[derive(Clone, Debug)]
pub enum PictureBytes {
    /// In this file, read when the picture is asked for.
    File(PathBuf),
    /// Here.
    Memory(Arc<[u8]>),
}

/// A labelled picture that was not decoded yet.
#[derive(Clone, Debug)]
pub struct LibraryPicture {
    /// JPEG, PNG or WebP.
    pub bytes: PictureBytes,
    /// What a person finds it by.
    pub name: String,
    /// What it shows.
    pub label: Label,
    /// Photograph or generated.
    pub origin: Origin,
    /// Pictures of one scene are resampled together.
    pub scene: String,
    /// Tags such as `weather:rain`.
    pub slices: Vec<String>,
    /// The candidate was trained on this scene.
    pub trained_on: bool,
}

/// Labelled pictures, drawn evenly.
#[derive(Debug)]
pub struct Library {
    name: String,
    pictures: Vec<LibraryPicture>,
    deck: Deck,
    skipped: Vec<Skipped>,
    upright: bool,
    limits: DecodeLimits,
}

impl Library {
    /// Pictures from the home or from anywhere else. They are decoded as the wire's are: EXIF orientation is ignored.
    pub fn new(name: impl Into<String>, pictures: impl IntoIterator<Item = LibraryPicture>) -> Self {
        let pictures: Vec<LibraryPicture> = pictures.into_iter().collect();
        let deck = deck(&pictures);
        Self { name: name.into(), pictures, deck, skipped: Vec::new(), upright: false, limits: DecodeLimits::default() }
    }

    /// A folder of a user's pictures, in one of two layouts: class folders `roadwork/` and `none/` or `clear/` (any depth
    /// below them; a folder `synthetic/` or `generated/` on the way marks generated ones), or a `metadata.csv` or
    /// `metadata.jsonl` with the columns `file_name` and `label`, and where known `origin`, `scene` and slice columns.
    /// EXIF orientation is applied. What is passed over is told by [`Pictures::skipped`].
    pub fn from_folder(path: &Path) -> Result<Self, ExaminerError> {
        let found = folder::read(path)?;
        Ok(Self::new(path.display().to_string(), found.pictures).upright().with_skipped(found.skipped))
    }

    /// The same, decoded as a user's own pictures are: EXIF orientation is applied.
    #[must_use]
    pub fn upright(mut self) -> Self {
        self.upright = true;
        self
    }

    /// Says what was passed over.
    #[must_use]
    pub fn with_skipped(mut self, skipped: Vec<Skipped>) -> Self {
        self.skipped = skipped;
        self
    }

    /// Marks the scenes that a candidate was trained on; they are reported apart.
    pub fn mark_trained_on(&mut self, trained_on: impl Fn(&LibraryPicture) -> bool) {
        for picture in &mut self.pictures {
            picture.trained_on = trained_on(picture);
        }
    }

    /// Leaves pictures out.
    pub fn retain(&mut self, keep: impl Fn(&LibraryPicture) -> bool) {
        self.pictures.retain(keep);
        self.deck = deck(&self.pictures);
    }

    /// The pictures, in the order found.
    pub fn pictures(&self) -> &[LibraryPicture] {
        &self.pictures
    }
}

fn deck(pictures: &[LibraryPicture]) -> Deck {
    let mut deck = Deck::default();
    for (id, picture) in pictures.iter().enumerate() {
        deck.add(picture.label, picture.origin, id as u64);
    }
    deck
}

impl Pictures for Library {
    fn describe(&self) -> String {
        format!("{} ({} pictures)", self.name, self.pictures.len())
    }

    fn choose(&mut self, wanted: Wanted, rng: &mut ChaCha8Rng) -> Result<Choice, ExaminerError> {
        let drawn = self.deck.draw(wanted, rng);
        drawn.map(Choice).ok_or_else(|| ExaminerError::OneClass { pictures: self.name.clone(), label: wanted.label })
    }

    fn fetch(&self, choice: Choice) -> Result<Sample, ExaminerError> {
        let chosen = usize::try_from(choice.0).ok().and_then(|id| self.pictures.get(id));
        let from = chosen.ok_or_else(|| ExaminerError::Picture {
            name: format!("picture {}", choice.0),
            why: format!("{} has no such picture", self.name),
        })?;
        let failed = |why: String| ExaminerError::Picture { name: from.name.clone(), why };
        let read: Vec<u8>;
        let bytes = match &from.bytes {
            PictureBytes::Memory(bytes) => bytes.as_ref(),
            PictureBytes::File(path) => {
                read = fs_err::read(path).map_err(|e| failed(e.to_string()))?;
                &read
            }
        };
        let decode = if self.upright { hivis_image::decode_upright } else { hivis_image::decode };
        let decoded = decode(bytes, &self.limits).map_err(|e| failed(e.to_string()))?;
        Ok(Sample {
            picture: decoded.picture,
            label: from.label,
            origin: from.origin,
            scene: from.scene.clone(),
            slices: from.slices.clone(),
            name: from.name.clone(),
            trained_on: from.trained_on,
        })
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

//! What every generator is asked, and what it gives.

use futures_util::future::BoxFuture;
use hivis_types::{Label, Usd};
use serde::Serialize;

use crate::GenerateError;

/// Makes pictures to order.
pub trait Generator: std::fmt::Debug + Send + Sync {
    /// Its name in configuration and ledger.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn abilities(&self) -> Abilities;

    /// The most that one picture can cost.
    fn price(&self) -> Usd;

    /// Makes the pictures of one order, under the generator's own deadline. [`Made::pictures`] has at least
    /// [`Order::count`] entries; what is missing or of no use is there as its reason.
    fn make<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Made, GenerateError>>;

    /// Asks whether it is there, for free.
    fn check(&self) -> BoxFuture<'_, Result<Presence, GenerateError>>;
}

/// What a generator can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent skills")]
pub struct Abilities {
    /// Makes a picture of words alone.
    pub text_to_image: bool,
    /// Varies a picture by words.
    pub image_to_image: bool,
    /// Hears what it should not show.
    pub negative: bool,
    /// Builds what slice tags say, so that they are true and not only wished for.
    pub builds_slices: bool,
    /// The most pictures of one call.
    pub most: u32,
}

/// One order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What the pictures should show.
    pub wanted: Label,
    /// The prompt.
    pub prompt: String,
    /// What they should not show.
    pub negative: String,
    /// The first picture's seed; each further one has the next.
    pub seed: u64,
    /// How many pictures.
    pub count: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Steps of the sampler.
    pub steps: u32,
    /// How closely the prompt is followed (classifier-free guidance).
    pub guidance: f32,
    /// The tags that the pictures should have.
    pub slices: Vec<String>,
    /// The picture to vary.
    pub parent: Option<Parent>,
}

/// A picture to vary.
#[derive(Clone, Debug, PartialEq)]
pub struct Parent {
    /// Its file: JPEG, PNG or WebP.
    pub bytes: Vec<u8>,
    /// How far to go from it, above 0 (nothing changes) to 1 (nothing stays).
    pub strength: f32,
    /// What it shows, where that is known.
    pub label: Option<Label>,
}

impl Order {
    /// One picture of 1024 x 1024 pixels with the validator's settings (25 steps, guidance 8.0) and seed 0.
    pub fn new(wanted: Label, prompt: impl Into<String>) -> Self {
        Self {
            wanted,
            prompt: prompt.into(),
            negative: String::new(),
            seed: 0,
            count: 1,
            width: 1024,
            height: 1024,
            steps: 25,
            guidance: 8.0,
            slices: Vec::new(),
            parent: None,
        }
    }

    /// With another size.
    #[must_use]
    pub fn sized(self, width: u32, height: u32) -> Self {
        Self { width, height, ..self }
    }

    /// With another seed.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// With tags.
    #[must_use]
    pub fn of(self, slices: &[String]) -> Self {
        Self { slices: slices.to_vec(), ..self }
    }

    /// As a variation of a picture.
    #[must_use]
    pub fn varying(self, parent: Parent) -> Self {
        Self { parent: Some(parent), ..self }
    }

    /// The settings, as the ledger keeps them.
    pub fn settings(&self) -> serde_json::Value {
        let strength = self.parent.as_ref().map(|parent| parent.strength);
        serde_json::json!({ "steps": self.steps, "guidance": self.guidance, "width": self.width,
            "height": self.height, "strength": strength })
    }
}

/// How a picture came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Of words.
    TextToImage,
    /// Of a picture and words.
    ImageToImage,
    /// A frame of a video that follows a picture's outlines.
    VideoToWorld,
    /// Drawn by `hivis-synth`.
    Procedural,
}

impl Mode {
    /// The name in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TextToImage => "text-to-image",
            Self::ImageToImage => "image-to-image",
            Self::VideoToWorld => "video-to-world",
            Self::Procedural => "procedural",
        }
    }
}

/// A picture that was looked at: it can be decoded, has the wanted size and is not black.
#[derive(Clone, Debug, PartialEq)]
pub struct MadePicture {
    /// The file as it came.
    pub bytes: Vec<u8>,
    /// The seed that was used.
    pub seed: u64,
    /// The model that made it.
    pub model: String,
    /// How.
    pub mode: Mode,
    /// What it cost.
    pub cost: Usd,
    /// Tags: the generator's own where it knows what it built, else the order's.
    pub slices: Vec<String>,
    /// Its scene, where the generator has one of its own for it.
    pub scene: Option<String>,
    /// Whether it is a variation of the order's parent.
    pub varies: bool,
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// Each picture, or why it is none.
    pub pictures: Vec<Result<MadePicture, Refusal>>,
    /// What the whole call cost, refused pictures with it.
    pub cost: Usd,
    /// Pictures that were paid for.
    pub paid: u32,
}

/// Why one picture is no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be decoded.
    NotAPicture(String),
    /// It ends too early, or is damaged.
    Broken(String),
    /// Another size than was asked for.
    WrongSize {
        /// Width and height that were asked for.
        wanted: (u32, u32),
        /// What came.
        found: (u32, u32),
    },
    /// Black: what a safety filter leaves.
    SafetyFilter,
    /// It did not come.
    Missing,
    /// It was not asked for.
    Surplus,
}

impl Refusal {
    /// The reason to count by.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotAPicture(_) => "not a picture",
            Self::Broken(_) => "damaged",
            Self::WrongSize { .. } => "wrong size",
            Self::SafetyFilter => "safety filter",
            Self::Missing => "missing",
            Self::Surplus => "not asked for",
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAPicture(why) | Self::Broken(why) => write!(f, "{}: {why}", self.reason()),
            Self::WrongSize { wanted, found } => {
                write!(f, "wrong size: {} x {} instead of {} x {}", found.0, found.1, wanted.0, wanted.1)
            }
            _ => f.write_str(self.reason()),
        }
    }
}

/// A generator that answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// What it would use, such as a checkpoint's name.
    pub model: Option<String>,
    /// What else is worth a word.
    pub notes: Vec<String>,
}

/// What all pictures of one answer have in common.
pub(crate) struct Batch<'a> {
    pub(crate) order: &'a Order,
    pub(crate) model: String,
    pub(crate) mode: Mode,
    pub(crate) price: Usd,
}

impl Batch<'_> {
    /// Looks at what came: `files` in the order of their seeds, `seeds` as far as they are known. Fewer than asked are
    /// missing, more are refused; both are paid for as they came.
    pub(crate) fn made(&self, files: Vec<Vec<u8>>, seeds: &[u64]) -> Made {
        let order = self.order;
        let (paid, wanted) = (files.len() as u32, order.count as usize);
        let mut pictures: Vec<Result<MadePicture, Refusal>> = Vec::with_capacity(files.len().max(wanted));
        for (i, bytes) in files.into_iter().enumerate() {
            if i >= wanted {
                pictures.push(Err(Refusal::Surplus));
                continue;
            }
            let seed = seeds.get(i).copied().unwrap_or_else(|| order.seed.wrapping_add(i as u64));
            pictures.push(crate::inspect(&bytes, (order.width, order.height)).map(|()| MadePicture {
                bytes,
                seed,
                model: self.model.clone(),
                mode: self.mode,
                cost: self.price,
                slices: order.slices.clone(),
                scene: None,
                varies: order.parent.is_some(),
            }));
        }
        pictures.resize_with(pictures.len().max(wanted), || Err(Refusal::Missing));
        Made { pictures, cost: self.price.times(paid), paid }
    }
}

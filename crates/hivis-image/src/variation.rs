//! Variations of street pictures: another weather, another hour, another camera.
//!
//! These make training pictures more varied and are none of the validator's business: what it does to pictures is
//! [`crate::augment`]. [`draw`] makes the choices of one variation and [`apply`] carries them out, so that a choice can
//! be kept, shown and repeated. The size stays, and lengths are shares of the picture's [unit](self#lengths), so that
//! small and large pictures look alike.
//!
//! There is no depth map and no segmentation. Where an effect needs distance it takes the usual road picture: a horizon
//! a little above the middle, far things near it, ground below. A label stays true: objects fade, blur or hide in part,
//! but even at strength 1 most of the picture can be made out, and nothing is cropped away.
//!
//! # Lengths
//!
//! The unit is the square root of the picture's area: 554 pixels at 640 x 480.
//!
//! # The same everywhere
//!
//! For one picture and one plan the bytes are the same on any machine: kernels run on one thread in a fixed order and
//! use only additions, products, quotients and square roots, which IEEE 754 rounds in one way. Nothing comes from a
//! mathematics library, and no multiplication is fused.
//!
//! ```
//! use hivis_image::{Picture, variation::{self, Variation}};
//! use rand::SeedableRng;
//!
//! let street = Picture::filled(64, 48, [90, 110, 130]);
//! let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
//! let plan = variation::draw(Variation::Rain, 0.6, &mut rng);
//! let wet = variation::apply(&street, &plan);
//! assert_eq!((wet.width(), wet.height()), (64, 48));
//! assert_ne!(wet, street);
//! ```

use std::fmt;
use std::str::FromStr;

use hivis_types::Picture;
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

mod coarse;
mod dirt;
mod falling;
mod field;
mod fog;
mod glare;
mod motion;
mod night;
mod rain;
mod rotation;
mod snow;
mod tone;
mod veil;

pub use dirt::LensDirt;
pub use fog::Fog;
pub use glare::Glare;
pub use motion::MotionBlur;
pub use night::Night;
pub use rain::Rain;
pub use rotation::Rotation;
pub use snow::Snow;

/// What is changed about a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variation {
    /// Streaks along one wind, less contrast and colour.
    Rain,
    /// What is far fades into the light of the air.
    Fog,
    /// Flakes, pale ground.
    Snow,
    /// Dark and blue, lit by head lamps, with noise and glow.
    Night,
    /// The sun in the lens: bloom, rays, ghosts, a washed-out picture.
    Glare,
    /// The camera moved while it looked.
    MotionBlur,
    /// The camera hangs askew.
    Rotation,
    /// Dust, mud and drops on the lens.
    LensDirt,
}

impl Variation {
    /// All eight.
    pub const ALL: [Self; 8] =
        [Self::Rain, Self::Fog, Self::Snow, Self::Night, Self::Glare, Self::MotionBlur, Self::Rotation, Self::LensDirt];

    /// The name in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rain => "rain",
            Self::Fog => "fog",
            Self::Snow => "snow",
            Self::Night => "night",
            Self::Glare => "glare",
            Self::MotionBlur => "motion-blur",
            Self::Rotation => "rotation",
            Self::LensDirt => "lens-dirt",
        }
    }

    /// The slice of reports that a varied picture belongs to, whatever it was before; `None` where slices stay.
    pub fn slice(self) -> Option<&'static str> {
        match self {
            Self::Rain => Some("weather:rain"),
            Self::Fog => Some("weather:fog"),
            Self::Snow => Some("weather:snow"),
            Self::Night => Some("time:night"),
            Self::Glare | Self::MotionBlur | Self::Rotation | Self::LensDirt => None,
        }
    }
}

impl fmt::Display for Variation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no variation's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no variation: rain, fog, snow, night, glare, motion-blur, rotation or lens-dirt")]
pub struct UnknownVariation(String);

impl FromStr for Variation {
    type Err = UnknownVariation;

    fn from_str(name: &str) -> Result<Self, UnknownVariation> {
        Self::ALL.into_iter().find(|v| v.as_str() == name).ok_or_else(|| UnknownVariation(name.to_owned()))
    }
}

/// Every choice of one variation, for a picture of any size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plan {
    /// [`Variation::Rain`]
    Rain(Rain),
    /// [`Variation::Fog`]
    Fog(Fog),
    /// [`Variation::Snow`]
    Snow(Snow),
    /// [`Variation::Night`]
    Night(Night),
    /// [`Variation::Glare`]
    Glare(Glare),
    /// [`Variation::MotionBlur`]
    MotionBlur(MotionBlur),
    /// [`Variation::Rotation`]
    Rotation(Rotation),
    /// [`Variation::LensDirt`]
    LensDirt(LensDirt),
}

/// Draws the choices of a variation.
///
/// `strength` runs from 0 (nothing is seen) to 1 (the strongest that keeps labels true) and is cut to that; no number
/// counts as 0. The choices of one generator state differ between strengths in strength only: the same wind, the same
/// sun, more of it.
pub fn draw<R: Rng>(variation: Variation, strength: f32, rng: &mut R) -> Plan {
    let strength = if strength.is_nan() { 0.0 } else { strength.clamp(0.0, 1.0) };
    match variation {
        Variation::Rain => Plan::Rain(Rain::draw(strength, rng)),
        Variation::Fog => Plan::Fog(Fog::draw(strength, rng)),
        Variation::Snow => Plan::Snow(Snow::draw(strength, rng)),
        Variation::Night => Plan::Night(Night::draw(strength, rng)),
        Variation::Glare => Plan::Glare(Glare::draw(strength, rng)),
        Variation::MotionBlur => Plan::MotionBlur(MotionBlur::draw(strength, rng)),
        Variation::Rotation => Plan::Rotation(Rotation::draw(strength, rng)),
        Variation::LensDirt => Plan::LensDirt(LensDirt::draw(strength, rng)),
    }
}

/// [`draw`] and [`apply`] with a generator made of `seed`.
pub fn vary(picture: &Picture, variation: Variation, strength: f32, seed: u64) -> Picture {
    apply(picture, &draw(variation, strength, &mut ChaCha8Rng::seed_from_u64(seed)))
}

/// Carries a plan out; the size stays.
///
/// It needs at most some 12 bytes a pixel beside the two pictures.
pub fn apply(picture: &Picture, plan: &Plan) -> Picture {
    match plan {
        Plan::Rain(rain) => rain.apply(picture),
        Plan::Fog(fog) => fog.apply(picture),
        Plan::Snow(snow) => snow.apply(picture),
        Plan::Night(night) => night.apply(picture),
        Plan::Glare(glare) => glare.apply(picture),
        Plan::MotionBlur(motion) => motion.apply(picture),
        Plan::Rotation(rotation) => rotation.apply(picture),
        Plan::LensDirt(dirt) => dirt.apply(picture),
    }
}

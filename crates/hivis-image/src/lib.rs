//! Guarded decode, resize, encode and the validator's augmentations.
//!
//! Bytes of strangers become a [`Picture`] under limits ([`decode()`]); a picture becomes a challenge exactly as
//! StreetVision's validators make it ([`augment`], [`encode_jpeg`], [`challenge`]), or another weather's for training
//! ([`variation`]). The validators' specification is `fixtures/challenge/FACTS.md`, and its golden vectors are this
//! room's tests. The room does no I/O and reads the clock only to stop a slow decode; randomness comes in.
//!
//! ```
//! use hivis_image::{DecodeLimits, augment, challenge, decode};
//! use hivis_types::{Level, Picture};
//! use rand::SeedableRng;
//!
//! let street = Picture::filled(640, 480, [90, 110, 130]);
//! let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
//! let draw = augment::draw(Level::Two, street.width(), street.height(), &mut rng);
//! let asked = augment::apply(&street, &draw);
//! let bytes = challenge::from_base64(&challenge::base64_jpeg(&asked)).expect("we made it");
//! let seen = decode(&bytes, &DecodeLimits::default()).expect("a JPEG");
//! assert_eq!((seen.picture.width(), seen.picture.height()), (224, 224));
//! ```

#![expect(clippy::inline_always, reason = "kernels must end up in the function that an instruction set was chosen for")]

pub mod augment;
pub mod challenge;
pub mod quality;
pub mod variation;

mod decode;
mod encode;
mod hash;
mod resize;
mod taps;

pub use decode::{DecodeError, DecodeLimits, Decoded, Media, decode, decode_upright};
pub use encode::{encode_jpeg, encode_png};
pub use hash::{FineHash, NotAHash, difference_hash, fine_hash};
pub use hivis_types::Picture;
pub use resize::resize_bilinear;

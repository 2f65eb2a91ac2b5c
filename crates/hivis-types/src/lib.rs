//! Pure data that passes between the rooms of hivis.
//!
//! A challenge becomes a [`Picture`], the engine turns it into [`Scores`], the axon into an answer, and beside it one
//! [`Record`] goes to the store. This room does no I/O and reads no clock; every time and every random id comes in.
//!
//! ```
//! use hivis_types::{Label, Picture};
//! let grey = Picture::new(2, 1, vec![128; 6]).expect("2 x 1 RGB is 6 bytes");
//! assert_eq!(grey.pixel(1, 0), [128, 128, 128]);
//! assert_eq!(Label::from_probability(0.5), Label::Clear); // the reward rounds ties to even
//! ```

pub mod metric;

mod alert;
mod challenge;
mod hotkey;
mod label;
mod picture;
mod record;
mod release;
mod secret;
mod subnet;
mod usd;
mod version;

pub use alert::{Alert, Severity};
pub use challenge::{Level, Origin};
pub use hotkey::Hotkey;
pub use label::{Label, LabelSource};
pub use picture::{Picture, PictureError};
pub use record::{BatchLeft, Caller, Judgement, Protocol, Record, RecordId, RecordedPicture, Silence, Timings};
pub use release::{EngineKind, Precision, ReleaseId, Scores, UnknownName};
pub use secret::{ApiKey, Secret};
pub use subnet::{Metagraph, Neuron};
pub use usd::Usd;
pub use version::Version;

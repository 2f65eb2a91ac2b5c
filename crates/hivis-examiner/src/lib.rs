//! The validator in the box: makes challenges as StreetVision's validator does, asks any axon, and says what the answers
//! will earn.
//!
//! An [`ExamPlan`] and a source of [`Pictures`] give a [`QuestionSet`]; asking one candidate gives a [`Sitting`]; one
//! sitting, or two over the same questions, give an [`ExamReport`]. [`Examiner`] does these in order. The reward, the
//! moving-average score and the emitted weights are the reference's, to the last quirk (golden tests); the prediction
//! interval for the reward is built in [`interval`] and nowhere else.
//!
//! This room does not know how an answer is produced, holds no permits and reads no chain: it knows a keypair and an
//! axon's address.
//!
//! ```
//! use hivis_examiner::reward::{Entry, History};
//! use hivis_types::Label;
//! let mut history = History::new();
//! // One class only: the MCC is 0, and half an accuracy of 1, cubed, is an eighth.
//! assert_eq!(history.push(Entry::new(Some(0.9), Label::Roadwork)), 0.125);
//! // With both labels right the whole reward is paid.
//! assert_eq!(history.push(Entry::new(Some(0.1), Label::Clear)), 1.0);
//! ```

pub mod interval;
pub mod pictures;
pub mod report;
pub mod reward;
pub mod score;
pub mod weight;

mod answer;
mod ask;
mod axon;
mod error;
mod exam;
mod font;
mod number;
mod plan;
mod question;
mod shard;
mod sheet;
mod tally;

pub use answer::{Answer, Asked, Event, Footprint, Outcome, Sink, Sitting, Standing, silent};
pub use ask::{Ask, Told, sit, sit_here};
pub use axon::RemoteAxon;
pub use error::ExaminerError;
pub use exam::Examiner;
pub use pictures::{Library, LibraryPicture, PictureBytes, Pictures, Scenes};
pub use plan::ExamPlan;
pub use question::{Question, QuestionSet, questions};
pub use report::{ExamReport, report};
pub use score::MovingAverage;
pub use shard::{Paper, Part, merge};
pub use sheet::{Captioned, contact_sheet, worst_sheet};
pub use weight::WeightLimits;

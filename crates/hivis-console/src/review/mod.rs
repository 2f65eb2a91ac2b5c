//! `/api/review/...`: the review queue for a page or a script. What it answers comes from a [`Desk`].
//!
//! There is no login yet, so the door is narrow: see [`door`] for who is let in.

mod answer;
mod desk;
mod door;
mod routes;

pub use desk::{Desk, DeskError, DeskFuture, DeskPicture, DeskWord};
pub(crate) use routes::routes;

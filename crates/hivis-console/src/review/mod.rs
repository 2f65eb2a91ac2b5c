//! `/api/review/...`: the review queue for a page or a script. What it answers comes from a [`Desk`].
//!
//! See [`crate::door`] for who is let in.

mod desk;
mod routes;

pub use desk::{Desk, DeskPicture, DeskWord};
pub(crate) use routes::{routes, shown_picture};

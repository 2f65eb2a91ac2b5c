//! What to learn from next: what was hard, what is new, what is good enough.
//!
//! Pure logic on vectors, scores and pictures that are handed in: [`vectors`] holds the algorithms (k-means, k-centre,
//! DBSCAN, neighbours), [`mine`] says what was hard and picks a spread of it, [`gate`] judges generated pictures one by one
//! and by the batch, [`review`] keeps reviewers honest, [`drift`] says when the world has moved. This room does no I/O but for the embeddings' file, reads no
//! clock, and never trains.

#![expect(clippy::inline_always, reason = "kernels must end up in the function that an instruction set was chosen for")]

pub mod drift;
mod error;
pub mod gate;
pub mod mine;
pub mod review;
pub mod vectors;

pub use error::CurateError;

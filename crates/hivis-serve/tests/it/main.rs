//! The axon over real sockets, and its mechanisms under paused time.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as a test may")]

mod answers;
mod asking;
mod batcher;
mod btauth;
mod faults;
mod gate;
mod golden;
mod load;
mod measured;
mod permits;
mod refusals;
mod world;

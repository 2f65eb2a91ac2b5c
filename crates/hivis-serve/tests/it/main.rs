//! The axon over real sockets, and its mechanisms under paused time.

mod answers;
mod asking;
mod batcher;
mod btauth;
mod faults;
mod golden;
mod load;
mod permits;
mod refusals;
mod world;

//! The chain's tests.

mod failover;
mod golden;
mod heads;
mod reads;
mod world;

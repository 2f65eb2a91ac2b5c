//! Pulls from and pushes to a Hub on loopback, with its faults; and the official client beside us, reading the same server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod faults;
mod official;
mod pulls;
mod push_faults;
mod pushes;
mod world;

//! The clients against servers on loopback that answer as the real ones do, and misbehave on demand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cosmos;
mod faults;
mod official;
mod pictures;
mod procedural;
mod vision;
mod world;

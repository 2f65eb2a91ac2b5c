//! Reading a project: against the official client's reading, and against a server that misbehaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod faults;
mod official;
mod reading;
mod world;

//! One binary: what is read, what is refused, and what strangers' files cannot do. Graphs are run in hivis-engine's tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod fixture;
mod fuzz;
mod head;
mod nearest;
mod read;
mod refuse;

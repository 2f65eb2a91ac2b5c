//! Everything that this room promises, in one binary.

mod asking;
mod coverage;
mod folders;
mod golden;
mod report;
mod reward;
mod score;
mod shard;
mod sheet;
mod tables;
mod weight;
mod wire;
mod world;

//! The chain's tests.

mod calls;
mod extrinsics;
mod failover;
mod golden;
mod ground;
mod heads;
mod peers;
mod pow;
mod reads;
mod rivals;
mod runtimes;
mod submit;
mod world;

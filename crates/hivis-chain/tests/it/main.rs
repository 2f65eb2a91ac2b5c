//! The chain's tests.

mod calls;
mod extrinsics;
mod golden;
mod peers;
mod pow;
mod rivals;
mod runtimes;
mod submit;
mod world;

//! The chain's tests.

mod calls;
mod extrinsics;
mod golden;
mod pow;
mod runtimes;

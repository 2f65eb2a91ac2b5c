//! The loopback node's tests.

mod faults;
mod forks;
mod pool;
mod sdk;
mod wire;

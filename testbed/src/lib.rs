//! What tests of several rooms stand on: golden folders, the environments of the official clients, and a
//! Hub and a subtensor node on loopback.
//!
//! Only tests depend on this crate. Its functions panic with the reason, as tests do.

pub mod golden;
#[cfg(feature = "hub")]
pub mod hub;
#[cfg(feature = "node")]
pub mod node;
pub mod peers;

//! What tests of several rooms stand on: golden folders, the environments of the official clients, a Hub and
//! a W&B server on loopback.
//!
//! Only tests depend on this crate. Its functions panic with the reason, as tests do.

pub mod golden;
#[cfg(feature = "hub")]
pub mod hub;
pub mod peers;
#[cfg(feature = "wandb-log")]
pub mod wandb_log;

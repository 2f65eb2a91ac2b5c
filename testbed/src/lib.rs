//! What tests of several rooms stand on: golden folders, the environments of the official clients, and a
//! Hub, a subtensor node and a W&B server on loopback.
//!
//! Only tests depend on this crate. Its functions panic with the reason, as tests do.

#[cfg(feature = "generators")]
pub mod generators;
pub mod golden;
#[cfg(feature = "hub")]
pub mod hub;
#[cfg(feature = "node")]
pub mod node;
#[cfg(feature = "notify")]
pub mod notify;
pub mod peers;
pub mod ports;
#[cfg(feature = "taostats")]
pub mod taostats;
#[cfg(feature = "wandb-log")]
pub mod wandb_log;

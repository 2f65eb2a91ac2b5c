//! The Bittensor chain, over websocket JSON-RPC.
//!
//! The model: a [`Network`] names a chain and who speaks for it. Whatever is read or built is found by name in the
//! metadata of the block it belongs to, never at fixed offsets: the chain changes, and a call, field or entry that is
//! missing is a normal case with a clear message.
//!
//! This room knows nothing of roadwork and keeps no key: whoever signs hands a [`hivis_bittensor::Keypair`] in.

pub mod account;
mod client;
mod error;
pub mod extrinsic;
mod heads;
pub mod intent;
mod line;
pub mod metagraph;
mod network;
pub mod offline;
mod read;
mod scale;
mod settings;
pub mod submit;
pub mod subnet;

pub use client::{At, Chain};
pub use error::{ChainError, Fault};
pub use heads::Heads;
pub use network::Network;
pub use read::value;
pub use settings::{ChainSettings, Head, Status, printable};

#[cfg(test)]
mod golden;

/// How the chain hashes, addresses and signs: Substrate's defaults, with ss58 prefix 42.
pub type ChainConfig = subxt::SubstrateConfig;

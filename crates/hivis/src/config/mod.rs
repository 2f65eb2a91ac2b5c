//! Configuration: what a user may write ([`raw`]), and what the program works with ([`Settings`]).
//!
//! Defaults give way to `hivis.toml`, that to the environment (`HIVIS_SERVE_ADDR` is `serve.addr`), that to flags.
//! What is not known is an error, never ignored.

mod chain;
mod load;
mod raw;
mod settings;

pub use chain::ChainSettings;
pub use load::load;
pub use raw::Raw;
pub use settings::{Announced, ModelSettings, RecordSettings, ServeSettings, Settings, WalletSettings};

//! Configuration: what a user may write ([`raw`]), and what the program works with ([`Settings`]).
//!
//! Defaults give way to `hivis.toml`, that to the environment (`HIVIS_SERVE_ADDR` is `serve.addr`), that to flags.
//! What is not known is an error, never ignored.

mod chain;
mod dates;
mod earnings;
mod load;
mod publish;
mod raw;
mod secret;
mod settings;

pub use chain::ChainSettings;
pub use dates::{DatesSettings, RawDates, RawEntry, RawToken};
pub use earnings::{EarningsSettings, RawEarnings, RawWandb, WandbSettings};
pub use load::load;
pub use publish::{NatixSettings, PublishSettings, RawNatix, RawPublish};
pub use raw::Raw;
pub use secret::SecretRef;
pub(crate) use settings::expand;
pub use settings::{Announced, ModelSettings, RecordSettings, ServeSettings, Settings, WalletSettings};

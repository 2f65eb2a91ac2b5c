//! Configuration: what a user may write ([`raw`]), and what the program works with ([`Settings`]).
//!
//! Defaults give way to `hivis.toml`, that to the environment (`HIVIS_SERVE_ADDR` is `serve.addr`), that to flags.
//! What is not known is an error, never ignored.

mod chain;
mod console;
mod dates;
mod drift;
mod earnings;
mod gate;
mod keys;
mod load;
pub(crate) mod mine;
mod night;
mod notify;
mod origins;
mod publish;
mod rank;
mod raw;
mod review;
mod secret;
mod settings;
mod shown;
mod synth;
mod usual;
mod versions;
mod watch;

pub use chain::ChainSettings;
pub use console::{ConsoleSettings, RawConsole};
pub use dates::{DatesSettings, RawDates, RawEntry, RawToken};
pub use drift::{DriftSettings, RawDrift};
pub use earnings::{EarningsSettings, RawEarnings, RawWandb, WandbSettings};
pub use gate::{GateSettings, RawGate};
pub use load::load;
pub use mine::{MineSettings, RawMine, RunSize};
pub use night::{NightSettings, Promote, RawNight, RawWords};
pub use notify::{ChannelKind, ChannelSettings, NotifySettings, RawChannel, RawNotify};
pub use origins::{Origin, Origins};
pub use publish::{NatixSettings, PublishSettings, RawNatix, RawPublish};
pub use rank::{RankSettings, RawRank, RawTaoStats, TaoStatsSettings};
pub use raw::Raw;
pub use review::{RawReview, ReviewSettings};
pub use secret::SecretRef;
pub(crate) use settings::expand;
pub use settings::{Announced, ModelSettings, RecordSettings, ServeSettings, Settings, WalletSettings};
pub use shown::{ShownKey, shown};
pub(crate) use synth::GENERATORS;
pub use synth::{CosmosSettings, RawSynth, ServerSettings, SynthSettings, VisionSettings};
pub use versions::{RawVersions, VersionsSettings};
pub use watch::{RawWatch, WatchSettings};

//! A client of TaoStats: what its site says of a neuron and its subnet.
//!
//! The model: [`TaoStats`] asks `GET /api/...` with a key and keeps every answer in a folder. A question whose answer is
//! younger than [`Options::fresh`] costs no call; what comes back is always [`Seen`], a value with the time at which the
//! server gave it. The free plan allows five calls a minute: calls are booked in the folder before they are made, so that
//! all processes of a home together stay below it. When there is no call left, or the server is down, the older answer is
//! shown, with the reason beside it.
//!
//! Numbers come as texts (`"0.1200"`, `"1706598192"`); plain numbers are read too. Unknown fields are ignored, and a field
//! that is missing is an error that names it. The shapes are those of the types in TaoStats' own client (`@taostats/sdk`
//! 1.2.0 on npm) and of answers that users of the API have published.
//!
//! This room reads no clock but the one it is handed, keeps no key, and knows nothing of releases.
//!
//! ```
//! use hivis_taostats::{ApiKey, Options, Patience, TaoStats};
//! let options = Options { clock: jiff::Timestamp::now, ..Options::within("/tmp/taostats".into()) };
//! let key = ApiKey::new("tao-1234").expect("a key");
//! let site = TaoStats::new("https://api.taostats.io", key, Patience::default(), options)?;
//! // let ours = site.neuron(72, &hotkey).await?;
//! # Ok::<(), hivis_taostats::TaoStatsError>(())
//! ```

mod answer;
mod client;
mod error;
mod shape;
mod shelf;

pub use client::{Options, Patience, Seen, TaoStats};
pub use error::TaoStatsError;
pub use hivis_types::ApiKey;
pub use shape::{Address, Neuron, Price, Subnet};

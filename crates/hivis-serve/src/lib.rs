//! The axon: from a signed request to an answer before its deadline.
//!
//! One request becomes a claimed caller, a permitted one, a verified one, a ticket with one absolute deadline, a picture,
//! a place in a batch, scores, an answer, and beside it one record for the [`Recorder`]. This room never writes to the
//! ledger and knows no chain: permits and engines are handed in and can be replaced while it runs.
//!
//! ```no_run
//! # async fn example(keypair: hivis_bittensor::Keypair) -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use hivis_engine::FixedEngine;
//! use hivis_serve::{Axon, AxonSettings, Loaded, NoRecorder, Permits};
//! use hivis_types::ReleaseId;
//!
//! let permits = Permits::parse("[[permit]]\nhotkey = \"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY\"\nstake = 1000.0\n")?;
//! let axon = Axon::new(AxonSettings::default(), keypair, permits, Arc::new(NoRecorder));
//! axon.models().swap(Loaded { release: ReleaseId::new("first")?, engine: Arc::new(FixedEngine::new(0.7)) });
//! let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! axon.run(listener, async { tokio::signal::ctrl_c().await.unwrap_or(()) }).await?;
//! # Ok(())
//! # }
//! ```

pub mod batcher;

mod alarm;
mod axon;
mod body;
mod connection;
mod decode;
mod desk;
mod error;
mod event;
mod health;
mod judge;
mod model;
mod permits;
mod pulse;
mod record;
mod request;
mod settings;
mod story;

pub use alarm::{Alarm, AlarmSettings};
pub use axon::Axon;
pub use error::ServeError;
pub use health::{AnswerEvent, Health, NotReady};
pub use model::{Loaded, Models};
pub use permits::{Permits, Roster};
pub use record::{NoRecorder, Recorder, Unknown};
pub use settings::{AxonSettings, Limits};

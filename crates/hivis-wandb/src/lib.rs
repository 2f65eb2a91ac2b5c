//! Runs of a Weights & Biases project, and chosen keys of their history, page by page.
//!
//! The model: a [`Wandb`] is a server as one key sees it; a [`Project`] has [`Run`]s; a run's history has steps from 0 to
//! its last one. [`Wandb::history`] asks for a span of steps and some sets of keys, and gives for each set the rows that
//! hold all of its keys: what the server never sends never has to be thrown away, so memory is bounded by the span.
//! The questions are those of the official client (0.31: `Runs`, `RunHistoryKeys`, `RunSampledHistory`).
//!
//! This room must not know what the keys mean, and it writes nothing.
//!
//! ```no_run
//! # async fn f() -> Result<(), hivis_wandb::WandbError> {
//! use hivis_wandb::{Patience, Project, Wandb};
//! let wandb = Wandb::new("https://api.wandb.ai", None, Patience::default())?;
//! let project = Project::new("someone", "something")?;
//! let page = wandb.runs(&project, None).await?;
//! for run in &page.runs {
//!     let Some(last) = wandb.last_step(&project, &run.id).await? else { continue };
//!     let rows = wandb.history(&project, &run.id, 0..last + 1, &[&["_timestamp", "loss"]]).await?;
//!     println!("{}: {} rows with a loss", run.id, rows[0].len());
//! }
//! # Ok(()) }
//! ```

mod client;
mod error;
mod project;

pub use client::{Patience, Wandb};
pub use error::WandbError;
pub use hivis_types::ApiKey;
pub use project::{LONGEST_SPAN, Project, Row, Run, RunPage};

//! Clients of image generators: a wanted label and a prompt become pictures, with their story and their price.
//!
//! The model: a [`Generator`] takes an [`Order`] (what is wanted, a prompt, a seed, perhaps a picture to vary) and gives
//! [`Made`]: pictures that were looked at, and for each that is no use a [`Refusal`] with its reason. One bad picture
//! refuses that picture, not the order. What failed as a whole is a [`GenerateError`], which knows whether it may have
//! cost money. [`Prompts`] are files of templates; they are chosen by the slices that fail.
//!
//! This room never judges its own pictures: the label is the wanted one. It books no money, it only names prices. It is
//! apart from `hivis-synth` because HTTP clients are of no use to those who only draw scenes.
//!
//! ```
//! use hivis_generate::{Generator, Order, Procedural, Prompts, Words};
//! use hivis_types::Label;
//! # tokio::runtime::Builder::new_multi_thread().build().expect("threads").block_on(async {
//! let slices = ["time:night".to_owned()];
//! let prompts = Prompts::shipped();
//! let prompt = prompts.pick(Label::Roadwork, &slices, None)[0];
//! let said = prompt.render(&Words { slices: &slices, caption: "" })?;
//! let order = Order::new(Label::Roadwork, said.text).sized(96, 96).seeded(7).of(&slices);
//! let made = Procedural.make(&order).await?;
//! assert!(made.pictures[0].as_ref().expect("a picture").slices.contains(&slices[0]));
//! # Ok::<(), hivis_generate::GenerateError>(()) }).expect("it works");
//! ```

mod automatic1111;
mod comfyui;
mod cosmos;
mod error;
mod generator;
mod http;
mod inspect;
mod procedural;
mod prompts;
mod vision;

pub use automatic1111::Automatic1111;
pub use comfyui::Comfyui;
pub use cosmos::{Cosmos, CosmosPlace, CosmosSettings};
pub use error::{Charged, GenerateError};
pub use generator::{Abilities, Generator, Made, MadePicture, Mode, Order, Parent, Presence, Refusal};
pub use hivis_types::Secret;
pub use http::{Login, Patience, Server};
pub use inspect::inspect;
pub use procedural::Procedural;
pub use prompts::{Prompt, PromptFile, Prompts, Said, Words};
pub use vision::{Spoken, Vision};

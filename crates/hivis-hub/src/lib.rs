//! Brings a model or a data set of the Hugging Face Hub, or of anything that speaks as it does, into a folder, and files
//! into a repository of it.
//!
//! The model: a [`Repo`] at a revision is a commit, a commit is a list of files, and each [`pull`] makes a folder named
//! by the commit that holds the wanted ones. A file is written as `.partial` and gets its name when its checksum was
//! right, so what has a name is whole; a pull that was cut or killed goes on where it stopped, and one that is repeated
//! loads nothing.
//!
//! The other way, [`Hub::push`] makes at most one commit of what differs from a repository's head, and believes that it
//! is there when the list of that commit says so. A large file that the Hub has is not sent again.
//!
//! This room does not know what the files are for. It sends the token to the endpoint only, never to where the endpoint
//! redirects, and prints it nowhere.
//!
//! ```
//! use hivis_hub::{Repo, RepoKind};
//! let repo = Repo::new(RepoKind::Dataset, "natix-network-org/roadwork")?;
//! assert_eq!(repo.folder(), "datasets/natix-network-org--roadwork");
//! assert!(Repo::new(RepoKind::Model, "../etc").is_err());
//! # Ok::<(), hivis_hub::HubError>(())
//! ```

mod checksum;
mod client;
mod download;
mod error;
mod listing;
mod path;
mod post;
mod pull;
mod push;
mod repo;
mod token;

pub use checksum::Checksum;
pub use client::{Hub, Patience};
pub use error::HubError;
pub use listing::{HubFile, Listing};
pub use pull::{Event, PullLimits, Pulled, Wish, pull};
pub use push::{Content, Push, PushFile, Pushed};
pub use repo::{Repo, RepoKind};
pub use token::Token;

//! What can go wrong in this room, and what mends it.

use std::time::Duration;

/// Why nothing could be read. No message holds the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WandbError {
    /// The base address is none that we speak to.
    #[error("`{base}` is no http(s) address")]
    Base {
        /// What was given.
        base: String,
    },
    /// No entity or project is named like this.
    #[error("`{name}` is no name of an entity or a project")]
    Name {
        /// What was given.
        name: String,
    },
    /// 401: the server does not know the key.
    #[error("W&B does not let us in: {}", if *.key { "it refuses the API key" } else { "no API key was sent" })]
    Unauthorised {
        /// A key was sent.
        key: bool,
    },
    /// 403, or a project that the server does not show to this key.
    #[error("W&B does not show {project} to {}", if *.key { "this API key" } else { "strangers" })]
    Unreadable {
        /// `entity/project`.
        project: String,
        /// A key was sent.
        key: bool,
    },
    /// The project has no such run.
    #[error("{project} has no run `{run}`")]
    NoSuchRun {
        /// `entity/project`.
        project: String,
        /// What was asked for.
        run: String,
    },
    /// 429 again and again, or for longer than we wait.
    #[error("W&B answers 429, too many requests{}", .wait.map(|w| format!(", and wants {} s of patience", w.as_secs())).unwrap_or_default())]
    TooManyRequests {
        /// How long it wants us to wait.
        wait: Option<Duration>,
    },
    /// Another status that is no success, after all tries.
    #[error("W&B answered {status}{}", if .said.is_empty() { String::new() } else { format!(": {said}") })]
    Status {
        /// The status.
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
    /// No connection, or one that was cut more often than we try.
    #[error("the connection to W&B failed")]
    Connection(#[source] reqwest::Error),
    /// An answer that is not what the API gives.
    #[error("W&B's answer cannot be understood: {why}")]
    Answer {
        /// What is wrong with it.
        why: String,
    },
}

impl WandbError {
    /// What to do about it, one line, where we know.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Base { .. } => "an address such as https://api.wandb.ai".into(),
            Self::Name { .. } => "as in the address of its page: https://wandb.ai/ENTITY/PROJECT".into(),
            Self::Unauthorised { key: true } => {
                "is the API key right? W&B shows it at https://wandb.ai/authorize".into()
            }
            Self::Unauthorised { key: false } | Self::Unreadable { key: false, .. } => {
                "give an API key (W&B shows it at https://wandb.ai/authorize)".into()
            }
            Self::Unreadable { key: true, .. } => {
                "are its names right, and does the key's account see the project in a browser?".into()
            }
            Self::TooManyRequests { .. } => "wait some minutes; the next reading goes on where this one stopped".into(),
            Self::Status { status: 500.., .. } | Self::Connection(_) => {
                "is the network there? The next reading goes on where this one stopped".into()
            }
            _ => return None,
        })
    }
}

//! What can go wrong in this room, and what mends it.

use std::path::PathBuf;
use std::time::Duration;

/// Why nothing could be read. No message holds the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaoStatsError {
    /// The base address is none that we speak to.
    #[error("`{base}` is no http(s) address")]
    Base {
        /// What was given.
        base: String,
    },
    /// The key would cross a network that anybody can read.
    #[error("the TaoStats key would go to {host} over plain http")]
    Clear {
        /// Where it would go.
        host: String,
    },
    /// 401 or 403: the server does not take the key.
    #[error("TaoStats refuses the API key ({status})")]
    Unauthorised {
        /// Which of the two.
        status: u16,
    },
    /// 429 again and again, or for longer than we wait.
    #[error("TaoStats answers 429, too many requests{}", .wait.map(|w| format!(", and wants {} s of patience", w.as_secs())).unwrap_or_default())]
    TooManyRequests {
        /// How long it wants us to wait.
        wait: Option<Duration>,
    },
    /// All calls of this minute are used, by this process or another one.
    #[error("this home's {calls} TaoStats calls a minute are used; the next is free in {} s", .wait.as_secs().max(1))]
    Spent {
        /// What the plan allows.
        calls: u32,
        /// Until the next may be made.
        wait: Duration,
    },
    /// It sends us somewhere else, where the key does not go.
    #[error("TaoStats answers {status}, a redirect{}", if .to.is_empty() { String::new() } else { format!(" to {to}") })]
    Redirected {
        /// The status.
        status: u16,
        /// Where to.
        to: String,
    },
    /// Another status that is no success, after all tries.
    #[error("TaoStats answered {status}{}", if .said.is_empty() { String::new() } else { format!(": {said}") })]
    Status {
        /// The status.
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
    /// No connection, or one that was cut or gave nothing more often than we try.
    #[error("the connection to TaoStats failed")]
    Connection(#[source] reqwest::Error),
    /// An answer that is not what the API gives.
    #[error("TaoStats' answer to {what} cannot be understood: {why}")]
    Answer {
        /// The path that was asked.
        what: String,
        /// What is wrong with it, with the field's name.
        why: String,
    },
    /// The folder of kept answers cannot be used.
    #[error("kept answers in {folder} cannot be used")]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl TaoStatsError {
    /// What to do about it, one line, where we know.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Base { .. } => "an address such as https://api.taostats.io".into(),
            Self::Clear { .. } => "write https://, or an address of this computer".into(),
            Self::Unauthorised { .. } => {
                "is the key right and not expired? https://dash.taostats.io shows it; it is sent without \"Bearer\""
                    .into()
            }
            Self::TooManyRequests { .. } | Self::Spent { .. } => {
                "wait a minute; rank.taostats.calls_per_minute says what the plan allows (5 when it is free)".into()
            }
            Self::Redirected { .. } => "is rank.taostats.base_url the API's address, not the site's?".into(),
            Self::Status { status: 500.., .. } | Self::Connection(_) => {
                "is the network there? The chain's own figures do not need TaoStats".into()
            }
            Self::Answer { .. } => "the API may have changed; the chain's own figures do not need it".into(),
            Self::Folder { .. } => "it may be removed: it is a cache".into(),
            Self::Status { .. } => return None,
        })
    }
}

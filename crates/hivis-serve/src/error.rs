//! Why the axon could not be set up.

use std::path::PathBuf;

/// Everything that can go wrong before or beside answering; what goes wrong inside one request is an answer, not an error.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The permit list could not be read.
    #[error("cannot read the permit list {}", path.display())]
    ReadPermits {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The permit list is no TOML of the expected form.
    #[error("the permit list is not understood: {0}")]
    PermitSyntax(#[source] Box<toml::de::Error>),
    /// A hotkey of the permit list is no ss58 address.
    #[error("permit {index}: `{hotkey}` is no ss58 address")]
    PermitHotkey {
        /// Counted from 1.
        index: usize,
        /// What stands there.
        hotkey: String,
    },
    /// A stake of the permit list is negative, infinite or no number.
    #[error("permit {index}: stake {stake} is not a number of at least 0")]
    PermitStake {
        /// Counted from 1.
        index: usize,
        /// What stands there.
        stake: f64,
    },
    /// A hotkey stands twice.
    #[error("permit {index}: {hotkey} stands twice in the permit list")]
    PermitTwice {
        /// Counted from 1.
        index: usize,
        /// Which.
        hotkey: String,
    },
    /// The listening socket could not be used.
    #[error("the listening socket does not work")]
    Listener(#[source] std::io::Error),
    /// A worker thread could not be started.
    #[error("cannot start the thread {name}")]
    Thread {
        /// Its name.
        name: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

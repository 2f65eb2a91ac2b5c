//! The name of a key on the network.

use serde::{Deserialize, Serialize};

/// An ss58 address (prefix 42) as text. `hivis-bittensor` checks and makes them; here it is only a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hotkey(String);

impl Hotkey {
    /// Names a key. No check is made: use `hivis_bittensor`'s ss58 parser for text from strangers.
    pub fn new(ss58: impl Into<String>) -> Self {
        Self(ss58.into())
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// First six characters, for tables.
    pub fn short(&self) -> &str {
        self.0.get(..6).unwrap_or(&self.0)
    }
}

impl std::fmt::Display for Hotkey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

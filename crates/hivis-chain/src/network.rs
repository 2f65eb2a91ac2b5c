//! The networks by name.

/// A chain: the main network, the test network, or one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// The main network, where emission is worth money.
    Finney,
    /// The test network.
    Test,
    /// A chain of one's own on this machine.
    Local,
}

impl Network {
    /// The name that `btcli --network` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finney => "finney",
            Self::Test => "test",
            Self::Local => "local",
        }
    }
}

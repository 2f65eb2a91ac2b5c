//! The networks by name: who speaks for each, which chain it is, and where StreetVision lives on it.

use std::str::FromStr;

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

    /// Who speaks for it, in the order to try; the addresses that `bittensor` 10.5.0 (`core/settings.py`) knows.
    pub fn endpoints(self) -> Vec<String> {
        let list: &[&str] = match self {
            Self::Finney => &["wss://entrypoint-finney.opentensor.ai:443", "wss://archive.chain.opentensor.ai:443"],
            Self::Test => &["wss://test.finney.opentensor.ai:443"],
            Self::Local => &["ws://127.0.0.1:9944"],
        };
        list.iter().map(|&endpoint| endpoint.to_owned()).collect()
    }

    /// The hash of its first block; a chain of one's own may be any.
    ///
    /// Finney's is in `chain/README.md`; the test network's stands in subtensor's own tests
    /// (`testnet_claim_root_with_hotkey_with_extensions_fits_normal_extrinsic_limit`) and in many operators' notes.
    pub fn genesis(self) -> Option<[u8; 32]> {
        match self {
            Self::Finney => Some(FINNEY),
            Self::Test => Some(TEST),
            Self::Local => None,
        }
    }

    /// StreetVision's subnet; a chain of one's own has none by nature, and counts from 1.
    pub fn netuid(self) -> u16 {
        match self {
            Self::Finney => 72,
            Self::Test => 323,
            Self::Local => 1,
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Network {
    type Err = String;

    /// `finney`, `test` or `local`; the error says so.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Finney, Self::Test, Self::Local]
            .into_iter()
            .find(|network| network.as_str() == name)
            .ok_or_else(|| format!("`{name}` is no network; there are finney, test and local"))
    }
}

const FINNEY: [u8; 32] = [
    0x2f, 0x05, 0x55, 0xcc, 0x76, 0xfc, 0x28, 0x40, 0xa2, 0x5a, 0x6e, 0xa3, 0xb9, 0x63, 0x71, 0x46, 0x80, 0x6f, 0x1f,
    0x44, 0xb0, 0x90, 0xc1, 0x75, 0xff, 0xde, 0x2a, 0x7e, 0x5a, 0xb3, 0x6c, 0x03,
];

const TEST: [u8; 32] = [
    0x8f, 0x9c, 0xf8, 0x56, 0xbf, 0x55, 0x8a, 0x14, 0x44, 0x0e, 0x75, 0x56, 0x9c, 0x9e, 0x58, 0x59, 0x47, 0x57, 0x04,
    0x8d, 0x7b, 0x3a, 0x84, 0xb5, 0xd2, 0x5f, 0x6b, 0xd9, 0x78, 0x26, 0x31, 0x05,
];

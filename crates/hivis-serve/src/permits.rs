//! Who may ask: hotkeys and their stakes.

use std::{collections::HashMap, path::Path};

use hivis_types::Hotkey;
use serde::Deserialize;

use crate::ServeError;

/// The list of callers that are answered, each with the stake that sets its priority. An empty list refuses everyone.
///
/// ```
/// use hivis_serve::Permits;
/// use hivis_types::Hotkey;
/// let alice = Hotkey::new("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
/// let permits = Permits::parse("[[permit]]\nhotkey = \"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY\"\nstake = 12.5\n").unwrap();
/// assert_eq!(permits.stake(&alice), Some(12.5));
/// assert!(Permits::parse("[[permit]]\nhotky = \"x\"\n").is_err()); // unknown keys are refused
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Permits {
    stakes: HashMap<Hotkey, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    permit: Vec<RawPermit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPermit {
    hotkey: String,
    stake: f64,
}

impl Permits {
    /// Reads the text of `permits.toml`: one `[[permit]]` table a caller with `hotkey` (ss58) and `stake` (at least 0).
    pub fn parse(text: &str) -> Result<Self, ServeError> {
        let raw: Raw = toml::from_str(text).map_err(|e| ServeError::PermitSyntax(Box::new(e)))?;
        Self::new(raw.permit.into_iter().map(|permit| (Hotkey::new(permit.hotkey), permit.stake)))
    }

    /// Reads a `permits.toml`.
    pub fn read(path: &Path) -> Result<Self, ServeError> {
        let text = fs_err::read_to_string(path)
            .map_err(|source| ServeError::ReadPermits { path: path.to_path_buf(), source })?;
        Self::parse(&text)
    }

    /// Takes hotkeys and stakes from elsewhere, under the same rules.
    pub fn new(list: impl IntoIterator<Item = (Hotkey, f64)>) -> Result<Self, ServeError> {
        let mut stakes = HashMap::new();
        for (index, (hotkey, stake)) in (1..).zip(list) {
            if hivis_bittensor::ss58::decode(hotkey.as_str()).is_err() {
                return Err(ServeError::PermitHotkey { index, hotkey: hotkey.to_string() });
            }
            if !stake.is_finite() || stake < 0.0 {
                return Err(ServeError::PermitStake { index, stake });
            }
            if stakes.insert(hotkey.clone(), stake).is_some() {
                return Err(ServeError::PermitTwice { index, hotkey: hotkey.to_string() });
            }
        }
        Ok(Self { stakes })
    }

    /// The stake of a permitted caller; `None` for everyone else.
    pub fn stake(&self, hotkey: &Hotkey) -> Option<f64> {
        self.stakes.get(hotkey).copied()
    }

    /// How many callers are permitted.
    pub fn len(&self) -> usize {
        self.stakes.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.stakes.is_empty()
    }
}

//! Who may ask: hotkeys and their stakes, from the metagraph and from a file.

use std::{collections::HashMap, path::Path};

use hivis_types::{Hotkey, Metagraph};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
    callers: HashMap<Hotkey, Entry>,
    roster: Option<Roster>,
}

/// One permitted caller.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    stake: f64,
    /// Whether the metagraph lists it, and not only the file.
    listed: bool,
}

/// Which reading of the metagraph a list comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Roster {
    /// The block that it holds for.
    pub block: u64,
    /// When it was read.
    pub read: Timestamp,
    /// How many validators it lets in.
    pub validators: usize,
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
        let mut callers = HashMap::new();
        for (index, (hotkey, stake)) in (1..).zip(list) {
            if hivis_bittensor::ss58::decode(hotkey.as_str()).is_err() {
                return Err(ServeError::PermitHotkey { index, hotkey: hotkey.to_string() });
            }
            if !stake.is_finite() || stake < 0.0 {
                return Err(ServeError::PermitStake { index, stake });
            }
            if callers.insert(hotkey.clone(), Entry { stake, listed: false }).is_some() {
                return Err(ServeError::PermitTwice { index, hotkey: hotkey.to_string() });
            }
        }
        Ok(Self { callers, roster: None })
    }

    /// Validators with a permit and at least this stake (in alpha), as the metagraph lists them at `read`. A neuron whose
    /// stake is no number is left out.
    pub fn from_metagraph(graph: &Metagraph, least_stake: f64, read: Timestamp) -> Self {
        let callers: HashMap<Hotkey, Entry> = graph
            .validators()
            .filter(|neuron| neuron.stake.is_finite() && neuron.stake >= least_stake)
            .map(|neuron| (neuron.hotkey.clone(), Entry { stake: neuron.stake, listed: true }))
            .collect();
        let roster = Roster { block: graph.block, read, validators: callers.len() };
        Self { callers, roster: Some(roster) }
    }

    /// This list, with the callers of `file` let in too; where both name one, the file's stake counts.
    #[must_use]
    pub fn with_file(mut self, file: &Self) -> Self {
        for (hotkey, entry) in &file.callers {
            let listed = self.callers.get(hotkey).is_some_and(|entry| entry.listed);
            self.callers.insert(hotkey.clone(), Entry { stake: entry.stake, listed });
        }
        self
    }

    /// The stake of a permitted caller; `None` for everyone else.
    pub fn stake(&self, hotkey: &Hotkey) -> Option<f64> {
        self.callers.get(hotkey).map(|entry| entry.stake)
    }

    /// Whether the metagraph lists this caller as a validator.
    pub fn is_listed(&self, hotkey: &Hotkey) -> bool {
        self.callers.get(hotkey).is_some_and(|entry| entry.listed)
    }

    /// The reading of the metagraph behind this list; `None` for a list that is only a file's.
    pub fn roster(&self) -> Option<Roster> {
        self.roster
    }

    /// How many callers are permitted.
    pub fn len(&self) -> usize {
        self.callers.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.callers.is_empty()
    }
}

//! What a deployment remembers between two calls: when each step was first seen done.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use hivis_chain::Network;
use hivis_store::Home;
use hivis_types::Hotkey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::up::Item;

/// `deployment-NETWORK.json` in the home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Deployment {
    /// Which key this is about; another key begins anew.
    pub(crate) hotkey: Hotkey,
    /// When `hivis up` was first called for it, UTC.
    pub(crate) began: Timestamp,
    /// When each item of the checklist was first seen done, UTC.
    pub(crate) done: BTreeMap<String, Timestamp>,
}

impl Deployment {
    fn path(home: &Home, network: Network) -> PathBuf {
        home.path().join(format!("deployment-{network}.json"))
    }

    /// The one under way, or a new one.
    pub(crate) fn open(home: &Home, network: Network, hotkey: &Hotkey, now: Timestamp) -> Result<Self> {
        let path = Self::path(home, network);
        let new = Self { hotkey: hotkey.clone(), began: now, done: BTreeMap::new() };
        if !path.exists() {
            return Ok(new);
        }
        let bytes = fs_err::read(&path)?;
        let found: Self =
            serde_json::from_slice(&bytes).with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(if found.hotkey == *hotkey { found } else { new })
    }

    /// Notes what is done now for the first time, and keeps it.
    pub(crate) fn note(&mut self, home: &Home, network: Network, items: &[Item], now: Timestamp) -> Result<()> {
        for item in items.iter().filter(|item| item.done) {
            self.done.entry(item.what.to_owned()).or_insert(now);
        }
        let path = Self::path(home, network);
        let beside = path.with_extension("partial");
        fs_err::write(&beside, serde_json::to_vec_pretty(self)?)?;
        fs_err::rename(&beside, &path).context("the deployment cannot be kept")
    }

    /// Which day it is, from 1.
    pub(crate) fn day(&self, now: Timestamp) -> u64 {
        now.duration_since(self.began).as_secs().max(0) as u64 / 86_400 + 1
    }
}

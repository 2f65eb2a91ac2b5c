//! What goes wrong on purpose.

use std::collections::{BTreeMap, BTreeSet};

/// The faults in force; a test sets them through `Node::faults`. All are off at the start.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// New connections are closed before they say anything.
    pub refuse: bool,
    /// So many upgrades get HTTP 429.
    pub upgrades_limited: u32,
    /// So many calls get the JSON-RPC error -32029.
    pub calls_limited: u32,
    /// After so many further messages all connections are cut.
    pub cut_after: Option<u32>,
    /// These methods never answer.
    pub hang: BTreeSet<String>,
    /// These methods answer with this code and text.
    pub fail: BTreeMap<String, (i64, String)>,
    /// Another genesis hash than the real one is told.
    pub genesis: Option<[u8; 32]>,
    /// Bytes instead of what lies under a storage key.
    pub storage: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Bytes instead of a runtime call's answer, by `Api_method`.
    pub calls: BTreeMap<String, Vec<u8>>,
    /// So many extrinsics are accepted, and forgotten.
    pub swallow: u32,
    /// So many extrinsics are accepted, and the connection cut before that is told.
    pub cut_on_submit: u32,
    /// An extrinsic that is already there is accepted once more (and still done once).
    pub twice: bool,
}

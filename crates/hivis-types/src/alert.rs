//! What somebody should know: an alert as rules find it, the ledger keeps it and people hear it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How much it hurts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// It will hurt.
    Warning,
    /// It hurts now: somebody is called.
    Critical,
}

impl Severity {
    /// As labels have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// One alert that holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The rule's name, as Prometheus has it: `HivisNoValidator`.
    pub rule: String,
    /// What tells it from others of the same rule; without the rule's name and its severity.
    pub labels: BTreeMap<String, String>,
    /// How much it hurts.
    pub severity: Severity,
    /// One sentence for a person, the value in it.
    pub summary: String,
    /// The value that the rule compared, in the rule's unit.
    pub value: f64,
    /// Since when it holds.
    pub since: Timestamp,
    /// The address of the page that says what to do.
    pub runbook: String,
}

impl Alert {
    /// What makes two the same alert at different times: the rule and its labels.
    pub fn key(&self) -> String {
        let labels: Vec<String> = self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        format!("{}{{{}}}", self.rule, labels.join(","))
    }
}

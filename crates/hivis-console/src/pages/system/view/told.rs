//! The configuration in force, and who changed what.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The configuration.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ConfigView {
    /// The file, whether it is there or not.
    pub file: String,
    /// Every key.
    pub keys: Vec<ConfigLine>,
}

/// One key.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ConfigLine {
    /// `section.key`
    pub key: String,
    /// Its value in TOML's words; empty where it has none. Of a secret, only where it lies.
    pub value: String,
    /// `default`, `file`, `environment` or `flag`.
    pub origin: String,
    /// The file, the variable or the flag.
    pub place: String,
    /// Whether it is a secret.
    pub secret: bool,
}

/// Lines of the audit log.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct AuditView {
    /// Newest first.
    pub lines: Vec<AuditLine>,
    /// Where the next page begins; none at the end.
    pub before: Option<i64>,
}

/// One line of the audit log.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct AuditLine {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: String,
    /// Who.
    pub who: String,
    /// As what.
    pub role: String,
    /// From where.
    pub source: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
    /// `done`, or why not.
    pub outcome: String,
}

/// Which part of the audit log is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Lines before this one only.
    pub before: Option<i64>,
    /// At most so many, 1 to 200 [default: 25].
    pub limit: Option<u32>,
}

impl AuditLine {
    pub(crate) fn second(&self) -> String {
        self.at.get(..19).unwrap_or(&self.at).replacen('T', " ", 1)
    }
}

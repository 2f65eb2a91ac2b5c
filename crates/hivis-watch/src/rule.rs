//! One rule.

use std::time::Duration;

use hivis_types::Severity;

use crate::{Expr, Summary};

/// What must not be, for how long, and what is said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// As alerts have it: `HivisNoValidator`.
    pub name: &'static str,
    /// How much it hurts.
    pub severity: Severity,
    /// Every series that it yields is one alert.
    pub expr: Expr,
    /// It must hold for so long before it is told.
    pub hold: Duration,
    /// One sentence with the value in it.
    pub summary: Summary,
    /// The page that says what to do: `docs/runbooks/NAME.md`.
    pub runbook: &'static str,
}

//! Promotions and rollbacks: what was, what is on its way, and what is ordered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::minute;

/// A move of the pointer.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct MoveLine {
    /// Its number.
    pub number: i64,
    /// When, UTC.
    pub at: String,
    /// `promote`, `rollback` or `import`.
    pub kind: String,
    /// To which release.
    pub release: String,
    /// From which.
    pub previous: Option<String>,
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
    /// `serves`, `refused`, or `open`: no server has looked.
    pub outcome: String,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// How far a move is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Moving {
    /// To which release.
    pub release: String,
    /// From which.
    pub previous: Option<String>,
    /// Who asked for it; empty where it was not asked for here.
    pub who: String,
    /// When it was asked for, UTC.
    pub since: String,
    /// `checking`, `loading`, `warming`, then `serves`, `put-back`, or `failed`.
    pub phase: String,
    /// Whether it is over.
    pub over: bool,
    /// In words.
    pub said: String,
}

/// A promotion that is asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteBody {
    /// The release's name once more.
    pub name: String,
    /// What the page said that serves: another, and nothing is done.
    pub serves: Option<String>,
    /// Promote although the policy refuses, for this reason. A release that may not serve does not get in by it.
    pub force: Option<String>,
}

/// A roll back that is asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackBody {
    /// The release that it leads to, typed once more.
    pub name: String,
    /// What the page said that serves.
    pub serves: Option<String>,
}

/// A change of what serves, as the program gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveOrder {
    /// To which release; checked against the name that was typed.
    pub release: String,
    /// What the page said that serves.
    pub serves: Option<String>,
    /// Who asks.
    pub who: String,
    /// Why although the policy refuses.
    pub force: Option<String>,
    /// Back to what served before, rather than on to another.
    pub back: bool,
}

/// What a change that was taken on rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveTaken {
    /// Why it may be done, for the audit log: the exam, the force's reason.
    pub why: String,
}

impl MoveLine {
    pub(crate) fn day(&self) -> String {
        minute(&self.at)
    }
}

//! Whoever is in, what they may do, and the audit log of what they did.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use hivis_store::{Ledger, NewAudit};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::token::Digest;
use crate::SourceError;
use crate::answer::Refused;

/// What an account may do; each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Decides on pictures.
    Reviewer,
    /// Promotes, rolls back, acknowledges.
    Operator,
}

impl Role {
    /// As the page shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Reviewer => "reviewer",
            Self::Operator => "operator",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    /// As [`Role::as_str`] writes it.
    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Viewer, Self::Reviewer, Self::Operator];
        all.into_iter().find(|role| role.as_str() == text).ok_or_else(|| "viewer, reviewer or operator".to_owned())
    }
}

/// How somebody came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// On loopback, where there are no accounts.
    Local,
    /// By the session with this digest.
    Session(Digest),
    /// By the bearer token with this digest.
    Token(Digest),
}

/// Whoever is in.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// The account's name; `local` where there are no accounts.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) role: Role,
    /// Where the request came from, for the audit log.
    pub(crate) source: String,
    /// What the page must send back in `X-Hivis-Csrf` with every change.
    pub(crate) csrf: String,
    /// How.
    pub(crate) way: Way,
}

impl Who {
    /// There is something to log out of.
    pub(crate) fn leaves(&self) -> bool {
        matches!(self.way, Way::Session(_))
    }
}

/// Somebody who may decide on pictures.
#[derive(Clone, Debug)]
pub(crate) struct Reviewer(pub(crate) Who);

/// Somebody who may change what runs.
#[derive(Clone, Debug)]
pub(crate) struct Operator(pub(crate) Who);

impl<S: Sync> FromRequestParts<S> for Who {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let who = parts.extensions.get::<Self>().cloned();
        who.ok_or_else(|| Refused::new(StatusCode::UNAUTHORIZED, "log in first"))
    }
}

async fn at_least(parts: &mut Parts, role: Role) -> Result<Who, Refused> {
    let who = Who::from_request_parts(parts, &()).await?;
    if who.role < role {
        let said = format!("this needs the role {}; yours is {}", role.as_str(), who.role.as_str());
        return Err(Refused::new(StatusCode::FORBIDDEN, &said));
    }
    Ok(who)
}

impl<S: Sync> FromRequestParts<S> for Reviewer {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        at_least(parts, Role::Reviewer).await.map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Operator {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        at_least(parts, Role::Operator).await.map(Self)
    }
}

/// Writes into the audit log what somebody did (`release.promote`), to what, and `done` or why not. A log that cannot be
/// written to is an error in the program's log and nothing more: what was done is done.
pub(crate) async fn audit(ledger: &Ledger, who: &Who, action: &str, target: &str, outcome: &str) {
    let (role, source) = (who.role.as_str().to_owned(), who.source.clone());
    note(
        ledger,
        NewAudit {
            at: Timestamp::now(),
            who: who.name.clone(),
            role,
            source,
            action: action.to_owned(),
            target: target.to_owned(),
            outcome: outcome.to_owned(),
        },
    )
    .await;
}

/// What the audit log says became of a change.
pub(crate) fn outcome<T>(result: &Result<T, SourceError>) -> &str {
    match result {
        Ok(_) => "done",
        Err(
            SourceError::NotFound(said)
            | SourceError::Unfit(said)
            | SourceError::Unavailable(said)
            | SourceError::Conflict { said, .. },
        ) => said,
        Err(SourceError::Failed) => "failed",
    }
}

pub(super) async fn note(ledger: &Ledger, new: NewAudit) {
    if let Err(error) = ledger.note_audit(&new).await {
        let NewAudit { who, action, target, outcome, .. } = new;
        tracing::error!(%error, who, action, target, outcome, "the audit log could not be written");
    }
}

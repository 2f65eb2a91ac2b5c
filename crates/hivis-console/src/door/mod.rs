//! Who comes in, and what each may do.
//!
//! On loopback without accounts whoever reaches the listener is the operator `local`; everywhere else there is a login.
//! A handler says whom it wants by its parameter: [`Who`] for anybody who is in, [`Reviewer`], [`Operator`]; others get
//! 403.

pub(crate) mod origin;

use axum::extract::{FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

use crate::answer::Refused;

/// What an account may do; each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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
}

/// Somebody who may decide on pictures.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "the first handler that changes something wants it")]
pub(crate) struct Reviewer(pub(crate) Who);

/// Somebody who may change what runs.
#[derive(Clone, Debug)]
pub(crate) struct Operator(pub(crate) Who);

/// Lets requests in, with [`Who`] they are from.
pub(crate) async fn enter(mut request: Request, next: Next) -> Response {
    let who = Who { name: "local".to_owned(), role: Role::Operator, source: String::new(), csrf: "none".to_owned() };
    request.extensions_mut().insert(who);
    next.run(request).await
}

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

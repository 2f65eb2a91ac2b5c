//! Why a request is not answered, and in which form the caller hears it.

use crate::wire::ALLOWED;

/// A refused request. Texts are short and hold nothing long of the caller's: long refusals were used for amplification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {message}")]
pub struct Refusal {
    /// HTTP status, and the status in `bt_header_axon_status_code` where the form has one.
    pub status: u16,
    /// What the caller is told, ASCII, at most 160 characters.
    pub message: String,
    /// What it is, for metrics and records: a fixed `kebab-case` word.
    pub kind: &'static str,
    /// Which headers and body go with it.
    pub form: Form,
}

/// The forms in which the SDK's axon refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `{"message"}`, status headers, the request's fields, and the axon's signature.
    Signed,
    /// `{"message"}` and the status headers of a bare `Synapse`: the request's headers were not readable.
    Bare,
    /// `{"detail"}` and no bt headers: what the SDK's HTTP framework answers by itself.
    Detail,
    /// 307 to this path, no bt headers, no body.
    Redirect(&'static str),
}

impl Refusal {
    /// A refusal of a request whose headers were read. `message` must be short and ASCII.
    pub fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), kind, form: Form::Signed }
    }

    /// 403: the hotkey has no permit.
    pub fn not_permitted() -> Self {
        Self::new(403, "not-permitted", "Forbidden. Key is blacklisted: no permit.")
    }

    /// 401, in the SDK's words.
    pub(crate) fn not_verified(kind: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::new(401, kind, format!("Not Verified with error: {reason}"))
    }

    /// 500 for headers that do not parse; the SDK says no more than this either.
    pub(crate) fn headers(which: &'static str) -> Self {
        let message = format!("Internal Server Error: {which} is not a number");
        Self { form: Form::Bare, ..Self::new(500, "headers", message) }
    }

    /// 404 for a path that names no synapse. The name is told back only when it could be one.
    pub(crate) fn unknown_synapse(name: &str) -> Self {
        let plain = name.len() <= 32 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let name = if plain { format!(" '{name}'") } else { String::new() };
        let message = format!("Synapse name{name} not found. Available synapses {ALLOWED}");
        Self { form: Form::Bare, ..Self::new(404, "unknown-synapse", message) }
    }

    pub(crate) fn detail(status: u16, kind: &'static str, message: &'static str) -> Self {
        Self { form: Form::Detail, ..Self::new(status, kind, message) }
    }

    pub(crate) fn redirect(path: &'static str) -> Self {
        Self { form: Form::Redirect(path), ..Self::new(307, "redirect", "") }
    }
}

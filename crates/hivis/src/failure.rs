//! Errors as a person sees them: the cause chain, one a line, and a hint where we know the mend.

use std::fmt::Write as _;

/// An error that knows its mend.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Hinted {
    message: String,
    hint: String,
}

impl Hinted {
    /// `message` says what is wrong, `hint` what to do.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// The text for the terminal: `error:`, then `because:` lines, then `hint:`.
pub fn text(error: &anyhow::Error) -> String {
    let mut out = format!("error: {error}\n");
    let mut last = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Many libraries repeat their source in their own text; said once is enough.
        if !last.contains(&cause) {
            let _ = writeln!(out, "  because: {cause}");
        }
        last = cause;
    }
    if let Some(hint) = hint(error) {
        let _ = writeln!(out, "hint: {hint}");
    }
    out
}

fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| cause.downcast_ref::<Hinted>().map(|h| h.hint.clone()))
}

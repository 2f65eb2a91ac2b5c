//! Errors of the program as the control room tells them: the cause to the log, words for a person to the page.

use hivis_console::SourceError;
use hivis_store::StoreError;

use crate::failure;

/// 404 for what is not there, 503 for a ledger that can only be read, else 500 with the cause chain in the log.
pub(super) fn refusal(error: &anyhow::Error) -> SourceError {
    match error.chain().find_map(|cause| cause.downcast_ref::<StoreError>()) {
        Some(StoreError::NoSuchRelease { id, .. }) => SourceError::NotFound(format!("there is no release {id}")),
        Some(StoreError::NewerLedger { .. }) => {
            SourceError::Unavailable("a newer hivis wrote this home: it can only be read".to_owned())
        }
        _ => failed(error),
    }
}

/// 500.
pub(super) fn failed(error: &anyhow::Error) -> SourceError {
    tracing::error!(error = failure::text(error).trim(), "the control room could not be answered");
    SourceError::Failed
}

/// What is understood and cannot be: the cause and the hint, in one line.
pub(super) fn unfit(error: &anyhow::Error) -> SourceError {
    SourceError::Unfit(words(error))
}

/// An error on one line, with its hint in brackets.
pub(super) fn words(error: &anyhow::Error) -> String {
    let text = failure::text(error);
    let (mut said, mut hint) = (Vec::new(), String::new());
    for line in text.lines() {
        match line.strip_prefix("hint: ") {
            Some(found) => hint = format!(" ({found})"),
            None => said.push(line.trim().trim_start_matches("error: ").trim_start_matches("because: ")),
        }
    }
    said.join(": ") + &hint
}

/// The same without the hint, where that names a flag of a verb.
pub(super) fn cause(error: &anyhow::Error) -> String {
    let text = failure::text(error);
    let lines = text.lines().filter(|line| !line.starts_with("hint: "));
    lines.map(|l| l.trim().trim_start_matches("error: ").trim_start_matches("because: ")).collect::<Vec<_>>().join(": ")
}

/// Runs what reads files on a thread that may wait.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    use anyhow::Context as _;
    tokio::task::spawn_blocking(work).await.context("reading the home panicked")?
}

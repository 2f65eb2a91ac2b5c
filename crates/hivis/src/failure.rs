//! Errors as a person sees them: the cause chain, one a line, and a hint where we know the mend.

use std::fmt::Write as _;

use hivis_bittensor::WalletError;
use hivis_chain::ChainError;
use hivis_console::DoorError;
use hivis_engine::EngineError;
use hivis_generate::GenerateError;
use hivis_hub::HubError;
use hivis_onnx::OnnxError;
use hivis_store::StoreError;
use hivis_taostats::TaoStatsError;
use hivis_wandb::WandbError;

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
    // A context is found through the error itself, a source only by walking the chain.
    let ours = error.downcast_ref::<Hinted>().or_else(|| error.chain().find_map(|c| c.downcast_ref()));
    ours.map(|h| h.hint.clone()).or_else(|| error.chain().find_map(of_a_room))
}

/// The rooms' own hints.
fn of_a_room(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    let store = cause.downcast_ref::<StoreError>().and_then(StoreError::hint);
    let engine = || cause.downcast_ref::<EngineError>().and_then(EngineError::hint).map(str::to_owned);
    let onnx = || cause.downcast_ref::<OnnxError>().and_then(OnnxError::hint).map(str::to_owned);
    let hub = || cause.downcast_ref::<HubError>().and_then(HubError::hint);
    let wallet = || cause.downcast_ref::<WalletError>().and_then(WalletError::hint).map(str::to_owned);
    let wandb = || cause.downcast_ref::<WandbError>().and_then(WandbError::hint);
    let generate = || cause.downcast_ref::<GenerateError>().and_then(GenerateError::hint);
    let chain = || cause.downcast_ref::<ChainError>().and_then(ChainError::hint);
    let taostats = || cause.downcast_ref::<TaoStatsError>().and_then(TaoStatsError::hint);
    let door = || cause.downcast_ref::<DoorError>().and_then(DoorError::hint).map(str::to_owned);
    store
        .or_else(engine)
        .or_else(onnx)
        .or_else(hub)
        .or_else(wallet)
        .or_else(wandb)
        .or_else(chain)
        .or_else(generate)
        .or_else(taostats)
        .or_else(door)
}

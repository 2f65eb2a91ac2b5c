//! What can go wrong with the chain.

/// A read that gave nothing, or an extrinsic that did not come to pass.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The bytes are no metadata that we can read.
    #[error("the runtime's metadata cannot be read: {reason}")]
    Metadata {
        /// What the decoder said.
        reason: String,
    },
    /// The runtime has no such pallet or call.
    #[error("the runtime (spec {spec}) has no {what}; it has: {exist}")]
    NoCall {
        /// The runtime's version.
        spec: u32,
        /// What was asked for.
        what: String,
        /// What is there instead.
        exist: String,
    },
    /// The runtime wants other arguments.
    #[error("{call} of this runtime (spec {spec}) does not take these arguments: {problem}")]
    Argument {
        /// The runtime's version.
        spec: u32,
        /// Pallet and call.
        call: String,
        /// What does not fit.
        problem: String,
    },
    /// A call that burns TAO without a limit.
    #[error("`{call}` is never built: it burns TAO without a limit")]
    NeverBuilt {
        /// Its name.
        call: &'static str,
    },
    /// The runtime wants something in every extrinsic that we do not know.
    #[error(
        "the runtime (spec {spec}) wants `{name}` in every extrinsic, and this version of hivis does not know what that is"
    )]
    Extension {
        /// The runtime's version.
        spec: u32,
        /// The extension.
        name: String,
    },
    /// The bytes of an extrinsic could not be made.
    #[error("the extrinsic cannot be built: {reason}")]
    Build {
        /// What did not fit.
        reason: String,
    },
}

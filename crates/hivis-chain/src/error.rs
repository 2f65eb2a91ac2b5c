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
}

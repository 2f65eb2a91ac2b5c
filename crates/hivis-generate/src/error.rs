//! What can go wrong.

/// Why no picture was made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// Nothing is configured under that name.
    #[error("no generator is called `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
}

//! What can go wrong.

/// Why something could not be picked or judged.
#[derive(Debug, thiserror::Error)]
pub enum CurateError {
    /// A buffer is no matrix of that width.
    #[error("{values} values are no rows of {width}")]
    Shape {
        /// Values given.
        values: usize,
        /// Length of a row.
        width: usize,
    },
}

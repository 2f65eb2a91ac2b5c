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
    /// A number that is none: nothing is near to it or far from it.
    #[error("row {row} holds a number that is not finite")]
    NotFinite {
        /// The first such row, from 0.
        row: usize,
    },
    /// Lists that belong together have other lengths.
    #[error("{rows} rows and {others} values beside them do not belong together")]
    Lengths {
        /// Rows.
        rows: usize,
        /// Entries of what belongs to them.
        others: usize,
    },
}

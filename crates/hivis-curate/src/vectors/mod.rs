//! Rows of features, and what is near to what.

mod matrix;

pub use matrix::Matrix;

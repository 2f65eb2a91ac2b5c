//! The validator in the box.

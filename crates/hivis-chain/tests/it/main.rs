//! The chain's tests.

mod golden;

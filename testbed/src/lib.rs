//! What tests of several rooms stand on: golden folders and the environments of the official clients.
//!
//! Only tests depend on this crate. Its functions panic with the reason, as tests do.

pub mod golden;
pub mod peers;

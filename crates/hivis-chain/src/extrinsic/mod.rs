//! Extrinsics, offline: from names to the bytes that travel.
//!
//! A [`Call`] names a pallet, a call and its arguments; a [`Runtime`] says how they are written, and [`CallBytes`] are
//! the result. With [`Terms`] (nonce, tip, era) they become an [`Unsigned`], and with a signature an [`Extrinsic`].
//! Nothing here asks a node.

mod axon;
mod call;
mod calls;
mod commitment;
mod era;
mod extensions;
mod failure;
pub mod pow;
mod shown;
mod sign;
mod tao;

pub use axon::{Axon, IpProblem};
pub(crate) use call::blake2_256;
pub use call::{Call, CallBytes, Runtime, Value};
pub use calls::{pow_register, register_limit, serve_axon, set_commitment, withdraw_axon};
pub use commitment::{Commitment, CommitmentField, CommitmentProblem};
pub use era::Era;
pub use failure::Failure;
pub use shown::Shown;
pub use sign::{Extrinsic, Signature, Terms, Unsigned};
pub use tao::{RAO_PER_TAO, parse_tao, tao};

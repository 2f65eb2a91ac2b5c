//! The axon's side of a question, one value to the next.
//!
//! [`parse_headers`] makes a [`Claim`] (who the caller says it is), the server looks up its permit, [`verify`] makes a
//! [`Verified`] caller of it (nonce and signature), [`parse_body`] reads the synapse, and a [`Voice`] turns the answer or
//! a [`Refusal`] into a response. For `btauth/1` [`precheck`] stands before the permit, and the signature, which covers
//! the body, after the body was read.

pub(crate) use body::is_json as body_is_json;

mod body;
mod claim;
mod nonce;
mod refusal;
mod response;
mod route;
mod verify;

pub use body::{ImageSynapse, Terminal, parse_body};
pub use claim::{AxonClaim, BtauthClaim, Claim, Scheme, parse_headers};
pub use nonce::NonceBook;
pub use refusal::{Form, Refusal};
pub use response::{Moment, Voice};
pub use route::Target;
pub use verify::{Verified, precheck, verify};
#[cfg(feature = "testing")]
pub(crate) use verify::{btauth_holds, btauth_payload};

/// SHA3-256 of nothing: the body hash of every class without `required_hash_fields`, so of `ImageSynapse` and of the ping.
pub const BODY_HASH: &str = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";

/// The release that we speak like: 10.5.0.
pub const VERSION: u64 = 10_005_000;

/// The synapses of this axon, as the SDK prints them.
const ALLOWED: &str = "['Synapse', 'ImageSynapse']";

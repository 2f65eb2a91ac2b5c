//! Bittensor wire messages, signatures and wallet files.
//!
//! The model: a [`Keypair`] signs and names itself by its ss58 address ([`ss58`]); [`wallet`] reads and writes the files
//! of the official tools, and hands out a coldkey only to who asks for one by name. [`wire`] is the axon's side of a
//! question: headers become a *claim*, a claim that verifies becomes a *verified caller*, a body becomes a synapse, and
//! an answer or a [`wire::Refusal`] becomes bytes. [`dendrite`] is the asking side and makes of any reply what the
//! official dendrite would.
//!
//! This room knows nothing of roadwork, keeps no server, and reads no clock on the axon's side: the time comes in.
//!
//! ```
//! use hivis_bittensor::{Keypair, ss58};
//! let alice = Keypair::from_uri("//Alice")?;
//! let signature = alice.sign(b"hello");
//! assert!(hivis_bittensor::verify(&ss58::decode(alice.hotkey().as_str())?, b"hello", &signature));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod dendrite;
#[cfg(feature = "testing")]
pub mod golden;
pub mod ss58;
pub mod wallet;
pub mod wire;

mod error;
mod keypair;
mod number;
mod phrase;
mod scheme;
mod uuid1;

pub use error::WalletError;
pub use keypair::Keypair;
pub use scheme::{Scheme, verify};

//! From an intent to a final block, and nothing spent twice.
//!
//! An [`Intent`] knows when the chain already says what it wants. [`plan`] looks and prices, without a key;
//! [`carry_out`] signs, sends and follows. Between two tries it waits until the chain itself has made the earlier
//! extrinsic impossible (its nonce is used up in a final block, or its era is over) and looks whether the intent came
//! true meanwhile. Only final blocks count.

mod carry;
mod funds;
mod included;
mod plan;
mod pool;
mod settle;

use std::time::Duration;

pub use carry::carry_out;
pub(crate) use funds::constant;
pub use included::Included;
pub(crate) use included::hash_of;
pub use plan::{Plan, Planned, plan};
pub use pool::Rejection;

use crate::extrinsic::{CallBytes, Era, Runtime};
use crate::{At, ChainError};

/// Something that a key wants the chain to say.
pub trait Intent: Send + Sync {
    /// Who signs: the public key.
    fn signer(&self) -> [u8; 32];

    /// The call, as this runtime writes it.
    fn call(&self, runtime: &Runtime) -> Result<CallBytes, ChainError>;

    /// What the chain says, when it says so already.
    fn fulfilled(&self, at: &At) -> impl Future<Output = Result<Option<String>, ChainError>> + Send;

    /// What stands against it; or what the call itself will take from the signer, in rao, without the fee.
    fn price(&self, at: &At) -> impl Future<Output = Result<u64, ChainError>> + Send;

    /// For how many blocks an extrinsic lives.
    fn period(&self) -> u64 {
        Era::PERIOD
    }
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Without a word from the node that took the extrinsic; then the blocks are looked through.
    pub silence: Duration,
    /// Without a new final block; then it stays open what became of the extrinsic.
    pub outage: Duration,
    /// Extrinsics signed at most.
    pub tries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { silence: Duration::from_mins(2), outage: Duration::from_mins(30), tries: 4 }
    }
}

/// What happens on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another extrinsic of this key is under way; it must be over first.
    Waiting {
        /// Its nonce.
        nonce: u64,
    },
    /// Signed and sent.
    Sent {
        /// The extrinsic.
        hash: [u8; 32],
        /// Its nonce.
        nonce: u64,
        /// The last block that can hold it.
        last_block: Option<u64>,
    },
    /// The node's pool has it.
    Ready,
    /// A block has it; the block can still be replaced.
    InBlock {
        /// The block.
        hash: [u8; 32],
    },
    /// The node says no more; the blocks are looked through.
    Looking {
        /// Why.
        why: String,
    },
    /// It can never be included any more; another one is signed.
    Again {
        /// Why.
        why: String,
    },
}

/// How it ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The chain said so before anything was sent; what it says.
    Already(String),
    /// In a final block, and it worked.
    Done(Included),
}

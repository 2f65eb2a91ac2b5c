//! What a miner wants of the chain: a place on the subnet, an address, a commitment.

mod announcement;
mod committing;
mod registration;

pub use announcement::{Announced, Announcement, announced};
pub use committing::{Committing, committed};
pub use registration::{PowRegistration, Registration, Searching, Work, prove, registered};

use hivis_bittensor::ss58;

use crate::{At, ChainError, read};

/// The uid of a hotkey on a subnet; `None` when it has no place there.
pub(crate) async fn uid(at: &At, netuid: u16, hotkey: &[u8; 32]) -> Result<Option<u64>, ChainError> {
    read::number(at, "SubtensorModule", "Uids", vec![read::subnet(netuid), read::key(hotkey)]).await
}

/// The same, as an error when it has none.
pub(crate) async fn must_be_registered(at: &At, netuid: u16, hotkey: &[u8; 32]) -> Result<(), ChainError> {
    match uid(at, netuid, hotkey).await? {
        Some(_) => Ok(()),
        None => Err(ChainError::NotRegistered { hotkey: ss58::encode(hotkey), netuid }),
    }
}

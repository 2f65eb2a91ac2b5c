//! What a miner wants of the chain: a place on the subnet, an address, a commitment.

mod announcement;
mod committing;
mod registration;

pub use announcement::Announcement;
pub use committing::Committing;
pub use registration::{PowRegistration, Registration, Searching, Work, difficulty, prove, registered};

use hivis_bittensor::ss58;

use crate::account::uid;
use crate::{At, ChainError};

/// An error for a hotkey that has no place on the subnet.
pub(crate) async fn must_be_registered(at: &At, netuid: u16, hotkey: &[u8; 32]) -> Result<(), ChainError> {
    match uid(at, netuid, hotkey).await? {
        Some(_) => Ok(()),
        None => Err(ChainError::NotRegistered { hotkey: ss58::encode(hotkey), netuid }),
    }
}

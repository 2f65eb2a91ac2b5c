//! Texts that nobody can guess, and how they are kept: as SHA-256.

use sha2::{Digest as _, Sha256};

use super::Entropy;
use super::accounts::DoorError;

/// SHA-256 of a token's text.
pub type Digest = [u8; 32];

/// 256 random bits as text; the prefix lets a scanner of repositories know what it found.
pub fn make(entropy: Entropy) -> Result<String, DoorError> {
    let mut bytes = [0; 32];
    entropy(&mut bytes).map_err(DoorError::Entropy)?;
    Ok(format!("hivis_{}", hex::encode(bytes)))
}

/// How it is kept.
pub fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

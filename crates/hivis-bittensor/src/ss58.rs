//! ss58 addresses: base58 of prefix, key and checksum, as Substrate defines them.

use blake2::{Blake2b512, Digest};
use hivis_types::Hotkey;

use crate::WalletError;

/// The generic Substrate prefix; Bittensor uses it on every network.
pub const PREFIX: u8 = 42;

/// The address of a public key.
pub fn encode(public: &[u8; 32]) -> Hotkey {
    let mut bytes = [0; 35];
    bytes[0] = PREFIX;
    bytes[1..33].copy_from_slice(public);
    let sum = checksum(&bytes[..33]);
    bytes[33..].copy_from_slice(&sum);
    Hotkey::new(bs58::encode(bytes).into_string())
}

/// The public key of an address with prefix 42.
pub fn decode(address: &str) -> Result<[u8; 32], WalletError> {
    let bad = |reason| WalletError::Address { shown: address.chars().take(64).collect(), reason };
    // 35 bytes never need more than 48 characters; base58 of a long text would take quadratic time.
    if address.len() > 48 {
        return Err(bad("too long"));
    }
    let bytes = bs58::decode(address).into_vec().map_err(|_| bad("not base58"))?;
    let bytes: [u8; 35] = bytes.try_into().map_err(|_| bad("wrong length"))?;
    if bytes[0] != PREFIX {
        return Err(bad("its network prefix is not 42"));
    }
    if checksum(&bytes[..33]) != bytes[33..] {
        return Err(bad("wrong checksum"));
    }
    let mut public = [0; 32];
    public.copy_from_slice(&bytes[1..33]);
    Ok(public)
}

fn checksum(prefixed: &[u8]) -> [u8; 2] {
    let hash = Blake2b512::new().chain_update(b"SS58PRE").chain_update(prefixed).finalize();
    [hash[0], hash[1]]
}

//! Writing keys as bittensor-wallet 4.1 does: the private file, then the public one beside it.

use std::path::{Path, PathBuf};

use super::fields::Fields;
use super::read::{hotkey_with, not_the_coldkey, public_of};
use super::{PUBLIC, Password, Secret, coldkey_path, coldkeypub_path, disk, hotkey_path, nacl, public_path};
use crate::{Keypair, Scheme, WalletError};

/// How a private file is kept.
#[derive(Debug, Clone, Copy)]
pub enum Lock<'a> {
    /// As it is: what a miner's hotkey needs.
    Plain,
    /// Encrypted in the `$NACL` form: half a gibibyte and seconds of one core.
    Password {
        /// What opens it.
        password: &'a Password,
        /// 24 random bytes, never used twice.
        nonce: &'a [u8; 24],
    },
}

/// Writes `coldkey` and `coldkeypub.txt`; a public file that is there already must be of the same key.
pub fn write_coldkey(root: &Path, wallet: &str, secret: &Secret, lock: Lock<'_>) -> Result<PathBuf, WalletError> {
    let path = coldkey_path(root, wallet)?;
    if let Some(hotkey) = hotkey_with(root, wallet, &secret.keypair().public()) {
        return Err(WalletError::HotkeyAsColdkey { path, hotkey });
    }
    write_both(&path, secret, lock)?;
    Ok(path)
}

/// Writes a hotkey and its public file; a public file that is there already must be of the same key.
pub fn write_hotkey(
    root: &Path,
    wallet: &str,
    hotkey: &str,
    secret: &Secret,
    lock: Lock<'_>,
) -> Result<PathBuf, WalletError> {
    // Such a name would be taken for a public file.
    if hotkey.ends_with(PUBLIC) {
        return Err(WalletError::Name { name: hotkey.to_owned() });
    }
    let path = hotkey_path(root, wallet, hotkey)?;
    not_the_coldkey(root, wallet, secret.keypair(), &path)?;
    write_both(&path, secret, lock)?;
    Ok(path)
}

/// Writes `coldkeypub.txt` alone, all that a serving machine needs of a coldkey.
pub fn write_coldkeypub(root: &Path, wallet: &str, public: &[u8; 32], scheme: Scheme) -> Result<PathBuf, WalletError> {
    let path = coldkeypub_path(root, wallet)?;
    disk::write_new(&path, &Fields::public_only(public, scheme).to_bytes())?;
    Ok(path)
}

/// Makes a new sr25519 hotkey of 12 words from `entropy` and writes it unencrypted, as `btcli wallet new-hotkey` does;
/// refuses to overwrite a file.
pub fn create_hotkey(root: &Path, wallet: &str, hotkey: &str, entropy: &[u8; 16]) -> Result<Keypair, WalletError> {
    let secret = Secret::generate(Scheme::Sr25519, entropy)?;
    write_hotkey(root, wallet, hotkey, &secret, Lock::Plain)?;
    Ok(secret.keypair().clone())
}

fn write_both(path: &Path, secret: &Secret, lock: Lock<'_>) -> Result<(), WalletError> {
    let keypair = secret.keypair();
    let public = public_path(path);
    // Both are looked at before either is written, and before seconds go into the encryption.
    disk::absent(path)?;
    let kept = public.symlink_metadata().is_ok();
    if kept && public_of(&public)?.is_some_and(|named| named != keypair.public()) {
        return Err(WalletError::OtherKey { path: path.to_owned(), public });
    }
    let json = Fields::private(secret).to_bytes();
    match lock {
        Lock::Plain => disk::write_new(path, &json)?,
        Lock::Password { password, nonce } => {
            let sealed = nacl::seal(&json, password.as_bytes(), nonce).map_err(|shut| shut.at(path))?;
            disk::write_new(path, &sealed)?;
        }
    }
    if kept {
        return Ok(());
    }
    disk::write_new(&public, &Fields::public_only(&keypair.public(), keypair.scheme()).to_bytes())
}

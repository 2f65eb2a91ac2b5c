//! Wallet files as the official tools write them, read and written: a folder a wallet, with `coldkey`, `coldkeypub.txt`,
//! `hotkeys/<hotkey>` and `hotkeys/<hotkey>pub.txt`.
//!
//! A hotkey signs what the miner answers; a coldkey holds the money. So a [`Coldkey`] is a type of its own: no function
//! that reads hotkeys gives one out, and a file that lies in the other's place is refused. Encrypted files are opened
//! with a password of a [`Passwords`], asked for only when there is one to open.

use std::path::{Path, PathBuf};

use crate::WalletError;

mod ansible;
mod disk;
mod fields;
mod form;
mod nacl;
mod password;
mod read;
mod scan;
mod secret;
mod write;

pub use form::Form;
pub use password::{Password, Passwords, from_variable, variable};
pub use read::{Coldkey, coldkeypub, hotkey, open_coldkey, open_hotkey};
pub use scan::{Kept, KeyFile, Listed, coldkeys, scan};
pub use secret::Secret;
pub use write::{Lock, create_hotkey, write_coldkey, write_coldkeypub, write_hotkey};

/// What the names of public files end in.
const PUBLIC: &str = "pub.txt";

/// `~/.bittensor/wallets`, where the official tools keep wallets.
pub fn default_root() -> PathBuf {
    std::env::home_dir().unwrap_or_default().join(".bittensor").join("wallets")
}

/// Where a hotkey's file lies.
pub fn hotkey_path(root: &Path, wallet: &str, hotkey: &str) -> Result<PathBuf, WalletError> {
    Ok(root.join(checked(wallet)?).join("hotkeys").join(checked(hotkey)?))
}

/// Where a wallet's coldkey lies.
pub fn coldkey_path(root: &Path, wallet: &str) -> Result<PathBuf, WalletError> {
    Ok(root.join(checked(wallet)?).join("coldkey"))
}

/// Where a coldkey's public half lies.
pub fn coldkeypub_path(root: &Path, wallet: &str) -> Result<PathBuf, WalletError> {
    Ok(root.join(checked(wallet)?).join("coldkeypub.txt"))
}

/// The public file that belongs to a private one: `coldkeypub.txt`, `hotkeys/minerpub.txt`.
fn public_path(private: &Path) -> PathBuf {
    let mut name = private.file_name().unwrap_or_default().to_owned();
    name.push(PUBLIC);
    private.with_file_name(name)
}

/// A name becomes a folder or a file: nothing that climbs out, and nothing hidden.
fn checked(name: &str) -> Result<&str, WalletError> {
    let fit = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
    if fit { Ok(name) } else { Err(WalletError::Name { name: name.to_owned() }) }
}

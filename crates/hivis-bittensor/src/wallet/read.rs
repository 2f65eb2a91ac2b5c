//! Reading keys, each by its own name.

use std::path::Path;

use hivis_types::Hotkey;

use super::fields::Fields;
use super::form::{self, Form};
use super::{PUBLIC, Passwords, checked, coldkey_path, coldkeypub_path, disk, hotkey_path, public_path};
use crate::{Keypair, Scheme, WalletError, ss58};

/// The key that holds the money. It is no [`Keypair`], so that nothing signs with it by mistake.
#[derive(Debug, Clone)]
pub struct Coldkey(Keypair);

impl Coldkey {
    /// Its keypair, for the one thing that it was asked for.
    pub fn keypair(&self) -> &Keypair {
        &self.0
    }
}

/// Reads the hotkey that a miner serves with: sr25519 and not encrypted. The secret is the first present of
/// `secretPhrase`, `secretSeed`, `privateKey`; it must be the secret of the public key that the file names, and must not
/// be the wallet's coldkey.
pub fn hotkey(root: &Path, wallet: &str, hotkey: &str) -> Result<Keypair, WalletError> {
    let path = hotkey_path(root, wallet, hotkey)?;
    let content = disk::read(&path)?;
    match Form::of(&content) {
        Form::Plain => {}
        Form::Fernet => return Err(WalletError::Fernet { path }),
        form => return Err(WalletError::Encrypted { path, form: form.as_str() }),
    }
    let fields = Fields::parse(&content, &path)?;
    if fields.scheme(&path)? == Scheme::Ed25519 {
        return Err(WalletError::Ed25519 { path });
    }
    let keypair = fields.secret(&path)?.keypair().clone();
    not_the_coldkey(root, wallet, &keypair, &path)?;
    Ok(keypair)
}

/// Reads a hotkey of any form and scheme, to sign with by hand.
pub fn open_hotkey(root: &Path, wallet: &str, hotkey: &str, passwords: &dyn Passwords) -> Result<Keypair, WalletError> {
    let path = hotkey_path(root, wallet, hotkey)?;
    let keypair = open(&path, passwords)?;
    not_the_coldkey(root, wallet, &keypair, &path)?;
    Ok(keypair)
}

/// Opens the coldkey. It must be that of `coldkeypub.txt`, where there is one.
pub fn open_coldkey(root: &Path, wallet: &str, passwords: &dyn Passwords) -> Result<Coldkey, WalletError> {
    let path = coldkey_path(root, wallet)?;
    let keypair = open(&path, passwords)?;
    let public = coldkeypub_path(root, wallet)?;
    if public.exists() && public_of(&public)?.is_some_and(|named| named != keypair.public()) {
        return Err(match hotkey_with(root, wallet, &keypair.public()) {
            Some(hotkey) => WalletError::HotkeyAsColdkey { path, hotkey },
            None => WalletError::OtherKey { path, public },
        });
    }
    Ok(Coldkey(keypair))
}

/// Reads the address in `coldkeypub.txt`.
pub fn coldkeypub(root: &Path, wallet: &str) -> Result<Hotkey, WalletError> {
    let path = coldkeypub_path(root, wallet)?;
    match public_of(&path)? {
        Some(key) => Ok(ss58::encode(&key)),
        None => Err(WalletError::Field { path, what: "no accountId, publicKey or ss58Address" }),
    }
}

fn open(path: &Path, passwords: &dyn Passwords) -> Result<Keypair, WalletError> {
    let content = disk::read(path)?;
    let json = match Form::of(&content) {
        Form::Plain => content,
        // Nobody is asked for a password that opens nothing.
        Form::Fernet => return Err(WalletError::Fernet { path: path.to_owned() }),
        Form::Nacl | Form::Ansible => form::open(&content, &passwords.password(path)?, path)?,
    };
    Ok(Fields::parse(&json, path)?.secret(path)?.keypair().clone())
}

/// The public key that a file names without being decrypted; a plain private file names one too.
pub(super) fn public_of(path: &Path) -> Result<Option<[u8; 32]>, WalletError> {
    let content = disk::read(path)?;
    match Form::of(&content) {
        Form::Plain => Fields::parse(&content, path)?.public(path),
        form => Err(WalletError::Encrypted { path: path.to_owned(), form: form.as_str() }),
    }
}

/// A public file that cannot be read says nothing against the hotkey; `wallet list` says what is wrong with it.
pub(super) fn not_the_coldkey(root: &Path, wallet: &str, key: &Keypair, path: &Path) -> Result<(), WalletError> {
    let cold = coldkeypub_path(root, wallet)?;
    if public_of(&cold).ok().flatten() == Some(key.public()) {
        return Err(WalletError::ColdkeyAsHotkey { path: path.to_owned() });
    }
    Ok(())
}

/// The wallet's hotkey with that public key, as far as that can be seen without a password.
pub(super) fn hotkey_with(root: &Path, wallet: &str, public: &[u8; 32]) -> Option<String> {
    let folder = root.join(checked(wallet).ok()?).join("hotkeys");
    let names = fs_err::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let hotkeys = names.filter(|name| !name.ends_with(PUBLIC)).filter_map(|name| {
        let path = hotkey_path(root, wallet, &name).ok()?;
        let known = public_of(&path).or_else(|_| public_of(&public_path(&path))).ok()??;
        (known == *public).then_some(name)
    });
    hotkeys.min()
}

//! `$NACL` files: XSalsa20-Poly1305 under a key that Argon2i makes of the password, libsodium's "sensitive" setting.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use crypto_secretbox::aead::{Aead as _, KeyInit as _};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use zeroize::{Zeroize as _, Zeroizing};

use super::form::Shut;

pub(super) const MARK: &[u8] = b"$NACL";
/// One salt for all files, in every official tool.
const SALT: [u8; 16] = [0x13, 0x71, 0x83, 0xdf, 0xf1, 0x5a, 0x09, 0xbc, 0x9c, 0x90, 0xb5, 0x51, 0x87, 0x39, 0xe9, 0xb1];
const MEMORY_KIB: u32 = 512 << 10;
const PASSES: u32 = 8;
const NONCE: usize = 24;
const TAG: usize = 16;
/// A file that holds any secret is longer: its name and 32 bytes of hex.
const SHORTEST_JSON: usize = 64;

/// The JSON inside. A changed file and a wrong password look the same; one that is too short does not.
pub(super) fn open(content: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Shut> {
    let sealed = content.strip_prefix(MARK).ok_or(Shut::Damaged("it does not begin with $NACL"))?;
    if sealed.len() < NONCE + TAG + SHORTEST_JSON {
        return Err(Shut::Damaged("it is cut short: there is no room for a key"));
    }
    let (nonce, sealed) = sealed.split_at(NONCE);
    let opened = cipher(password)?.decrypt(Nonce::from_slice(nonce), sealed);
    opened.map(Zeroizing::new).map_err(|_| Shut::WrongPassword)
}

/// The file's content. A nonce must never be used twice with one password.
pub(super) fn seal(json: &[u8], password: &[u8], nonce: &[u8; NONCE]) -> Result<Vec<u8>, Shut> {
    let sealed = cipher(password)?.encrypt(Nonce::from_slice(nonce), json);
    let sealed = sealed.map_err(|_| Shut::Damaged("it is too long to be encrypted"))?;
    Ok([MARK, nonce, &sealed].concat())
}

fn cipher(password: &[u8]) -> Result<XSalsa20Poly1305, Shut> {
    let memory = || Shut::Memory { mebibytes: (MEMORY_KIB >> 10) as usize };
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).expect("libsodium's setting is valid: this is a bug");
    let mut blocks = Vec::new();
    // Asked for before it is written, so that too little memory is an error and not an abort.
    blocks.try_reserve_exact(params.block_count()).map_err(|_| memory())?;
    blocks.resize(params.block_count(), Block::default());
    let mut key = Zeroizing::new([0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2i, Version::V0x13, params);
    let hashed = argon2.hash_password_into_with_memory(password, &SALT, key.as_mut(), &mut blocks);
    blocks.iter_mut().for_each(Block::zeroize);
    // Only a password of more than 4 GiB is refused.
    hashed.map_err(|_| Shut::WrongPassword)?;
    Ok(XSalsa20Poly1305::new(Key::from_slice(key.as_ref())))
}

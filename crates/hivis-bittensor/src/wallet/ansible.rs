//! `$ANSIBLE_VAULT` files: PBKDF2-SHA256, HMAC-SHA256 over AES-256-CTR, hex of three hex lines.

use aes::Aes256;
use aes::cipher::{KeyIvInit as _, StreamCipher as _};
use ctr::Ctr128BE;
use hmac::{Hmac, Mac as _};
use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::form::Shut;

pub(super) const MARK: &[u8] = b"$ANSIBLE_VAULT";
const ROUNDS: u32 = 10_000;
const BLOCK: usize = 16;

/// The JSON inside. Here a damaged file is told from a wrong password wherever its form shows it.
pub(super) fn open(content: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Shut> {
    let (salt, tag, mut text) = parts(content)?;
    if text.is_empty() || text.len() % BLOCK != 0 || tag.len() != 32 || salt.is_empty() {
        return Err(Shut::Damaged("it is cut short"));
    }
    let mut keys = Zeroizing::new([0; 80]);
    pbkdf2_hmac::<Sha256>(password, &salt, ROUNDS, keys.as_mut());
    let (cipher, rest) = keys.split_at(32);
    let (mac, iv) = rest.split_at(32);
    let mut judge = <Hmac<Sha256> as hmac::Mac>::new_from_slice(mac).expect("an HMAC takes any key: this is a bug");
    judge.update(&text);
    judge.verify_slice(&tag).map_err(|_| Shut::WrongPassword)?;
    let mut stream = Ctr128BE::<Aes256>::new_from_slices(cipher, iv).expect("32 and 16 bytes: this is a bug");
    stream.apply_keystream(&mut text);
    // PKCS #7: the last byte says how many were added.
    let padding = text.last().map_or(0, |&last| usize::from(last));
    if padding == 0 || padding > BLOCK {
        return Err(Shut::Damaged("its padding is wrong"));
    }
    let length = text.len() - padding;
    text.truncate(length);
    Ok(text)
}

type Parts = (Vec<u8>, Vec<u8>, Zeroizing<Vec<u8>>);

/// Salt, tag and encrypted text.
fn parts(content: &[u8]) -> Result<Parts, Shut> {
    let text = std::str::from_utf8(content).map_err(|_| Shut::Damaged("it is no text"))?;
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(';').collect();
    if !matches!(head.get(1..3), Some(["1.1" | "1.2", "AES256"])) {
        return Err(Shut::Damaged("only version 1.1 with AES256 is known"));
    }
    let digits: String = lines.map(str::trim).collect();
    let inner = hex::decode(digits).map_err(|_| Shut::Damaged("it is cut short, or no hex"))?;
    let mut inner = inner.split(|&byte| byte == b'\n').map(hex::decode);
    let mut next = || match inner.next() {
        Some(Ok(bytes)) => Ok(bytes),
        _ => Err(Shut::Damaged("it is cut short, or no hex")),
    };
    Ok((next()?, next()?, Zeroizing::new(next()?)))
}

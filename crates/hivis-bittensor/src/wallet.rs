//! Wallet files as the official tools write them: `<root>/<wallet>/hotkeys/<hotkey>` and `coldkeypub.txt`.

use std::io::Write;
use std::path::{Path, PathBuf};

use bip39::Mnemonic;
use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use hivis_types::Hotkey;
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::keypair::phrase_to_seed;
use crate::{Keypair, WalletError, ss58};

/// `cryptoType` of sr25519; a file from before version 4.1 has none and means this.
const SR25519: u64 = 1;

/// `~/.bittensor/wallets`, where the official tools keep wallets.
pub fn default_root() -> PathBuf {
    std::env::home_dir().unwrap_or_default().join(".bittensor").join("wallets")
}

/// Where a hotkey's file lies.
pub fn hotkey_path(root: &Path, wallet: &str, hotkey: &str) -> Result<PathBuf, WalletError> {
    Ok(root.join(checked(wallet)?).join("hotkeys").join(checked(hotkey)?))
}

/// Reads a hotkey that can sign. The secret is the first present of `secretPhrase`, `secretSeed`, `privateKey`; it must
/// be the secret of the public key that the file names.
pub fn hotkey(root: &Path, wallet: &str, hotkey: &str) -> Result<Keypair, WalletError> {
    let path = hotkey_path(root, wallet, hotkey)?;
    let fields = read(&path)?;
    let keypair = secret(&fields, &path)?;
    match public(&fields, &path)? {
        Some(named) if named != keypair.public() => {
            Err(WalletError::Field { path, what: "the secret does not belong to the public key in the file" })
        }
        _ => Ok(keypair),
    }
}

/// Reads the address in `coldkeypub.txt`.
pub fn coldkeypub(root: &Path, wallet: &str) -> Result<Hotkey, WalletError> {
    let path = root.join(checked(wallet)?).join("coldkeypub.txt");
    let fields = read(&path)?;
    match public(&fields, &path)? {
        Some(key) => Ok(ss58::encode(&key)),
        None => Err(WalletError::Field { path, what: "no accountId, publicKey or ss58Address" }),
    }
}

/// Makes a new hotkey of 12 words from `entropy` and writes it unencrypted (mode 0600), as `btcli wallet new-hotkey`
/// does; refuses to overwrite a file.
pub fn create_hotkey(root: &Path, wallet: &str, hotkey: &str, entropy: &[u8; 16]) -> Result<Keypair, WalletError> {
    let path = hotkey_path(root, wallet, hotkey)?;
    let words = Mnemonic::from_entropy(entropy).map_err(WalletError::Phrase)?;
    let phrase = Zeroizing::new(words.to_string());
    let seed = phrase_to_seed(&phrase)?;
    let keypair = Keypair::from_mini_secret(&seed);
    let public = format!("0x{}", hex::encode(keypair.public()));
    let text = Zeroizing::new(
        serde_json::json!({
            "accountId": public,
            "publicKey": public,
            "privateKey": format!("0x{}", hex::encode(keypair.private_key().as_ref())),
            "secretPhrase": phrase.as_str(),
            "secretSeed": format!("0x{}", hex::encode(seed.as_ref())),
            "ss58Address": keypair.hotkey().as_str(),
            "cryptoType": SR25519,
        })
        .to_string(),
    );
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(WalletError::File)?;
    }
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(WalletError::File)?;
    file.write_all(text.as_bytes()).map_err(WalletError::File)?;
    Ok(keypair)
}

/// A name becomes a folder or a file: nothing that climbs out, and nothing hidden.
fn checked(name: &str) -> Result<&str, WalletError> {
    let fit = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
    if fit { Ok(name) } else { Err(WalletError::Name { name: name.to_owned() }) }
}

/// A wallet file's fields; the texts are wiped when they are dropped.
struct Fields(Map<String, Value>);

impl Drop for Fields {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

fn read(path: &Path) -> Result<Fields, WalletError> {
    let bytes = Zeroizing::new(fs::read(path).map_err(WalletError::File)?);
    if let Some(form) = encryption(&bytes) {
        return Err(WalletError::Encrypted { path: path.to_owned(), form });
    }
    serde_json::from_slice(&bytes).map(Fields).map_err(|source| WalletError::NotJson { path: path.to_owned(), source })
}

/// The forms of encryption that wallet files were ever written in.
fn encryption(bytes: &[u8]) -> Option<&'static str> {
    let forms: [(&[u8], &str); 3] = [
        (b"$NACL", "NaCl secretbox, the current form"),
        (b"$ANSIBLE_VAULT", "Ansible Vault, an old form"),
        (b"gAAAAA", "Fernet, the oldest form, which the official tools cannot read any more either"),
    ];
    forms.into_iter().find(|(mark, _)| bytes.starts_with(mark)).map(|(_, form)| form)
}

fn secret(fields: &Fields, path: &Path) -> Result<Keypair, WalletError> {
    let bad = |what| WalletError::Field { path: path.to_owned(), what };
    if fields.0.get("cryptoType").is_some_and(|kind| kind.as_u64() != Some(SR25519)) {
        return Err(match fields.0["cryptoType"].as_u64() {
            Some(0) => WalletError::Ed25519 { path: path.to_owned() },
            _ => bad("cryptoType is neither 1 (sr25519) nor 0 (ed25519)"),
        });
    }
    if let Some(phrase) = text(fields, "secretPhrase") {
        return Keypair::from_phrase(phrase);
    }
    if let Some(seed) = text(fields, "secretSeed") {
        let seed = Zeroizing::new(bytes::<32>(seed).ok_or_else(|| bad("secretSeed is not 32 bytes of hex"))?);
        return Ok(Keypair::from_mini_secret(&seed));
    }
    if let Some(key) = text(fields, "privateKey") {
        let key = Zeroizing::new(bytes::<64>(key).ok_or_else(|| bad("privateKey is not 64 bytes of hex"))?);
        return Keypair::from_private_key(&key).ok_or_else(|| bad("privateKey is no sr25519 secret"));
    }
    Err(bad("no secretPhrase, secretSeed or privateKey: this file is public only and cannot sign"))
}

fn public(fields: &Fields, path: &Path) -> Result<Option<[u8; 32]>, WalletError> {
    let bad = |what| WalletError::Field { path: path.to_owned(), what };
    if let Some(key) = text(fields, "accountId").or_else(|| text(fields, "publicKey")) {
        return bytes::<32>(key).map(Some).ok_or_else(|| bad("accountId or publicKey is not 32 bytes of hex"));
    }
    text(fields, "ss58Address").map(ss58::decode).transpose()
}

fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
    Some(bytes)
}

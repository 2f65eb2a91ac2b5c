//! sr25519 keys: signing, verifying, and the well-known development keys.

use std::sync::LazyLock;

use bip39::Mnemonic;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use hivis_types::Hotkey;
use pbkdf2::pbkdf2_hmac;
use schnorrkel::derive::ChainCode;
use schnorrkel::{ExpansionMode, MiniSecretKey, PublicKey, SecretKey, Signature, signing_context};
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::{WalletError, ss58};

/// Substrate's signing context.
const CONTEXT: &[u8] = b"substrate";
/// The public development phrase of Substrate; worth nothing anywhere.
const DEV_PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

/// Its mini secret, kept: deriving it takes tens of milliseconds in a debug build, and nothing about it is secret.
static DEV_SEED: LazyLock<MiniSecretKey> =
    LazyLock::new(|| phrase_to_mini(DEV_PHRASE).expect("the development phrase is a mnemonic: this is a bug"));

/// An sr25519 key that can sign. `Debug` shows its address only; the secret is wiped when it is dropped.
#[derive(Clone)]
pub struct Keypair {
    inner: schnorrkel::Keypair,
    hotkey: Hotkey,
}

impl Keypair {
    /// A development key: `//Alice`, `//Bob//stash` (hard derivations of the well-known phrase; anyone knows them).
    pub fn from_uri(uri: &str) -> Result<Self, WalletError> {
        let bad = || WalletError::Uri { shown: uri.chars().take(64).collect() };
        let path = uri.strip_prefix("//").ok_or_else(bad)?;
        let mut mini = DEV_SEED.clone();
        for junction in path.split("//") {
            if junction.is_empty() || junction.contains('/') {
                return Err(bad());
            }
            let (derived, _) = mini
                .expand(ExpansionMode::Ed25519)
                .hard_derive_mini_secret_key(Some(ChainCode(chain_code(junction))), b"");
            mini = derived;
        }
        Ok(Self::new(mini.expand_to_keypair(ExpansionMode::Ed25519)))
    }

    /// From a BIP-39 phrase, by Substrate's rule (PBKDF2 over the entropy of the words, not BIP-39's own seed).
    pub fn from_phrase(phrase: &str) -> Result<Self, WalletError> {
        Ok(Self::new(phrase_to_mini(phrase)?.expand_to_keypair(ExpansionMode::Ed25519)))
    }

    /// From a 32-byte mini secret (the wallet's `secretSeed`).
    pub fn from_mini_secret(seed: &[u8; 32]) -> Self {
        let mini = MiniSecretKey::from_bytes(seed).expect("any 32 bytes are a mini secret: this is a bug");
        Self::new(mini.expand_to_keypair(ExpansionMode::Ed25519))
    }

    /// From schnorrkel's own 64-byte form (the wallet's `privateKey`); `None` when the scalar is not canonical.
    pub fn from_private_key(bytes: &[u8; 64]) -> Option<Self> {
        Some(Self::new(SecretKey::from_bytes(bytes).ok()?.to_keypair()))
    }

    fn new(inner: schnorrkel::Keypair) -> Self {
        let hotkey = ss58::encode(&inner.public.to_bytes());
        Self { inner, hotkey }
    }

    /// Its ss58 address.
    pub fn hotkey(&self) -> Hotkey {
        self.hotkey.clone()
    }

    /// Its public key.
    pub fn public(&self) -> [u8; 32] {
        self.inner.public.to_bytes()
    }

    /// The 64-byte secret in schnorrkel's form, for wallet files.
    pub(crate) fn private_key(&self) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.inner.secret.to_bytes())
    }

    /// Signs. Two signatures of one message differ: sr25519 adds randomness of the operating system.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.inner.sign_simple(CONTEXT, message).to_bytes()
    }
}

impl std::fmt::Debug for Keypair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keypair({})", self.hotkey)
    }
}

/// Whether `signature` is an sr25519 signature of `message` by `public`.
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let (Ok(key), Ok(signature)) = (PublicKey::from_bytes(public), Signature::from_bytes(signature)) else {
        return false;
    };
    key.verify(signing_context(CONTEXT).bytes(message), &signature).is_ok()
}

/// Substrate's rule: `PBKDF2-HMAC-SHA512(entropy, "mnemonic", 2048)`, first 32 bytes.
pub(crate) fn phrase_to_seed(phrase: &str) -> Result<Zeroizing<[u8; 32]>, WalletError> {
    let words = Mnemonic::parse_normalized(phrase.trim()).map_err(WalletError::Phrase)?;
    let entropy = Zeroizing::new(words.to_entropy());
    let mut seed = Zeroizing::new([0; 32]);
    pbkdf2_hmac::<Sha512>(&entropy, b"mnemonic", 2048, seed.as_mut());
    Ok(seed)
}

fn phrase_to_mini(phrase: &str) -> Result<MiniSecretKey, WalletError> {
    let seed = phrase_to_seed(phrase)?;
    Ok(MiniSecretKey::from_bytes(seed.as_ref()).expect("any 32 bytes are a mini secret: this is a bug"))
}

/// A junction's chain code: its SCALE encoding (a number as u64, else a text), hashed when longer than 32 bytes.
fn chain_code(junction: &str) -> [u8; 32] {
    let encoded = junction.parse::<u64>().map_or_else(
        |_| {
            let mut text = compact_length(junction.len());
            text.extend_from_slice(junction.as_bytes());
            text
        },
        |number| number.to_le_bytes().to_vec(),
    );
    let mut code = [0; 32];
    if encoded.len() > code.len() {
        code.copy_from_slice(&Blake2b::<U32>::digest(&encoded));
    } else {
        code[..encoded.len()].copy_from_slice(&encoded);
    }
    code
}

/// SCALE's compact length of a text; a junction beyond 16 kB is cut to the two-byte form's range by its hash anyway.
fn compact_length(length: usize) -> Vec<u8> {
    if length < 64 { vec![(length as u8) << 2] } else { (((length as u16) << 2) | 1).to_le_bytes().to_vec() }
}

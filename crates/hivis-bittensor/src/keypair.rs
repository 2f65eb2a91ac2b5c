//! Keys that sign: sr25519 and ed25519, and the well-known development keys.

use std::sync::LazyLock;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use ed25519_dalek::{Signer as _, SigningKey};
use hivis_types::Hotkey;
use schnorrkel::derive::ChainCode;
use schnorrkel::{ExpansionMode, MiniSecretKey, SecretKey};
use zeroize::Zeroizing;

use crate::scheme::CONTEXT;
use crate::{Scheme, WalletError, phrase, ss58};

/// The public development phrase of Substrate; worth nothing anywhere.
const DEV_PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

/// Its mini secret, kept: deriving it takes tens of milliseconds in a debug build, and nothing about it is secret.
static DEV_SEED: LazyLock<MiniSecretKey> = LazyLock::new(|| {
    let seed = phrase::seed(DEV_PHRASE).expect("the development phrase is a mnemonic: this is a bug");
    mini(&seed)
});

/// A key that can sign. `Debug` shows its address only; the secret is wiped when it is dropped.
#[derive(Clone)]
pub struct Keypair {
    inner: Inner,
    hotkey: Hotkey,
}

#[derive(Clone)]
enum Inner {
    Sr25519(schnorrkel::Keypair),
    Ed25519(SigningKey),
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
        Ok(Self::new(Inner::Sr25519(mini.expand_to_keypair(ExpansionMode::Ed25519))))
    }

    /// An sr25519 key of a BIP-39 phrase, by Substrate's rule (PBKDF2 over the entropy of the words, not BIP-39's own
    /// seed).
    pub fn from_phrase(phrase: &str) -> Result<Self, WalletError> {
        Ok(Self::from_seed(Scheme::Sr25519, &*phrase::seed(phrase)?))
    }

    /// An sr25519 key of a 32-byte mini secret (the wallet's `secretSeed`).
    pub fn from_mini_secret(seed: &[u8; 32]) -> Self {
        Self::from_seed(Scheme::Sr25519, seed)
    }

    /// A key of a 32-byte seed (the wallet's `secretSeed`).
    pub fn from_seed(scheme: Scheme, seed: &[u8; 32]) -> Self {
        Self::new(match scheme {
            Scheme::Sr25519 => Inner::Sr25519(mini(seed).expand_to_keypair(ExpansionMode::Ed25519)),
            Scheme::Ed25519 => Inner::Ed25519(SigningKey::from_bytes(seed)),
        })
    }

    /// An sr25519 key of schnorrkel's own 64-byte form (the wallet's `privateKey`); `None` when the scalar is not
    /// canonical.
    pub fn from_private_key(bytes: &[u8; 64]) -> Option<Self> {
        Some(Self::new(Inner::Sr25519(SecretKey::from_bytes(bytes).ok()?.to_keypair())))
    }

    fn new(inner: Inner) -> Self {
        let hotkey = ss58::encode(&public(&inner));
        Self { inner, hotkey }
    }

    /// Its ss58 address.
    pub fn hotkey(&self) -> Hotkey {
        self.hotkey.clone()
    }

    /// Its public key.
    pub fn public(&self) -> [u8; 32] {
        public(&self.inner)
    }

    /// How it signs.
    pub fn scheme(&self) -> Scheme {
        match self.inner {
            Inner::Sr25519(_) => Scheme::Sr25519,
            Inner::Ed25519(_) => Scheme::Ed25519,
        }
    }

    /// The secret as wallet files have it in `privateKey`: schnorrkel's 64 bytes, or ed25519's seed of 32.
    pub(crate) fn private_key(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match &self.inner {
            Inner::Sr25519(key) => Zeroizing::new(key.secret.to_bytes()).to_vec(),
            Inner::Ed25519(key) => key.as_bytes().to_vec(),
        })
    }

    /// Signs. Two sr25519 signatures of one message differ: the scheme adds randomness of the operating system.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        match &self.inner {
            Inner::Sr25519(key) => key.sign_simple(CONTEXT, message).to_bytes(),
            Inner::Ed25519(key) => key.sign(message).to_bytes(),
        }
    }
}

impl std::fmt::Debug for Keypair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keypair({})", self.hotkey)
    }
}

fn public(inner: &Inner) -> [u8; 32] {
    match inner {
        Inner::Sr25519(key) => key.public.to_bytes(),
        Inner::Ed25519(key) => key.verifying_key().to_bytes(),
    }
}

fn mini(seed: &[u8; 32]) -> MiniSecretKey {
    MiniSecretKey::from_bytes(seed).expect("any 32 bytes are a mini secret: this is a bug")
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

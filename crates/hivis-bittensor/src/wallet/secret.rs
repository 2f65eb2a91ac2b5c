//! What a private file holds: the secret of a key, in the form that it was made from.

use zeroize::{Zeroize, Zeroizing};

use crate::{Keypair, Scheme, WalletError, phrase};

/// A key with the words or the seed that it came from; everything is wiped when dropped, and `Debug` shows the address.
///
/// The official files hold the words too, so that any tool can show them again; ours do the same.
pub struct Secret {
    phrase: Option<Zeroizing<String>>,
    seed: Option<Zeroizing<[u8; 32]>>,
    keypair: Keypair,
}

impl Secret {
    /// A new key of 16, 20, 24, 28 or 32 random bytes: 12, 15, 18, 21 or 24 words.
    pub fn generate(scheme: Scheme, entropy: &[u8]) -> Result<Self, WalletError> {
        Self::from_phrase(scheme, &phrase::of_entropy(entropy)?)
    }

    /// Of English BIP-39 words.
    pub fn from_phrase(scheme: Scheme, words: &str) -> Result<Self, WalletError> {
        let words = phrase::tidy(words)?;
        let seed = phrase::seed(&words)?;
        Ok(Self { phrase: Some(words), keypair: Keypair::from_seed(scheme, &seed), seed: Some(seed) })
    }

    /// Of the 32 bytes of `secretSeed`.
    pub fn from_seed(scheme: Scheme, seed: &[u8; 32]) -> Self {
        Self { phrase: None, seed: Some(Zeroizing::new(*seed)), keypair: Keypair::from_seed(scheme, seed) }
    }

    /// Of `privateKey`: schnorrkel's 64 bytes; 32 bytes are a seed in either scheme.
    pub fn from_private_key(scheme: Scheme, bytes: &[u8]) -> Result<Self, WalletError> {
        let long = (scheme, <&[u8; 64]>::try_from(bytes));
        match (<&[u8; 32]>::try_from(bytes), long) {
            (Ok(seed), _) => Ok(Self::from_seed(scheme, seed)),
            (_, (Scheme::Sr25519, Ok(long))) => {
                let keypair = Keypair::from_private_key(long);
                let keypair = keypair.ok_or(WalletError::Secret { what: "its scalar is not canonical" })?;
                Ok(Self { phrase: None, seed: None, keypair })
            }
            (_, (Scheme::Sr25519, _)) => Err(WalletError::Secret { what: "a private key has 64 bytes" }),
            (_, (Scheme::Ed25519, _)) => Err(WalletError::Secret { what: "a private key of ed25519 has 32 bytes" }),
        }
    }

    /// Of what a person gives: words, or 64 or 128 hex digits (a seed, a private key).
    pub fn from_text(scheme: Scheme, text: &str) -> Result<Self, WalletError> {
        let text = text.trim();
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if text.is_empty() {
            return Err(WalletError::Secret { what: "it is empty" });
        }
        if text.contains(char::is_whitespace) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Self::from_phrase(scheme, text);
        }
        let mut bytes = Zeroizing::new(vec![0; digits.len() / 2]);
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| WalletError::Secret { what: "a hex digit is missing" })?;
        Self::from_private_key(scheme, &bytes)
    }

    /// The key.
    pub fn keypair(&self) -> &Keypair {
        &self.keypair
    }

    /// The words, when it was made from words: to be shown to their owner, once.
    pub fn phrase(&self) -> Option<&str> {
        self.phrase.as_ref().map(|words| words.as_str())
    }

    pub(super) fn seed(&self) -> Option<&[u8; 32]> {
        self.seed.as_deref()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({})", self.keypair.hotkey())
    }
}

/// `0x` and hex, in a text that never grew: growing would leave copies behind.
pub(super) fn hex_text(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 + 2 * bytes.len()];
    digits[..2].copy_from_slice(b"0x");
    hex::encode_to_slice(bytes, &mut digits[2..]).expect("the buffer has the right length: this is a bug");
    String::from_utf8(digits).expect("hex digits are text: this is a bug")
}

/// Exactly `N` bytes of hex, with or without `0x`.
pub(super) fn bytes<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    let decoded = hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), bytes.as_mut());
    if decoded.is_err() {
        bytes.zeroize();
        return None;
    }
    Some(bytes)
}

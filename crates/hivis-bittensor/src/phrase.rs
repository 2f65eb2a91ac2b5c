//! Secret phrases: BIP-39 words, with Substrate's own way from the words to a seed.

use bip39::Mnemonic;
use pbkdf2::pbkdf2_hmac;
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::WalletError;

/// Words apart by single spaces, in lower case, their checksum good.
pub(crate) fn tidy(phrase: &str) -> Result<Zeroizing<String>, WalletError> {
    let lower = Zeroizing::new(phrase.to_lowercase());
    Ok(Zeroizing::new(Mnemonic::parse_normalized(lower.trim()).map_err(WalletError::Phrase)?.to_string()))
}

/// The words of 16, 20, 24, 28 or 32 bytes: 12, 15, 18, 21 or 24 of them.
pub(crate) fn of_entropy(entropy: &[u8]) -> Result<Zeroizing<String>, WalletError> {
    Ok(Zeroizing::new(Mnemonic::from_entropy(entropy).map_err(WalletError::Phrase)?.to_string()))
}

/// Substrate's rule: `PBKDF2-HMAC-SHA512(entropy, "mnemonic", 2048)`, first 32 bytes.
pub(crate) fn seed(phrase: &str) -> Result<Zeroizing<[u8; 32]>, WalletError> {
    let words = Mnemonic::parse_normalized(phrase.trim()).map_err(WalletError::Phrase)?;
    let entropy = Zeroizing::new(words.to_entropy());
    let mut seed = Zeroizing::new([0; 32]);
    pbkdf2_hmac::<Sha512>(&entropy, b"mnemonic", 2048, seed.as_mut());
    Ok(seed)
}

//! The two kinds of keys that wallets hold.

use schnorrkel::{PublicKey, Signature, signing_context};

/// Substrate's signing context.
pub(crate) const CONTEXT: &[u8] = b"substrate";

/// How a key signs. Validators of this SDK generation accept sr25519 only; the chain takes both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Schnorr signatures on Ristretto, what the official tools make unless told otherwise.
    Sr25519,
    /// RFC 8032.
    Ed25519,
}

impl Scheme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sr25519, Self::Ed25519];

    /// `sr25519` or `ed25519`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sr25519 => "sr25519",
            Self::Ed25519 => "ed25519",
        }
    }

    /// `cryptoType` in wallet files, which is also the variant's index in the chain's `MultiSignature`.
    pub fn crypto_type(self) -> u8 {
        match self {
            Self::Sr25519 => 1,
            Self::Ed25519 => 0,
        }
    }

    /// Whether `signature` is one of `message` by `public`. A text that a browser wallet wrapped into `<Bytes>` is
    /// another message: the caller tries it where that may be.
    pub fn verify(self, public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        match self {
            Self::Sr25519 => {
                let (Ok(key), Ok(signature)) = (PublicKey::from_bytes(public), Signature::from_bytes(signature)) else {
                    return false;
                };
                key.verify(signing_context(CONTEXT).bytes(message), &signature).is_ok()
            }
            Self::Ed25519 => {
                let signature = ed25519_dalek::Signature::from_bytes(signature);
                let key = ed25519_dalek::VerifyingKey::from_bytes(public);
                key.is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
            }
        }
    }
}

/// Whether `signature` is an sr25519 signature of `message` by `public`.
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    Scheme::Sr25519.verify(public, message, signature)
}

//! What can go wrong with keys and wallet files.

use std::path::PathBuf;

/// A key that cannot be had, or a wallet file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// The text is no ss58 address of a 32-byte key.
    #[error("`{shown}` is no ss58 address: {reason}")]
    Address {
        /// At most 64 characters of the text.
        shown: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The text is no development key.
    #[error("`{shown}` is no development key; such keys look like //Alice")]
    Uri {
        /// At most 64 characters of the text.
        shown: String,
    },
    /// The words are no mnemonic.
    #[error("the secret phrase is no BIP-39 mnemonic")]
    Phrase(#[source] bip39::Error),
    /// A name that would leave the wallet's folder.
    #[error("`{name}` cannot be the name of a wallet or a hotkey")]
    Name {
        /// The name.
        name: String,
    },
    /// The file cannot be read or written; the source names its path.
    #[error("the wallet file cannot be used")]
    File(#[source] std::io::Error),
    /// The file is no JSON object.
    #[error("{} is no wallet file", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where the JSON breaks.
        #[source]
        source: serde_json::Error,
    },
    /// The file is encrypted.
    #[error(
        "{} is encrypted ({form}); hivis needs a hotkey that is not: make one with `btcli wallet new-hotkey --no-use-password`, \
         or write this one again without a password",
        path.display()
    )]
    Encrypted {
        /// The file.
        path: PathBuf,
        /// Which form of encryption, in words.
        form: &'static str,
    },
    /// The file holds an ed25519 key.
    #[error("{} holds an ed25519 key; validators of this SDK generation accept sr25519 only", path.display())]
    Ed25519 {
        /// The file.
        path: PathBuf,
    },
    /// A field is missing or unreadable.
    #[error("{}: {what}", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// Which field, and what is wrong with it; never its value.
        what: &'static str,
    },
}

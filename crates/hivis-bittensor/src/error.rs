//! What can go wrong with keys and wallet files.

use std::path::PathBuf;

/// A key that cannot be had, or a wallet file that cannot be used. No text of it holds a secret.
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
    /// What was given is neither phrase nor seed nor private key.
    #[error("that is no secret of a key: {what}")]
    Secret {
        /// What is wrong with it; never its value.
        what: &'static str,
    },
    /// A name that would leave the wallet's folder, or that another file of a wallet has.
    #[error("`{name}` cannot be the name of a wallet or a hotkey")]
    Name {
        /// The name.
        name: String,
    },
    /// The file cannot be read or written; the source names its path.
    #[error("the wallet file cannot be used")]
    File(#[source] std::io::Error),
    /// The file is there already; nothing is ever overwritten.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is no JSON.
    #[error("{} is no wallet file", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where the JSON breaks.
        #[source]
        source: serde_json::Error,
    },
    /// The file is encrypted, and the caller wanted one that is not.
    #[error("{} is encrypted ({form}); a miner serves with a hotkey that is not", path.display())]
    Encrypted {
        /// The file.
        path: PathBuf,
        /// Which form of encryption, in words.
        form: &'static str,
    },
    /// The file is encrypted in a form that nobody decrypts any more.
    #[error("{} is encrypted with Fernet, the oldest form, which the official tools cannot read any more either", path.display())]
    Fernet {
        /// The file.
        path: PathBuf,
    },
    /// No password could be had for an encrypted file.
    #[error("there is no password for {}", path.display())]
    NoPassword {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The password does not open the file.
    #[error("the password does not open {}", path.display())]
    WrongPassword {
        /// The file.
        path: PathBuf,
    },
    /// The file is cut short or was changed.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How it shows.
        what: &'static str,
    },
    /// The memory that the key derivation needs is not there.
    #[error("{mebibytes} MiB of memory are needed to open or write an encrypted key, and cannot be had")]
    Memory {
        /// How much.
        mebibytes: usize,
    },
    /// The file holds an ed25519 key.
    #[error("{} holds an ed25519 key; validators of this SDK generation accept sr25519 only", path.display())]
    Ed25519 {
        /// The file.
        path: PathBuf,
    },
    /// A hotkey's file holds the wallet's coldkey.
    #[error("{} holds the coldkey of its wallet, not a hotkey", path.display())]
    ColdkeyAsHotkey {
        /// The hotkey's file.
        path: PathBuf,
    },
    /// The coldkey's file holds one of the wallet's hotkeys.
    #[error("{} holds the hotkey `{hotkey}` of its wallet, not a coldkey", path.display())]
    HotkeyAsColdkey {
        /// The coldkey's file.
        path: PathBuf,
        /// The hotkey's name.
        hotkey: String,
    },
    /// A file holds another key than the public file beside it.
    #[error("{} and {} belong to different keys", path.display(), public.display())]
    OtherKey {
        /// The private file.
        path: PathBuf,
        /// The public file.
        public: PathBuf,
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

impl WalletError {
    /// What mends it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Phrase(_) | Self::Secret { .. } => {
                "give 12 to 24 words of the English BIP-39 list in their order, or a seed of 64 or a private key of 128 hex digits"
            }
            Self::Exists { .. } => "nothing is overwritten: choose another name, or move the file away yourself",
            Self::Encrypted { .. } => {
                "make a plain hotkey with `hivis wallet create --hotkey-only`, or write this one again without a password: `hivis wallet import hotkey`"
            }
            Self::Fernet { .. } => {
                "make the file anew from its secret phrase: `hivis wallet import coldkey` (or hotkey)"
            }
            Self::WrongPassword { .. } => {
                "try again; a file that was changed on disk looks the same. The secret phrase makes it anew: `hivis wallet import`"
            }
            Self::Damaged { .. } | Self::NotJson { .. } => {
                "take the file from a copy, or make it anew from its secret phrase: `hivis wallet import`"
            }
            Self::Memory { .. } => "stop other programs, raise the limit of memory, or do this on another machine",
            Self::Ed25519 { .. } => "make an sr25519 hotkey: `hivis wallet create --hotkey-only --hotkey NAME`",
            Self::ColdkeyAsHotkey { .. } => {
                "remove that file from this machine, make a hotkey of its own with `hivis wallet create --hotkey-only`, and consider moving the funds: the coldkey lay here in a hotkey's place"
            }
            Self::HotkeyAsColdkey { .. } => "restore the coldkey from its secret phrase: `hivis wallet import coldkey`",
            Self::OtherKey { .. } => "one of the two was copied from another wallet: put the right one back",
            _ => return None,
        })
    }
}

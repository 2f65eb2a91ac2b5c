//! Flags of the verbs for keys. Flags have btcli's names as well.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hivis_bittensor::Scheme;

/// `hivis wallet ...`
#[derive(Debug, Subcommand)]
pub enum WalletVerb {
    /// Wallets and keys on this machine, and what is wrong with them; no password is asked for.
    #[command(after_help = "Example:\n  hivis wallet list --wallet-path ~/.bittensor/wallets")]
    List {
        /// The wallets' folder [default: wallet.path, else ~/.bittensor/wallets].
        #[arg(long, short = 'p', aliases = ["wallet.path", "wallet_path"], value_name = "FOLDER")]
        wallet_path: Option<PathBuf>,
    },
    /// Make a new coldkey (encrypted) and hotkey (plain): the words are shown once, three are asked back.
    Create(WalletCreateArgs),
    /// Write a key's file from its words, its seed or its private key.
    #[command(subcommand)]
    Import(WalletImportVerb),
    /// Sign a message, with the hotkey unless the coldkey is asked for.
    Sign(WalletSignArgs),
    /// Say whether a signature is good; the exit code is 0 when it is, 1 when not.
    Verify(WalletVerifyArgs),
}

/// Which wallet.
#[derive(Debug, Default, Clone, Args)]
pub struct WalletArgs {
    /// The wallet's name [default: wallet.name, else default].
    #[arg(long, aliases = ["wallet-name", "wallet.name", "wallet_name", "name"])]
    pub wallet: Option<String>,
    /// The hotkey's name in the wallet [default: wallet.hotkey, else default].
    #[arg(long, short = 'H', aliases = ["wallet-hotkey", "wallet.hotkey", "wallet_hotkey"])]
    pub hotkey: Option<String>,
    /// The wallets' folder [default: wallet.path, else ~/.bittensor/wallets].
    #[arg(long, short = 'p', aliases = ["wallet.path", "wallet_path"], value_name = "FOLDER")]
    pub wallet_path: Option<PathBuf>,
}

/// Where a password comes from.
#[derive(Debug, Default, Clone, Args)]
pub struct PasswordArgs {
    /// A file whose first line is the password [default: the variable BT_PW_... as the official tools set it, else it is
    /// asked for].
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// Schemes by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CryptoType {
    /// What validators and the official tools expect.
    Sr25519,
    /// RFC 8032; a hotkey of it cannot serve.
    Ed25519,
}

impl From<CryptoType> for Scheme {
    fn from(name: CryptoType) -> Self {
        match name {
            CryptoType::Sr25519 => Self::Sr25519,
            CryptoType::Ed25519 => Self::Ed25519,
        }
    }
}

/// `hivis wallet create`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis wallet create --wallet miner --hotkey default\n  hivis wallet create --hotkey-only --wallet miner --hotkey second\n\nOn a serving machine make the hotkey only, and bring the coldkey's address:\n  hivis wallet import coldkeypub --wallet miner --ss58 5F...\n\nThe words lie in the key's file too, as btcli writes it: encrypted for a coldkey, readable for a plain hotkey."
)]
pub struct WalletCreateArgs {
    /// Which wallet.
    #[command(flatten)]
    pub wallet: WalletArgs,
    /// Make no coldkey.
    #[arg(long)]
    pub hotkey_only: bool,
    /// Encrypt the hotkey too; a miner cannot serve with it.
    #[arg(long)]
    pub use_password: bool,
    /// How many words.
    #[arg(long, aliases = ["n-words", "n_words"], default_value = "12", value_parser = ["12", "15", "18", "21", "24"])]
    pub words: String,
    /// The new password.
    #[command(flatten)]
    pub password: PasswordArgs,
}

/// `hivis wallet import ...`
#[derive(Debug, Subcommand)]
pub enum WalletImportVerb {
    /// The coldkey, encrypted: what `btcli wallet regen-coldkey` does.
    #[command(alias = "regen-coldkey")]
    Coldkey(WalletImportArgs),
    /// A hotkey, plain unless --use-password: what `btcli wallet regen-hotkey` does.
    #[command(alias = "regen-hotkey")]
    Hotkey(WalletImportArgs),
    /// The coldkey's address alone, which is all that a serving machine needs of it.
    #[command(
        alias = "regen-coldkeypub",
        after_help = "Example:\n  hivis wallet import coldkeypub --wallet miner --ss58 5F..."
    )]
    Coldkeypub {
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletArgs,
        /// The coldkey's address.
        #[arg(long, aliases = ["ss58-address", "address"])]
        ss58: String,
        /// Its scheme.
        #[arg(long, value_enum, default_value = "sr25519")]
        crypto_type: CryptoType,
    },
}

/// `hivis wallet import coldkey`, `hivis wallet import hotkey`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis wallet import hotkey --wallet miner --hotkey default          # asks for the words, without showing them\n  hivis wallet import coldkey --wallet miner --password-file pw < words.txt\n\nWords (12 to 24), or hex digits: 64 of a seed, 128 of a private key. A secret is never taken from the command line,\nwhich other users see."
)]
pub struct WalletImportArgs {
    /// Which wallet.
    #[command(flatten)]
    pub wallet: WalletArgs,
    /// Its scheme.
    #[arg(long, value_enum, default_value = "sr25519")]
    pub crypto_type: CryptoType,
    /// Encrypt it; a coldkey always is.
    #[arg(long)]
    pub use_password: bool,
    /// The new password.
    #[command(flatten)]
    pub password: PasswordArgs,
}

/// `hivis wallet sign`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis wallet sign --wallet miner --hotkey default --message \"it is me\"\n  hivis wallet sign --wallet miner --use-coldkey --message \"it is me\" --json"
)]
pub struct WalletSignArgs {
    /// Which wallet.
    #[command(flatten)]
    pub wallet: WalletArgs,
    /// The message, signed as its UTF-8 bytes.
    #[arg(long)]
    pub message: String,
    /// Sign with the coldkey.
    #[arg(long, alias = "no-use-hotkey", conflicts_with = "use_hotkey")]
    pub use_coldkey: bool,
    /// Sign with the hotkey, which is what happens anyway.
    #[arg(long)]
    pub use_hotkey: bool,
    /// The key's password, if it is encrypted.
    #[command(flatten)]
    pub password: PasswordArgs,
}

/// `hivis wallet verify`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hivis wallet verify --message \"it is me\" --signature 8a2f... --address 5F...")]
pub struct WalletVerifyArgs {
    /// The message.
    #[arg(long)]
    pub message: String,
    /// The signature, 128 hex digits.
    #[arg(long)]
    pub signature: String,
    /// Who is said to have signed: an ss58 address, or a public key of 64 hex digits.
    #[arg(long, aliases = ["public-key", "ss58"])]
    pub address: String,
    /// The scheme [default: whichever fits].
    #[arg(long, value_enum)]
    pub crypto_type: Option<CryptoType>,
}

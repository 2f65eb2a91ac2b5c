//! `users.toml` in the home: accounts and tokens, as `hivis console` writes them.
//!
//! No password and no token lies there, only what proves them: Argon2id hashes of passwords, SHA-256 of tokens (256
//! random bits need no slow hash). The file is for its owner only and is replaced as a whole.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use hivis_store::Reviewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::token::Digest;
use super::{BOOTSTRAP, LOCAL, Role};

/// The file's name in the home.
pub(crate) const FILE: &str = "users.toml";
/// Names that mean somebody else.
const RESERVED: [&str; 3] = [LOCAL, BOOTSTRAP, "unknown"];

/// What can be wrong with accounts.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not as `hivis console` writes it.
    #[error("{path} is no list of accounts")]
    Malformed {
        /// Which file.
        path: String,
        /// What the parser says.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The list cannot be written as TOML.
    #[error("the accounts cannot be written")]
    Unwritable(#[from] toml::ser::Error),
    /// The name is nobody's.
    #[error("{0:?} is no name for an account")]
    BadName(String),
    /// The name is somebody's.
    #[error("{0} is there already")]
    Taken(String),
    /// There is no such account or token.
    #[error("there is no {0}")]
    Missing(String),
    /// The password is refused.
    #[error("{0}")]
    WeakPassword(&'static str),
    /// The password could not be hashed.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    /// The system gives no randomness.
    #[error("the operating system gives no randomness")]
    Entropy(#[source] io::Error),
}

impl DoorError {
    /// The mend, where it is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Malformed { .. } => Some("mend it, or remove it and make the accounts anew: hivis console user add"),
            Self::BadName(_) => Some("1 to 64 characters that one can see; not local, console or unknown"),
            Self::Taken(_) => Some("accounts and tokens share their names: choose another, or remove that one first"),
            Self::Missing(_) => Some("`hivis console user list` and `hivis console token list` show who is there"),
            Self::WeakPassword(_) => Some("10 to 200 characters; several words are easier to keep than odd signs"),
            _ => None,
        }
    }
}

/// Somebody who logs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The name, in lower case.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Argon2id in PHC's form.
    pub(crate) password: String,
}

/// A script's token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The name, in lower case.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is refused.
    pub expires: Timestamp,
    /// SHA-256 of its text, in hex.
    sha256: String,
}

/// Accounts and tokens of one home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    #[serde(default, rename = "user", skip_serializing_if = "Vec::is_empty")]
    users: Vec<Account>,
    #[serde(default, rename = "token", skip_serializing_if = "Vec::is_empty")]
    tokens: Vec<Token>,
}

impl Accounts {
    /// What the home's file says; nothing where there is none.
    pub fn read(home: &Path) -> Result<Self, DoorError> {
        let path = home.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let malformed = |source| DoorError::Malformed { path: path.display().to_string(), source: Box::new(source) };
        toml::from_str(&text).map_err(malformed)
    }

    /// Reads, changes and replaces the home's file; two that change it at once wait for each other. A `change` that
    /// fails writes nothing.
    pub fn change<T>(home: &Path, change: impl FnOnce(&mut Self) -> Result<T, DoorError>) -> Result<T, DoorError> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(home.join(format!(".{FILE}.lock")))?;
        lock.file().lock()?;
        let mut accounts = Self::read(home)?;
        let done = change(&mut accounts)?;
        let text = format!(
            "# Who may use the control room. `hivis console user` and `hivis console token` write this file.\n\n{}",
            toml::to_string(&accounts)?
        );
        write_private(&home.join(FILE), text.as_bytes())?;
        Ok(done)
    }

    /// The accounts.
    pub fn users(&self) -> &[Account] {
        &self.users
    }

    /// The tokens, expired ones too.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The account of this name.
    pub(crate) fn user(&self, name: &str) -> Option<&Account> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The token with this digest that holds at `now`. All are looked at, so that time tells nothing.
    pub(crate) fn token(&self, digest: &Digest, now: Timestamp) -> Option<&Token> {
        let is = |token: &Token| {
            let kept = hex::decode(&token.sha256).unwrap_or_default();
            bool::from(kept.as_slice().ct_eq(digest.as_slice())) && now < token.expires
        };
        self.tokens.iter().fold(None, |found, token| if is(token) { Some(token) } else { found })
    }

    /// Adds an account; `hash` comes from [`crate::hash_password`].
    pub fn add_user(&mut self, name: &str, role: Role, hash: String) -> Result<(), DoorError> {
        let name = self.free(name)?;
        self.users.push(Account { name, role, password: hash });
        Ok(())
    }

    /// Another password; sessions of the account end.
    pub fn set_password(&mut self, name: &str, hash: String) -> Result<(), DoorError> {
        let name = fold(name)?;
        let user = self.users.iter_mut().find(|user| user.name == name);
        user.ok_or_else(|| DoorError::Missing(format!("account {name}")))?.password = hash;
        Ok(())
    }

    /// Removes an account; its sessions end.
    pub fn remove_user(&mut self, name: &str) -> Result<(), DoorError> {
        let name = fold(name)?;
        let before = self.users.len();
        self.users.retain(|user| user.name != name);
        if self.users.len() == before { Err(DoorError::Missing(format!("account {name}"))) } else { Ok(()) }
    }

    /// Adds a token of which only `digest` is kept; expired ones of the same name make room.
    pub fn add_token(&mut self, new: &NewToken<'_>) -> Result<(), DoorError> {
        self.tokens.retain(|token| token.expires > new.created || token.name != new.name.to_lowercase());
        let name = self.free(new.name)?;
        let NewToken { role, created, expires, digest, .. } = *new;
        self.tokens.push(Token { name, role, created, expires, sha256: hex::encode(digest) });
        Ok(())
    }

    /// Removes a token.
    pub fn revoke_token(&mut self, name: &str) -> Result<(), DoorError> {
        let name = fold(name)?;
        let before = self.tokens.len();
        self.tokens.retain(|token| token.name != name);
        if self.tokens.len() == before { Err(DoorError::Missing(format!("token {name}"))) } else { Ok(()) }
    }

    fn free(&self, name: &str) -> Result<String, DoorError> {
        let name = fold(name)?;
        let taken = self.user(&name).is_some() || self.tokens.iter().any(|token| token.name == name);
        if taken { Err(DoorError::Taken(name)) } else { Ok(name) }
    }
}

/// A token to be added.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it may do.
    pub role: Role,
    /// Now.
    pub created: Timestamp,
    /// From when on it is refused.
    pub expires: Timestamp,
    /// SHA-256 of its text, see [`crate::token_digest`].
    pub digest: Digest,
}

/// A name as it is kept: the one of a reviewer, since decisions carry it.
pub(crate) fn fold(name: &str) -> Result<String, DoorError> {
    let bad = || DoorError::BadName(name.chars().take(64).collect());
    let folded = Reviewer::new(name).map_err(|_| bad())?.as_str().to_owned();
    if RESERVED.contains(&&*folded) { Err(bad()) } else { Ok(folded) }
}

/// Replaces a file that only its owner may read: others see the old one or the new one, never half of either.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().expect("a file of the home has a folder: this is a bug");
    let name = path.file_name().expect("a file of the home has a name: this is a bug").to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside)?;
    // What a crash left behind has the mode that it had.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    fs::File::open(folder)?.sync_all()
}

//! The forms that wallet files were ever written in, told apart by their first bytes.

use std::path::Path;

use zeroize::Zeroizing;

use super::{Password, ansible, nacl};
use crate::WalletError;

/// How a file's content is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON that anyone reads who reads the file.
    Plain,
    /// `$NACL`: Argon2i and a secretbox, the current form.
    Nacl,
    /// `$ANSIBLE_VAULT`: an old form.
    Ansible,
    /// `gAAAAA`: the oldest form. Nobody decrypts it any more.
    Fernet,
}

/// Why an encrypted file does not open.
pub(super) enum Shut {
    WrongPassword,
    Damaged(&'static str),
    Memory { mebibytes: usize },
}

impl Form {
    /// By the first bytes.
    pub fn of(content: &[u8]) -> Self {
        let marks: [(&[u8], Self); 3] =
            [(nacl::MARK, Self::Nacl), (ansible::MARK, Self::Ansible), (b"gAAAAA", Self::Fernet)];
        marks.into_iter().find(|(mark, _)| content.starts_with(mark)).map_or(Self::Plain, |(_, form)| form)
    }

    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Nacl => "NaCl secretbox, the current form",
            Self::Ansible => "Ansible Vault, an old form",
            Self::Fernet => "Fernet, the oldest form",
        }
    }

    /// For tables and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Nacl => "nacl",
            Self::Ansible => "ansible",
            Self::Fernet => "fernet",
        }
    }
}

/// The JSON inside an encrypted file.
pub(super) fn open(content: &[u8], password: &Password, path: &Path) -> Result<Zeroizing<Vec<u8>>, WalletError> {
    let opened = match Form::of(content) {
        Form::Plain => Ok(Zeroizing::new(content.to_vec())),
        Form::Nacl => nacl::open(content, password.as_bytes()),
        Form::Ansible => ansible::open(content, password.as_bytes()),
        Form::Fernet => return Err(WalletError::Fernet { path: path.to_owned() }),
    };
    opened.map_err(|shut| shut.at(path))
}

impl Shut {
    pub(super) fn at(self, path: &Path) -> WalletError {
        let path = path.to_owned();
        match self {
            Self::WrongPassword => WalletError::WrongPassword { path },
            Self::Damaged(what) => WalletError::Damaged { path, what },
            Self::Memory { mebibytes } => WalletError::Memory { mebibytes },
        }
    }
}

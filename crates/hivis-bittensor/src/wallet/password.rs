//! Passwords of wallet files, and where they come from.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::WalletError;

/// A password; wiped when dropped, never shown.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Its text, to check it; never to show it.
    pub fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Whoever knows passwords: a terminal, the environment, a file.
pub trait Passwords {
    /// The password of `file`, asked for only when the file is encrypted.
    fn password(&self, file: &Path) -> Result<Password, WalletError>;
}

/// One for every file.
impl Passwords for Password {
    fn password(&self, _file: &Path) -> Result<Password, WalletError> {
        Ok(self.clone())
    }
}

/// The environment variable in which the official tools look for a file's password.
pub fn variable(file: &Path) -> String {
    format!("BT_PW_{}", file.to_string_lossy().replace(['/', '.'], "_").to_uppercase())
}

/// The password in such a variable: base64 of the text XORed with the variable's own name, repeated. That hides it from
/// a passing glance and from nobody else. `None` when the value is nothing of that kind.
pub fn from_variable(name: &str, value: &str) -> Option<Password> {
    let hidden = Zeroizing::new(STANDARD.decode(value.trim()).ok()?);
    let mut shown = Zeroizing::new(Vec::with_capacity(hidden.len()));
    shown.extend(hidden.iter().zip(name.bytes().cycle()).map(|(byte, mask)| byte ^ mask));
    std::str::from_utf8(&shown).ok().map(Password::new)
}

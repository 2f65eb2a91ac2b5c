//! Where the passwords of keys come from: a file, the official environment variable, or the person.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context, Result};
use hivis_bittensor::WalletError;
use hivis_bittensor::wallet::{Password, Passwords, from_variable, variable};
use zeroize::Zeroizing;

use crate::cli::PasswordArgs;
use crate::failure::Hinted;
use crate::terminal::Terminal;

/// A new password has at least so many characters.
const SHORTEST: usize = 8;

/// Passwords by the flags: the file that they name, else `BT_PW_...`, else whoever sits at the terminal.
pub(crate) struct Asked<'a> {
    flags: &'a PasswordArgs,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(flags: &'a PasswordArgs) -> Self {
        Self { flags }
    }

    /// The password that a new file gets: long enough, and typed twice where it is typed.
    pub(crate) fn new_password(&self, file: &Path) -> Result<Password> {
        let given = match self.given(file)? {
            Some(password) => password,
            None => typed_twice(file)?,
        };
        let (text, trimmed) = (given.text(), given.text().trim());
        if text.chars().count() < SHORTEST {
            let hint = format!("at least {SHORTEST} characters; several words are easier to keep than odd signs");
            return Err(Hinted::new("the new password is too short", hint).into());
        }
        if text != trimmed {
            return Err(Hinted::new(
                "the new password begins or ends with a space",
                "btcli cuts such spaces off and could then not open the key: leave them out",
            )
            .into());
        }
        Ok(given)
    }

    /// What needs nobody to type.
    fn given(&self, file: &Path) -> Result<Option<Password>> {
        if let Some(from) = &self.flags.password_file {
            return from_file(from).map(Some);
        }
        let name = variable(file);
        let value = std::env::var_os(&name).filter(|value| !value.is_empty());
        let Some(value) = value.map(|value| Zeroizing::new(value.to_string_lossy().into_owned())) else {
            return Ok(None);
        };
        let hint = "the official tools put base64 of the password there, XORed with the variable's name: `btcli` sets it, or unset it";
        let read = from_variable(&name, &value);
        read.map(Some).ok_or_else(|| Hinted::new(format!("the variable {name} holds no password"), hint).into())
    }

    fn ask(&self, file: &Path) -> Result<Password> {
        if let Some(password) = self.given(file)? {
            return Ok(password);
        }
        let typed = terminal(file)?.hidden(&format!("Password of {}: ", file.display()))?;
        Ok(Password::new(typed.as_str()))
    }
}

impl Passwords for Asked<'_> {
    fn password(&self, file: &Path) -> Result<Password, WalletError> {
        self.ask(file).map_err(|error| {
            // As itself, so that its hint is found.
            let source = error.downcast::<Hinted>().map_or_else(Into::into, Into::into);
            WalletError::NoPassword { path: file.to_owned(), source }
        })
    }
}

fn typed_twice(file: &Path) -> Result<Password> {
    let mut terminal = terminal(file)?;
    let typed = terminal.hidden(&format!("New password of {}: ", file.display()))?;
    let again = terminal.hidden("The same again: ")?;
    if *typed != *again {
        return Err(Hinted::new("the two passwords differ", "nothing was written; run it again").into());
    }
    Ok(Password::new(typed.as_str()))
}

fn terminal(file: &Path) -> Result<Terminal> {
    let hint = || format!("run it in a terminal, name a file with --password-file, or set {}", variable(file));
    Terminal::open().ok_or_else(|| Hinted::new("nobody is there to type the password", hint()).into())
}

/// A file's first line.
pub(crate) fn from_file(path: &Path) -> Result<Password> {
    let mode = fs_err::metadata(path).context("the password's file cannot be read")?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        tracing::warn!("others may read the password in {} (mode {mode:04o}): chmod 600", path.display());
    }
    let text = Zeroizing::new(fs_err::read_to_string(path).context("the password's file cannot be read")?);
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Password::new(line)),
        _ => Err(Hinted::new(format!("{} is empty", path.display()), "its first line is the password").into()),
    }
}

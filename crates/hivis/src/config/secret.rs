//! Where a secret lies. The configuration never holds the secret itself.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::failure::Hinted;

/// A reference: `env:NAME` or `file:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// A variable of the environment.
    Env(String),
    /// A file that holds nothing else.
    File(PathBuf),
}

impl SecretRef {
    /// Reads the reference of `key`; a relative path starts at `home`. What is no reference may be the secret itself, so it
    /// is not shown.
    pub fn parse(key: &str, text: &str, home: &Path) -> Result<Self> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(home.join(super::expand(Path::new(path))))),
            _ => {
                let hint = "write env:NAME or file:PATH; a secret itself does not belong into the configuration";
                Err(Hinted::new(format!("{key} is no reference to a secret"), hint).into())
            }
        }
    }

    /// The secret, without the white space around it.
    pub fn read(&self, variable: impl Fn(&str) -> Option<String>) -> Result<String> {
        let (found, place) = match self {
            Self::Env(name) => (variable(name), format!("the variable {name}")),
            Self::File(path) => {
                (Some(fs_err::read_to_string(path).context("the secret cannot be read")?), path.display().to_string())
            }
        };
        let secret = found.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        secret.ok_or_else(|| Hinted::new(format!("{place} holds no secret"), "set it, or name another place").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_and_a_secret_in_its_place_is_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("key"), " from-file\n").expect("a file");
        let parse = |text: &str| SecretRef::parse("x.key", text, folder.path());
        let variable = |name: &str| (name == "KEY").then(|| "from-env".to_owned());
        let read = |text: &str| parse(text).expect("a reference").read(variable);
        assert_eq!(read("env:KEY").expect("a secret"), "from-env");
        assert_eq!(read("file:key").expect("a secret"), "from-file");
        assert!(read("env:NOTHING").is_err() && read("file:nothing").is_err());
        for bad in ["hunter2", "", "env:", "vault:hunter2"] {
            let error = parse(bad).expect_err("no reference");
            assert!(!crate::failure::text(&error).contains("hunter2"), "{error:?}");
        }
    }
}

//! Names of repositories and revisions.

use hivis_http::printable;

use crate::HubError;

/// The Hub's own limit on a name.
const MAX_NAME: usize = 96;
/// Longer revisions are no branch, tag or commit that anyone uses.
const MAX_REVISION: usize = 200;

/// What a repository holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepoKind {
    /// A model.
    Model,
    /// A data set.
    Dataset,
}

impl RepoKind {
    /// The word in addresses of the API and in our folders.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Model => "models",
            Self::Dataset => "datasets",
        }
    }

    /// The word where one repository is spoken of.
    pub(crate) fn singular(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Dataset => "dataset",
        }
    }
}

/// A repository: `owner/name`, or `name` alone for a few old ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repo {
    kind: RepoKind,
    id: String,
}

impl Repo {
    /// Refuses what the Hub would not take for a name.
    pub fn new(kind: RepoKind, id: &str) -> Result<Self, HubError> {
        let parts: Vec<&str> = id.split('/').collect();
        let good = |part: &&str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
                && !part.starts_with(['-', '.'])
                && !part.ends_with(['-', '.'])
                && !part.contains("--")
                && !part.contains("..")
        };
        if id.len() > MAX_NAME || parts.len() > 2 || !parts.iter().all(good) {
            return Err(HubError::Name { name: printable(id) });
        }
        Ok(Self { kind, id: id.to_owned() })
    }

    /// What it holds.
    pub fn kind(&self) -> RepoKind {
        self.kind
    }

    /// `owner/name`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it goes below the folder of all pulls; a `--` cannot be in a name, so no two meet.
    pub fn folder(&self) -> String {
        format!("{}/{}", self.kind.plural(), self.id.replace('/', "--"))
    }

    /// The path of its page, and the beginning of its files' addresses.
    pub(crate) fn page(&self) -> String {
        match self.kind {
            RepoKind::Model => self.id.clone(),
            RepoKind::Dataset => format!("datasets/{}", self.id),
        }
    }
}

/// Refuses what can be no revision; whether it exists only the Hub knows.
pub(crate) fn check_revision(revision: &str) -> Result<(), HubError> {
    let odd = |c: char| c.is_control() || c.is_whitespace();
    if revision.is_empty() || revision.len() > MAX_REVISION || revision.contains("..") || revision.contains(odd) {
        return Err(HubError::Revision { revision: printable(revision) });
    }
    Ok(())
}

/// True for a whole commit: 40 hexadecimal digits.
pub(crate) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{Repo, RepoKind, check_revision};

    #[test]
    fn names_that_the_hub_takes_and_others() {
        for good in ["facebook/dinov3-vitl16-pretrain-lvd1689m", "gpt2", "a/b", "A_b.c/d-e_f.g"] {
            assert!(Repo::new(RepoKind::Model, good).is_ok(), "{good}");
        }
        let long = "a".repeat(97);
        for bad in
            ["", "/", "a/", "/b", "a/b/c", "..", "../x", "a/..", "a/.b", "a--b/c", "a b/c", "a/b\n", "a/b?c", &long]
        {
            assert!(Repo::new(RepoKind::Model, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn revisions() {
        for good in ["main", "refs/convert/parquet", "refs/pr/1", "v1.0"] {
            assert!(check_revision(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "..", "a/../b", "main\n"] {
            assert!(check_revision(bad).is_err(), "{bad}");
        }
    }
}

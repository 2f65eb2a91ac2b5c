//! What can go wrong with versions of the data, and what mends it.

use std::path::PathBuf;

/// An error of the versions of a home.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// Another process cuts, checks or mends versions.
    #[error("another process is at work on this home's versions")]
    Busy,
    /// There is no such version.
    #[error("there is no version `{name}`")]
    NoSuch {
        /// What was asked for.
        name: String,
    },
    /// The version's content was removed by `gc`.
    #[error("version {name} was removed: only its entry in CHANGELOG.md is left")]
    Removed {
        /// The version.
        name: String,
    },
    /// The version was being cut when the program ended.
    #[error("version {name} is only half cut")]
    HalfCut {
        /// The version.
        name: String,
    },
    /// A version is to hold what the home does not have.
    #[error("{count} pictures of the version are not in the home as they should be: {path} is {why}")]
    Lost {
        /// How many.
        count: usize,
        /// One of them.
        path: PathBuf,
        /// `missing`, or of another length.
        why: String,
    },
    /// Two pictures with one name in the folder.
    #[error("two pictures of the version would be named {name}")]
    SameName {
        /// The name.
        name: String,
    },
    /// The user has changes in the repository that are not committed.
    #[error("the repository {folder} has changes that are not committed: {example}")]
    Dirty {
        /// The repository.
        folder: PathBuf,
        /// The first of them, as `git status` has it.
        example: String,
    },
    /// The repository's folder of data is not that of the newest version.
    #[error("the repository's data.dvc does not name the newest version's folder, but {found}")]
    Foreign {
        /// The `.dir` that it names, or the version that has it.
        found: String,
    },
    /// git did not do what it was asked for.
    #[error("`git {verb}` failed: {said}")]
    Git {
        /// What it was to do.
        verb: String,
        /// What it said.
        said: String,
    },
    /// git is not there, or not one that we know.
    #[error("git cannot be used: {why}")]
    NoGit {
        /// Why not.
        why: String,
    },
    /// A file of DVC's is not what it should be.
    #[error("{path} cannot be used: {reason}")]
    BadDvc {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The target of a checkout holds something.
    #[error("{folder} is not empty")]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// The link type is not possible there.
    #[error("{path} cannot be made by {link}: {reason}")]
    Link {
        /// The file.
        path: PathBuf,
        /// The kind of link.
        link: &'static str,
        /// What the system said.
        reason: String,
    },
    /// The remote and the home went different ways.
    #[error("{place} has another version {name} than this home")]
    Diverged {
        /// The remote.
        place: String,
        /// The first version that differs.
        name: String,
    },
    /// The remote lacks what a version needs, or has it damaged.
    #[error("{place}: {key} is {why}")]
    BadRemote {
        /// The remote.
        place: String,
        /// The file there.
        key: String,
        /// `missing` or `damaged`.
        why: &'static str,
    },
    /// A test stopped the work here.
    #[error("stopped after {0:?}")]
    Stopped(super::Step),
}

impl VersionError {
    /// What to do about it, one line, where we know.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Busy => "wait until it is done".into(),
            Self::NoSuch { .. } | Self::Removed { .. } => "`hivis data version list` shows all".into(),
            Self::HalfCut { .. } => "`hivis data fsck --repair` ends it, or takes it back; so does the next cut".into(),
            Self::Lost { .. } => "`hivis data fsck` names all; import them again, or pull them from a remote".into(),
            Self::SameName { .. } => "rename one of the two in its data set".into(),
            Self::Dirty { folder, .. } => {
                format!("commit them or put them aside (`git -C {0} stash`), then cut again", folder.display())
            }
            Self::Foreign { .. } => {
                "`hivis data version adopt` takes over what you changed; `git revert` takes it back".into()
            }
            Self::Git { said, .. } if said.contains(".lock") => {
                "if no git runs there, remove the lock file that it names".into()
            }
            Self::Git { .. } => {
                "`hivis data fsck` looks at the repository, `hivis data version rebuild` makes it anew".into()
            }
            Self::NoGit { .. } => {
                "install git 2.25 or newer; versions work without it, the repository catches up".into()
            }
            Self::BadDvc { .. } => "DVC 3 writes what can be read here: `dvc add data` with it, then commit".into(),
            Self::NotEmpty { .. } => "give a folder that is empty or not there yet".into(),
            Self::Link { .. } => "--link copy works everywhere".into(),
            Self::Diverged { .. } => "give it a remote of its own, or bring the versions into an empty home".into(),
            Self::BadRemote { .. } => "push again from a home or a repository that has it".into(),
            Self::Stopped(_) => return None,
        })
    }
}

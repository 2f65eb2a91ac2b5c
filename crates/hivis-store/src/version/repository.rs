//! The repository `dataset/` made of the ledger's rows: git's commits and tags.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::dvc::{self, Tracked};
use super::git::{Call, Git};
use super::{Step, VersionError, Versions};
use crate::ledger::versions::{DataVersion, VersionState};
use crate::{Md5, StoreError, disk};

/// The branch that versions are committed to; whatever else the user has checked out stays as it is.
const BRANCH: &str = "refs/heads/main";
/// What no version has: git's word for "there is no such ref yet".
const NONE: &str = "0000000000000000000000000000000000000000";

/// Files that a version brings along when they are not there, as `dvc init` makes them.
const INITIAL: [(&str, &str); 5] = [
    (".dvc/.gitignore", "/config.local\n/tmp\n/cache\n"),
    (".dvc/config", "[core]\n    analytics = false\n    check_update = false\n"),
    (".dvcignore", "# What DVC leaves alone, a pattern a line.\n"),
    (".gitignore", "/data\n"),
    ("README.md", README),
];
const README: &str = "# Data of a hivis home\n\nEach tag is a version: `git checkout TAG && dvc checkout` brings its folder `data`, with `metadata.jsonl` and \
`pictures/`.\nhivis commits to the branch `main`. What you change with `dvc add data` and commit there, `hivis data version adopt` takes over.\n";
const CHANGELOG: &str = "CHANGELOG.md";
const CHANGELOG_HEAD: &str = "# Changelog of the data\n\nMajor: figures of before and after do not compare. Minor: pictures were added. Patch: anything else.\n";
const DATA: &str = "data.dvc";

impl Versions {
    /// The repository's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The user's git, on this repository.
    pub(crate) async fn git(&self) -> Result<Git, VersionError> {
        Git::find(&self.options.git, &self.folder).await
    }

    /// True when the repository is one.
    pub(crate) fn has_git(&self) -> bool {
        self.folder.join(".git").exists()
    }

    /// Refuses to cut over what the user did and did not tell: changes that are not committed, a folder of his own.
    pub async fn ready(&self) -> Result<(), StoreError> {
        if !self.has_git() {
            return Ok(());
        }
        let git = match self.git().await {
            Ok(git) => git,
            Err(VersionError::NoGit { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if on_branch(&git).await? {
            let status = git.run(&["status", "--porcelain", "--untracked-files=no"]).await?;
            if let Some(first) = String::from_utf8_lossy(&status).lines().next() {
                let example = first.trim().to_owned();
                return Err(VersionError::Dirty { folder: self.folder.clone(), example }.into());
            }
        }
        let Some(tracked) = self.tracked(&git).await? else { return Ok(()) };
        // Behind the ledger is fine: the repository catches up.
        let versions = self.ledger.versions().await?;
        match versions.iter().find(|version| version.commit.is_some()) {
            Some(committed) if committed.dir != Some(tracked.dir) && self.accepted != Some(tracked.dir) => {
                let known = versions.iter().find(|version| version.dir == Some(tracked.dir));
                let found = known.map_or_else(|| format!("{}.dir", tracked.dir), |version| version.name.to_string());
                Err(VersionError::Foreign { found }.into())
            }
            _ => Ok(()),
        }
    }

    /// What the branch's `data.dvc` says; none when there is no branch or no such file.
    pub(crate) async fn tracked(&self, git: &Git) -> Result<Option<Tracked>, VersionError> {
        let Some(tip) = tip(git).await? else { return Ok(None) };
        let Some(text) = show(git, &tip, DATA).await? else { return Ok(None) };
        dvc::read_data_dvc(&text).map(Some)
    }

    /// Commits and tags every version that git does not have yet, oldest first.
    pub(crate) async fn commit_all(&self) -> Result<(), StoreError> {
        let git = self.git().await?;
        if !self.has_git() {
            disk::create_private_folder(&self.folder)?;
            git.run(&["init", "--quiet"]).await?;
            git.run(&["symbolic-ref", "HEAD", BRANCH]).await?;
        }
        let mut versions = self.ledger.versions().await?;
        versions.reverse();
        let newest = versions.last().map(|version| version.id);
        for at in 0..versions.len() {
            let version = &versions[at];
            let (Some(dir), true) = (version.dir, version.state != VersionState::Removed) else { continue };
            let tag = format!("refs/tags/{}", version.name);
            if git.ask(&["rev-parse", "--verify", "--quiet", &tag]).await?.is_some() {
                continue;
            }
            self.commit(&git, &versions[..=at], dir, Some(version.id) == newest).await?;
        }
        Ok(())
    }

    /// Commits the last of `versions` on the branch; `last` when it is the newest of all.
    async fn commit(&self, git: &Git, versions: &[DataVersion], dir: Md5, last: bool) -> Result<(), StoreError> {
        let version = versions.last().expect("there is one: this is a bug");
        let stop = |step| if last { self.stop(step) } else { Ok(()) };
        let parent = tip(git).await?;
        // The tip is this version already when the power went before the tag was there.
        let commit = match &parent {
            Some(tip) if version.commit.as_deref() == Some(tip) => tip.clone(),
            _ => {
                let files = self.files(git, versions, dir, parent.as_deref()).await?;
                let tree = write_tree(git, parent.as_deref(), &files).await?;
                self.commit_tree(git, version, &tree, parent.as_deref()).await?
            }
        };
        self.ledger.set_version_commit(version.id, &commit).await?;
        stop(Step::Commit)?;
        if parent.as_deref() != Some(&*commit) {
            // The tree before the branch: what was cut off in between is no change of the user's when it goes on.
            if on_branch(git).await? {
                if let Some(parent) = &parent {
                    git.run(&["read-tree", "-m", "-u", parent, &commit]).await?;
                } else {
                    let files = self.files(git, versions, dir, None).await?;
                    self.write_files(&files)?;
                    git.run(&["read-tree", &commit]).await?;
                }
            }
            stop(Step::Tree)?;
            let before = parent.as_deref().unwrap_or(NONE);
            let why = format!("hivis: {}", version.name);
            git.run(&["update-ref", "-m", &why, BRANCH, &commit, before]).await?;
            if on_branch(git).await? {
                // Only its times; a difference is told by the next status.
                git.ask(&["update-index", "-q", "--refresh"]).await?;
            }
        }
        stop(Step::Branch)?;
        git.run(&["update-ref", &format!("refs/tags/{}", version.name), &commit, NONE]).await?;
        stop(Step::Tag)?;
        Ok(())
    }

    /// The files of the commit that are new or others than the parent's.
    async fn files(
        &self,
        git: &Git,
        versions: &[DataVersion],
        dir: Md5,
        parent: Option<&str>,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut files = Vec::new();
        for (path, text) in INITIAL {
            let there = match parent {
                Some(parent) => show(git, parent, path).await?.is_some(),
                None => false,
            };
            if !there {
                files.push((path.to_owned(), text.as_bytes().to_vec()));
            }
        }
        let log = match parent {
            Some(parent) => show(git, parent, CHANGELOG).await?,
            None => None,
        };
        files.push((CHANGELOG.to_owned(), changelog(versions, log.as_deref()).into_bytes()));
        files.push((DATA.to_owned(), self.data_dvc(versions.last(), dir).into_bytes()));
        Ok(files)
    }

    fn data_dvc(&self, version: Option<&DataVersion>, dir: Md5) -> String {
        let table = version.and_then(|v| v.table).and_then(|md5| fs::metadata(self.cached(md5)).ok());
        let (bytes, pictures) = version.map_or((0, 0), |v| (v.bytes, v.pictures));
        dvc::data_dvc(&Tracked { dir, size: bytes + table.map_or(0, |file| file.len()), files: pictures + 1 })
    }

    async fn commit_tree(
        &self,
        git: &Git,
        version: &DataVersion,
        tree: &str,
        parent: Option<&str>,
    ) -> Result<String, StoreError> {
        let (name, mail) = git.identity(self.options.identity.as_ref()).await?;
        // Of the version alone, so that making it again gives the same commit.
        let date = format!("@{} +0000", version.at.as_second());
        let environment = [
            ("GIT_AUTHOR_NAME", name.clone()),
            ("GIT_AUTHOR_EMAIL", mail.clone()),
            ("GIT_AUTHOR_DATE", date.clone()),
            ("GIT_COMMITTER_NAME", name),
            ("GIT_COMMITTER_EMAIL", mail),
            ("GIT_COMMITTER_DATE", date),
        ];
        let mut message = format!("{}\n", version.name);
        if !version.message.is_empty() {
            let _ = writeln!(message, "\n{}", version.message);
        }
        let mut args = vec!["commit-tree", tree, "-F", "-"];
        if let Some(parent) = parent {
            args.extend(["-p", parent]);
        }
        let out = git.call(&args, Call { input: message.as_bytes(), environment: &environment }).await?;
        Ok(String::from_utf8_lossy(&out).trim().to_owned())
    }

    /// What the newest commit would show, where there is no git.
    pub(crate) async fn write_files_without_git(&self) -> Result<(), StoreError> {
        if self.has_git() {
            // The files are git's; it catches up when it is back.
            return Ok(());
        }
        let mut versions = self.ledger.versions().await?;
        versions.reverse();
        let Some(dir) = versions.last().and_then(|version| version.dir) else { return Ok(()) };
        let mut files: Vec<(String, Vec<u8>)> =
            INITIAL.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        files.push((CHANGELOG.to_owned(), changelog(&versions, None).into_bytes()));
        files.push((DATA.to_owned(), self.data_dvc(versions.last(), dir).into_bytes()));
        Ok(self.write_files(&files)?)
    }

    fn write_files(&self, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        for (path, bytes) in files {
            let path = self.folder.join(path);
            fs::create_dir_all(path.parent().expect("a file of the repository has a folder: this is a bug"))?;
            disk::replace_file(&path, bytes)?;
        }
        Ok(())
    }

    /// Puts a repository that git cannot read aside, and makes it anew of the ledger; gives where the old one lies.
    pub async fn rebuild(&self) -> Result<Option<PathBuf>, StoreError> {
        self.git().await?;
        self.finish().await?;
        let mut aside = None;
        if self.has_git() {
            let mut free = self.folder.join(".git.old-1");
            for n in 2.. {
                if !free.exists() {
                    break;
                }
                free = self.folder.join(format!(".git.old-{n}"));
            }
            fs::rename(self.folder.join(".git"), &free)?;
            aside = Some(free);
        }
        for version in self.ledger.versions().await?.iter().rev().filter(|v| v.state == VersionState::Cut) {
            let pictures = self.ledger.version_pictures(version).await?;
            self.fill_cache(version, &pictures)?;
        }
        self.commit_all().await?;
        Ok(aside)
    }
}

/// `CHANGELOG.md`: the newest version's part goes above what is there, or all parts where nothing is.
fn changelog(versions: &[DataVersion], there: Option<&[u8]>) -> String {
    let part = |version: &DataVersion| format!("## {}\n\n{}\n", version.name, version.notes.trim());
    let Some((text, version)) = there.map(String::from_utf8_lossy).zip(versions.last()) else {
        let mut text = CHANGELOG_HEAD.to_owned();
        for version in versions.iter().rev() {
            text.push('\n');
            text.push_str(&part(version));
        }
        return text;
    };
    let part = part(version);
    if text.contains(&part) {
        return text.into_owned();
    }
    let (head, rest) = match text.find("\n## ") {
        Some(at) => text.split_at(at + 1),
        None => (&*text, ""),
    };
    format!("{}\n\n{part}\n{rest}", head.trim_end()).trim_end().to_owned() + "\n"
}

/// The branch's newest commit.
pub(crate) async fn tip(git: &Git) -> Result<Option<String>, VersionError> {
    git.ask(&["rev-parse", "--verify", "--quiet", BRANCH]).await
}

/// True when the user's working tree is the branch's.
async fn on_branch(git: &Git) -> Result<bool, VersionError> {
    Ok(git.ask(&["symbolic-ref", "--quiet", "HEAD"]).await?.as_deref() == Some(BRANCH))
}

/// A file of a commit.
pub(crate) async fn show(git: &Git, commit: &str, path: &str) -> Result<Option<Vec<u8>>, VersionError> {
    let found = git.run(&["ls-tree", "-z", commit, "--", path]).await?;
    if found.is_empty() {
        return Ok(None);
    }
    git.run(&["cat-file", "blob", &format!("{commit}:{path}")]).await.map(Some)
}

/// The tree of `parent` with these files in it; the user's index is not touched.
async fn write_tree(git: &Git, parent: Option<&str>, files: &[(String, Vec<u8>)]) -> Result<String, VersionError> {
    let index = format!("hivis-index.{}", std::process::id());
    let index = git.folder().join(".git").join(index);
    let environment = [("GIT_INDEX_FILE", index.display().to_string())];
    let environment = &environment;
    let work = async {
        let read = parent.map_or_else(|| vec!["read-tree", "--empty"], |parent| vec!["read-tree", parent]);
        git.call(&read, Call { input: b"", environment }).await?;
        let mut lines = String::new();
        for (path, bytes) in files {
            let blob =
                git.call(&["hash-object", "-w", "--no-filters", "--stdin"], Call { input: bytes, environment }).await?;
            let _ = writeln!(lines, "100644 {}\t{path}", String::from_utf8_lossy(&blob).trim());
        }
        git.call(&["update-index", "--index-info"], Call { input: lines.as_bytes(), environment }).await?;
        let tree = git.call(&["write-tree"], Call { input: b"", environment }).await?;
        Ok(String::from_utf8_lossy(&tree).trim().to_owned())
    };
    let tree = work.await;
    let _ = std::fs::remove_file(&index);
    tree
}

//! The user's `git` as a child process: no hooks, no signing, no prompt, a deadline.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::VersionError;

/// Nothing that we ask of it takes long.
const DEADLINE: Duration = Duration::from_mins(2);
/// The oldest that is known to do all that we ask for.
const OLDEST: (u32, u32) = (2, 25);
/// Under whose name versions are committed when nobody says.
const NOBODY: (&str, &str) = ("hivis", "hivis@localhost");
/// What of the environment could lead it to another repository or index.
const LEADING: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// git on one repository.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    program: PathBuf,
    folder: PathBuf,
}

/// What one call is told.
#[derive(Default)]
pub(crate) struct Call<'a> {
    /// On its standard input.
    pub(crate) input: &'a [u8],
    /// In its environment.
    pub(crate) environment: &'a [(&'a str, String)],
}

impl Git {
    /// The git of this computer, on the repository at `folder`, which need not be one yet; refused when there is none, or one
    /// of another major version.
    pub(crate) async fn find(program: &Path, folder: &Path) -> Result<Self, VersionError> {
        let git = Self { program: program.to_owned(), folder: folder.to_owned() };
        let no = |why: String| VersionError::NoGit { why };
        let mut command = Command::new(&git.program);
        command.arg("--version").stdin(Stdio::null()).kill_on_drop(true);
        let out = match tokio::time::timeout(DEADLINE, command.output()).await {
            Ok(Ok(out)) => out,
            Ok(Err(error)) => return Err(no(format!("`{}` does not start: {error}", program.display()))),
            Err(_) => return Err(no("it does not answer".to_owned())),
        };
        let said = String::from_utf8_lossy(&out.stdout).trim().to_owned();
        let mut parts = said.strip_prefix("git version ").unwrap_or_default().split('.');
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
        match number().zip(number()) {
            Some((major, minor)) if major == OLDEST.0 && minor >= OLDEST.1 => Ok(git),
            Some(_) => Err(no(format!("it says `{said}`, known are {}.{} and later 2.x", OLDEST.0, OLDEST.1))),
            None => Err(no(format!("it says `{said}`"))),
        }
    }

    /// The repository.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs it; gives what it printed.
    pub(crate) async fn run(&self, args: &[&str]) -> Result<Vec<u8>, VersionError> {
        self.call(args, Call::default()).await
    }

    /// What it printed when it said yes; `None` when it ended with 1, as `--quiet` questions do for no.
    pub(crate) async fn ask(&self, args: &[&str]) -> Result<Option<String>, VersionError> {
        let (code, out, said) = self.raw(args, &Call::default()).await?;
        match code {
            Some(0) => Ok(Some(String::from_utf8_lossy(&out).trim().to_owned())),
            Some(1) => Ok(None),
            _ => Err(failed(args, &said)),
        }
    }

    /// Runs it with what it is told.
    pub(crate) async fn call(&self, args: &[&str], call: Call<'_>) -> Result<Vec<u8>, VersionError> {
        let (code, out, said) = self.raw(args, &call).await?;
        if code == Some(0) { Ok(out) } else { Err(failed(args, &said)) }
    }

    async fn raw(&self, args: &[&str], call: &Call<'_>) -> Result<(Option<i32>, Vec<u8>, String), VersionError> {
        let mut command = Command::new(&self.program);
        for name in LEADING {
            command.env_remove(name);
        }
        command
            .arg("--git-dir")
            .arg(self.folder.join(".git"))
            .arg("--work-tree")
            .arg(&self.folder)
            .args(["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false"])
            // Otherwise a power cut may leave a branch that names an empty file.
            .args(["-c", "core.fsync=committed,loose-object", "-c", "core.fsmonitor=false", "-c", "gc.auto=0"])
            .args(["-c", &format!("safe.directory={}", self.folder.display())])
            .args(args)
            .current_dir(&self.folder)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .envs(call.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let work = async {
            let mut child = command.spawn()?;
            let mut stdin = child.stdin.take().expect("it is piped: this is a bug");
            let write = async {
                // One that does not want to read on says why on its standard error.
                let _ = stdin.write_all(call.input).await;
                drop(stdin);
            };
            let (out, ()) = tokio::join!(child.wait_with_output(), write);
            out
        };
        let out = match tokio::time::timeout(DEADLINE, work).await {
            Ok(out) => out.map_err(|error| failed(args, &error.to_string()))?,
            Err(_) => return Err(failed(args, "it took too long and was ended")),
        };
        Ok((out.status.code(), out.stdout, String::from_utf8_lossy(&out.stderr).into_owned()))
    }

    /// Name and address for commits: the user's own where git knows them.
    pub(crate) async fn identity(&self, wanted: Option<&(String, String)>) -> Result<(String, String), VersionError> {
        if let Some(identity) = wanted {
            return Ok(identity.clone());
        }
        let name = self.ask(&["config", "--get", "user.name"]).await?.filter(|name| !name.is_empty());
        let mail = self.ask(&["config", "--get", "user.email"]).await?.filter(|mail| !mail.is_empty());
        Ok(name.zip(mail).unwrap_or_else(|| (NOBODY.0.to_owned(), NOBODY.1.to_owned())))
    }
}

fn failed(args: &[&str], said: &str) -> VersionError {
    let verb = args.first().copied().unwrap_or_default().to_owned();
    let said = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    VersionError::Git { verb, said: said.chars().take(400).collect() }
}

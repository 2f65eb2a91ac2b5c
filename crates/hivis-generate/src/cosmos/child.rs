//! A child process with all its descendants, ended at a deadline.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;

use super::WHO;
use crate::GenerateError;

/// Kills the group of a child when it is dropped: at the deadline, and when nobody waits any more.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // One that has ended since is no failure.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs a program to its end; what it says goes to `log`, what it gives to `out`.
pub(super) async fn run(
    command: &[String],
    (log, out): (&Path, Option<&Path>),
    time: Duration,
) -> Result<ExitStatus, GenerateError> {
    let file = |path: &Path| {
        let opened = fs_err::File::create(path).map(fs_err::File::into_file);
        opened.map_err(|source| GenerateError::File { path: path.to_owned(), source })
    };
    let failed = |source| GenerateError::Command { command: command[0].clone(), source };
    let errors = file(log)?;
    let said = match out {
        Some(path) => file(path)?,
        None => errors.try_clone().map_err(failed)?,
    };
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(said)
        .stderr(errors)
        // A group of its own: torchrun and its workers end together.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let mut group = Group(child.id().and_then(|id| Pid::from_raw(id as i32)));
    match tokio::time::timeout(time, child.wait()).await {
        Ok(Ok(status)) => {
            // What it left behind ends too; the group's number is free only when nobody is in it any more.
            drop(group);
            Ok(status)
        }
        Ok(Err(source)) => Err(failed(source)),
        Err(_) => {
            group.0.take().into_iter().for_each(|group| {
                let _ = kill_process_group(group, Signal::KILL);
            });
            let _ = child.wait().await;
            Err(GenerateError::Slow { who: WHO, after: time })
        }
    }
}

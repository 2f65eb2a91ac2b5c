//! A child process and all that it started, ended together.
//!
//! wandb starts its service in a session of its own, so that a signal to the child's process group does not reach it.
//! What belongs to the child is therefore known by a variable in its environment, which its children inherit.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// The variable that marks a family.
const VARIABLE: &str = "HIVIS_TRACKER";
/// How often a running family is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Looks after a kill: a second, then what the system does not end is left to it.
const LOOKS: usize = 50;
/// Tells the families of one process apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A child with its descendants; dropped, all are killed.
pub(super) struct Family {
    child: Child,
    /// The child's end, once it was seen. Its process id means nothing from then on.
    status: Option<ExitStatus>,
    /// `VARIABLE=value` as the environment holds it.
    mark: Vec<u8>,
}

impl Family {
    /// Starts `command` in a process group of its own, out of reach of the terminal's Ctrl-C. `name` and this process's
    /// id make the mark.
    pub(super) fn start(mut command: Command, name: &str) -> io::Result<Self> {
        let value = format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mark = format!("{VARIABLE}={value}").into_bytes();
        let child = command.env(VARIABLE, value).process_group(0).spawn()?;
        Ok(Self { child, status: None, mark })
    }

    /// The child, for its pipes.
    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits until `deadline` for the end of all; `None` when some are still there.
    pub(super) fn wait(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            if let Some(status) = self.status()
                && self.members().is_empty()
            {
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Kills all that are still there.
    pub(super) fn kill(&mut self) {
        let mut quiet = 0;
        for _ in 0..LOOKS {
            let ended = self.status().is_some();
            let members = self.members();
            if ended && members.is_empty() {
                // A process that is just starting another program shows no environment: one look is not enough.
                quiet += 1;
                if quiet == 2 {
                    return;
                }
            } else {
                quiet = 0;
            }
            // The group first: where there is no `/proc` it is all that can be reached. One that ended since is no failure.
            if !ended {
                let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            }
            for member in members {
                let _ = kill_process(member, Signal::KILL);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn status(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        self.status
    }

    /// Processes that carry the mark; none where there is no `/proc`. A dead one that nobody reaped has no environment.
    fn members(&self) -> Vec<Pid> {
        let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
        let marked = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry.ok()?;
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            // Of other users, or gone.
            let environment = std::fs::read(entry.path().join("environ")).ok()?;
            environment.split(|byte| *byte == 0).any(|variable| variable == self.mark).then_some(pid)
        };
        processes.filter_map(marked).collect()
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        self.kill();
    }
}

//! A process that measures on request: one line asks, one line of JSON answers.
//!
//! Ours and the peers' run alike, each in a process of its own, so that each has its own memory and its own threads, and
//! the rounds of all of them can be interleaved.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A running process; dropping it ends it.
pub(crate) struct Peer {
    child: Child,
    stdin: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts `command` and waits for its first line, which says that it is ready.
    pub(crate) fn start(mut command: Command) -> Result<(Self, Value)> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child =
            command.spawn().with_context(|| format!("{} does not start", command.get_program().display()))?;
        let stdin = child.stdin.take().expect("it was asked for: this is a bug");
        let stdout = child.stdout.take().expect("it was asked for: this is a bug");
        let mut peer = Self { child, stdin, answers: BufReader::new(stdout) };
        let ready = peer.answer()?;
        Ok((peer, ready))
    }

    /// Sends one line and waits for the answer.
    pub(crate) fn ask(&mut self, line: &str) -> Result<Value> {
        writeln!(self.stdin, "{line}").context("the peer has ended")?;
        self.answer()
    }

    /// The next line of JSON; lines that are none (a library's chatter) are passed over.
    fn answer(&mut self) -> Result<Value> {
        loop {
            let mut line = String::new();
            if self.answers.read_line(&mut line)? == 0 {
                bail!("the peer ended without an answer");
            }
            let Ok(value) = serde_json::from_str::<Value>(&line) else { continue };
            match value.get("error") {
                Some(error) => bail!("{}", error.as_str().unwrap_or("it failed")),
                None => return Ok(value),
            }
        }
    }

    /// CPU time of all its threads that still live.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut total = 0;
        for task in fs_err::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may end between the listing and the reading.
            total += std::fs::read_to_string(task?.path().join("schedstat")).map_or(0, |text| nanoseconds(&text));
        }
        Ok(Duration::from_nanos(total))
    }

    /// The most memory that it has held, in MiB (VmHWM).
    pub(crate) fn peak_mib(&self) -> Result<u64> {
        let status = fs_err::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib >> 10)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of this thread.
pub(crate) fn own_cpu() -> Result<Duration> {
    Ok(Duration::from_nanos(nanoseconds(&fs_err::read_to_string("/proc/thread-self/schedstat")?)))
}

/// The first field of a `schedstat`: time on a processor.
fn nanoseconds(schedstat: &str) -> u64 {
    schedstat.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0)
}

/// The folder of the virtual environment `name`: in `HIVIS_VENVS`, or in hivis's cache, as `cargo xtask` keeps them.
pub(crate) fn venv(name: &str) -> Option<PathBuf> {
    let kept = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/hivis/venvs"));
    let folder = std::env::var_os("HIVIS_VENVS").map(PathBuf::from).or_else(kept)?.join(name);
    folder.join("bin/python").exists().then_some(folder)
}

/// A script of `bench/peers`, run by the Python of `venv`.
pub(crate) fn python(venv: &std::path::Path, script: &str) -> Command {
    let mut command = Command::new(venv.join("bin/python"));
    command.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers").join(script));
    command
}

/// The middle of `values`; NaN when there are none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n => f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]),
    }
}

/// What stands above a table: the processor, what it can do, and how busy the machine is.
pub(crate) fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let field = |name: &str| {
        cpuinfo.lines().find(|l| l.starts_with(name)).and_then(|l| l.split_once(':')).map_or("", |(_, v)| v.trim())
    };
    let flags: Vec<&str> = field("flags").split_whitespace().collect();
    let can: Vec<&str> = ["avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_bf16"]
        .into_iter()
        .filter(|flag| flags.contains(flag))
        .collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    format!("{}, {cores} threads, {}; load average {load}", field("model name"), can.join(" "))
}

//! Servers as processes of their own, so that their CPU time and memory are theirs alone.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use hivis_types::Hotkey;

use crate::peer;

/// Ticks of `/proc/PID/stat` a second: `USER_HZ`, 100 wherever this runs.
const TICKS: f64 = 100.0;

/// A server that listens on loopback and ends when its standard input closes.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) at: SocketAddr,
    /// Who it says that it is.
    pub(crate) hotkey: Hotkey,
}

impl Server {
    /// Starts this program again as `arguments` say.
    pub(crate) fn own(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments);
        Self::start(command)
    }

    /// Starts the SDK's axon out of the tests' virtual environment; `None` when that is not installed.
    pub(crate) fn sdk(prediction: &str) -> Result<Option<Self>> {
        let Some(venv) = peer::venv("bittensor-10.5.0") else { return Ok(None) };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/hivis-bittensor/tests/sdk/axon.py");
        let mut command = Command::new(venv.join("bin/python"));
        command.arg(script).args(["--prediction", prediction]);
        Self::start(command).map(Some)
    }

    /// Waits for the line `{"port": ..., "hotkey": ...}`.
    fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let stdout = child.stdout.take().context("a child without standard output")?;
        let mut server = Self {
            child,
            stdout: BufReader::new(stdout),
            at: SocketAddr::from(([127, 0, 0, 1], 0)),
            hotkey: Hotkey::new(""),
        };
        let mut line = String::new();
        server.stdout.read_line(&mut line)?;
        ensure!(!line.is_empty(), "{command:?} ended before it was ready");
        let ready: serde_json::Value = serde_json::from_str(&line).context("a server says no JSON")?;
        let port = ready["port"].as_u64().and_then(|port| u16::try_from(port).ok()).context("no port")?;
        server.at.set_port(port);
        server.hotkey = Hotkey::new(ready["hotkey"].as_str().context("no hotkey")?);
        Ok(server)
    }

    fn proc(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id()))
    }

    /// User and system time so far, in seconds.
    pub(crate) fn cpu(&self) -> Result<f64> {
        cpu(&self.proc("stat"))
    }

    /// User and system time so far, in seconds, to the nanosecond: the sum over its threads, which must be those that it had.
    pub(crate) fn cpu_exact(&self) -> Result<f64> {
        let mut ns = 0;
        for thread in fs_err::read_dir(self.proc("task"))? {
            let text = fs_err::read_to_string(thread?.path().join("schedstat"))?;
            ns += text.split(' ').next().context("an odd schedstat")?.parse::<u64>()?;
        }
        Ok(ns as f64 / 1e9)
    }

    /// The most memory that was resident at once, in MiB: since the start, or since [`Self::forget_high_water`].
    pub(crate) fn high_water(&self) -> Result<f64> {
        let status = fs_err::read_to_string(self.proc("status"))?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: f64 = kib.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024.0)
    }

    /// Lets the high-water mark begin anew.
    pub(crate) fn forget_high_water(&self) -> Result<()> {
        Ok(fs_err::write(self.proc("clear_refs"), "5")?)
    }

    /// Ends it and gives what else it said on standard output.
    pub(crate) fn stop(mut self) -> Result<String> {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.stdout.read_to_string(&mut said)?;
        self.child.wait()?;
        Ok(said)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already, unless a measure failed half way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time of this process so far, in seconds.
pub(crate) fn own_cpu() -> Result<f64> {
    cpu(Path::new("/proc/self/stat"))
}

/// User and system time of the process that a `/proc/PID/stat` is of, in seconds.
pub(crate) fn cpu(stat: &Path) -> Result<f64> {
    let text = fs_err::read_to_string(stat)?;
    // The second field is a name in brackets that may hold anything; utime and stime are the 14th and 15th.
    let (_, fields) = text.rsplit_once(')').context("an odd /proc/PID/stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(ticks as f64 / TICKS)
}

/// What the tables say of the machine's other work: the load average over one minute.
pub(crate) fn load_average() -> String {
    let text = fs_err::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("?").to_owned()
}

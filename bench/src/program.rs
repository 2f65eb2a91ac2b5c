//! The real program in processes of its own: a home, its verbs, and `hivis serve`.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::child;

/// //Alice asks, //Bob is the miner: public development keys.
const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
/// The miner.
pub(crate) const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// A server is at rest when it works less than this in [`LOOK`], [`LOOKS`] times running.
const REST_S: f64 = 0.05;
const LOOK: Duration = Duration::from_secs(3);
const LOOKS: usize = 4;
/// It should be so by then.
const RESTLESS: Duration = Duration::from_mins(15);

/// A home and the program.
pub(crate) struct Wheel<'a> {
    pub(crate) hivis: &'a Path,
    pub(crate) home: &'a Path,
}

impl Wheel<'_> {
    /// The program with the home and these arguments.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.hivis);
        command.arg("--home").arg(self.home).args(args).stdin(Stdio::null());
        command
    }

    /// Runs a verb; what it says as JSON.
    pub(crate) fn run(&self, args: &[&str]) -> Result<Value> {
        let out = self.command(args).arg("--json").stderr(Stdio::piped()).output().context("hivis does not start")?;
        if !out.status.success() {
            bail!("hivis {} failed: {}", args.join(" "), String::from_utf8_lossy(&out.stderr));
        }
        Ok(serde_json::from_slice(&out.stdout).unwrap_or_default())
    }

    /// Makes the home as `hivis demo` does, and lets //Alice ask.
    pub(crate) fn begin(&self) -> Result<()> {
        self.run(&["demo", "--questions", "2", "--rate", "20", "--no-stay", "--no-train"])?;
        let permits = format!("[[permit]]\nhotkey = \"{ALICE}\"\nstake = 1000.0\n");
        Ok(fs_err::write(self.home.join("permits.toml"), permits)?)
    }

    /// Serves on ports of the kernel's choice, as //Bob.
    pub(crate) fn serve(&self) -> Result<Served> {
        let args = ["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--hotkey", "//Bob", "--json"];
        let mut child = self.command(&args).stderr(Stdio::piped()).spawn().context("hivis does not start")?;
        let mut lines = BufReader::new(child.stderr.take().context("no stderr")?).lines();
        let (axon, page) = loop {
            let line = lines.next().context("the server ended")??;
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            let said = |name: &str| event["fields"][name].as_str();
            if let (Some(axon), Some(page)) = (said("axon"), said("page")) {
                break (axon.parse()?, page.trim_start_matches("http://").trim_end_matches('/').parse()?);
            }
        };
        // Read to the end, so that it never waits for its log.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Served { child, axon, page })
    }
}

/// `hivis serve`, which ends with its value.
pub(crate) struct Served {
    child: Child,
    pub(crate) axon: SocketAddr,
    pub(crate) page: SocketAddr,
}

impl Served {
    /// User and system time so far, in seconds.
    pub(crate) fn cpu(&self) -> Result<f64> {
        child::cpu(Path::new(&format!("/proc/{}/stat", self.child.id())))
    }

    /// Waits until nothing that it began by itself is left to do; how long that took.
    pub(crate) fn rest(&self) -> Result<Duration> {
        let begin = Instant::now();
        let mut calm = 0;
        while calm < LOOKS {
            ensure!(begin.elapsed() < RESTLESS, "the server does not come to rest in {} s", RESTLESS.as_secs());
            let before = self.cpu()?;
            std::thread::sleep(LOOK);
            calm = if self.cpu()? - before < REST_S { calm + 1 } else { 0 };
        }
        Ok(begin.elapsed())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Ended already, unless a measure failed half way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! `hivis run`: serve, and let the wheel turn beside it.
//!
//! The night has a process of its own, of the same program: it may take all memory, crash or compute for hours, and no
//! answer waits for it. It stands behind every other process in the line for the processor, and goes when this one goes.

use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use hivis_store::Home;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::serve;
use crate::cli::{Global, ServeArgs};
use crate::home;

/// A night that ended by itself is begun again after so long.
const AGAIN: Duration = Duration::from_mins(1);
/// A night that is asked to stop has so long for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs until SIGTERM or Ctrl-C; then both stop.
pub(crate) async fn run(global: &Global, args: &ServeArgs) -> Result<ExitCode> {
    let home = home::open_or_create(global)?;
    let settings = home::settings(&home, args)?;
    let model = settings.model.clone();
    let ready = Box::pin(serve::prepare(home.clone(), settings)).await?;
    let (stop, stopped) = watch::channel(false);
    // What serves is what sits exams, flags included; and the report asks the page that is really there.
    let told = [
        ("HIVIS_MODEL_ENGINE", model.engine.as_str().to_owned()),
        ("HIVIS_MODEL_PRECISION", model.precision.as_str().to_owned()),
        ("HIVIS_SERVE_PAGE", ready.page()?.to_string()),
    ];
    let beside = Beside { home, json: global.json, verbose: global.verbose, told };
    let night = tokio::spawn(keep(beside, stopped));
    let served = ready.run(std::future::pending()).await;
    // The night may be over already; then nobody listens.
    let _ = stop.send(true);
    if let Err(panic) = night.await {
        tracing::error!(%panic, "who kept the night stopped");
    }
    served?;
    tracing::info!("stopped; every committed record is on disk");
    Ok(ExitCode::SUCCESS)
}

/// How the night's process is started.
struct Beside {
    home: Home,
    json: bool,
    verbose: u8,
    /// Settings that come from flags, as the environment has them.
    told: [(&'static str, String); 3],
}

impl Beside {
    fn start(&self) -> Result<Child> {
        let program = std::env::current_exe().context("this program's own file is not known")?;
        let mut command = Command::new(program);
        command.arg("--home").arg(self.home.path()).args(["night", "watch", "--beside"]);
        command.arg(std::process::id().to_string()).envs(self.told.clone());
        if self.json {
            command.arg("--json");
        }
        if self.verbose > 0 {
            command.arg(format!("-{}", "v".repeat(self.verbose.into())));
        }
        // The sockets that systemd handed over are the server's.
        command.env_remove("LISTEN_FDS").env_remove("LISTEN_PID").env_remove("NOTIFY_SOCKET");
        // Ended even when this task is dropped.
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        command.spawn().context("the night's process cannot be started")
    }
}

/// Keeps a night running until it is told to stop.
async fn keep(beside: Beside, mut stopped: watch::Receiver<bool>) {
    loop {
        match beside.start() {
            Ok(mut child) => tokio::select! {
                status = child.wait() => {
                    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                    tracing::error!(status, "the night's process ended; it is started again in a minute");
                }
                () = asked(&mut stopped) => return end(child).await,
            },
            Err(error) => tracing::error!(error = format!("{error:#}"), "no night; it is tried again in a minute"),
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = asked(&mut stopped) => return,
        }
    }
}

/// Done when it is told to stop, or when nobody is left who could tell it.
async fn asked(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// SIGTERM, so that it gives back its lease; SIGKILL when it does not end.
async fn end(mut child: Child) {
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(pid) = pid {
        // It may have ended in this moment.
        let _ = kill_process(pid, Signal::TERM);
    }
    if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
        tracing::warn!("the night did not end in time; its job goes on at the next start");
        let _ = child.kill().await;
    }
}

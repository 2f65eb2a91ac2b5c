//! Long work makes way for the server that runs on the same home: an answer never waits for an import or a training.

use std::io;

use hivis_store::Home;
use rustix::process::{Pid, setpriority_process};

/// The least that the scheduler gives; an idle processor is still used whole.
const NICEST: i32 = 19;

/// Lowers this process's priority for good when a server runs on `home`. Who starts a server later is not helped by it:
/// long work asks at its beginning only.
pub(crate) fn make_way(home: &Home) {
    if !matches!(home.server(), Ok(Some(server)) if server != Some(std::process::id())) {
        return;
    }
    match be_nice() {
        Ok(()) => tracing::info!("a server runs on this home: this work takes what it leaves"),
        Err(error) => tracing::warn!(%error, "the priority of this work cannot be lowered"),
    }
}

/// Linux keeps a priority for each thread; threads that come later have that of the one that starts them.
fn be_nice() -> io::Result<()> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return Ok(setpriority_process(None, NICEST)?);
    };
    for thread in threads {
        let id = thread?.file_name().to_str().and_then(|id| id.parse().ok()).and_then(Pid::from_raw);
        setpriority_process(id, NICEST)?;
    }
    Ok(())
}

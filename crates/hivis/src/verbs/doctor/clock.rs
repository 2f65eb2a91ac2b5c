//! The clock: a nonce that is some seconds off is refused, here or by others.

use super::Finding;
use super::machine::Machine;

/// Is there when systemd-timesyncd has set the clock since the machine started.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

pub(super) async fn check(machine: &Machine) -> Finding {
    let what = "clock sync";
    let mend = "timedatectl set-ntp true (or install chrony)";
    let said = machine.say(&["timedatectl", "show", "--property=NTPSynchronized", "--value"]).await;
    match said.as_deref().map(str::trim) {
        Some("yes") => return Finding::good(what, "set by NTP"),
        Some("no") => return Finding::bad(what, "nothing sets it", mend),
        _ => {}
    }
    if machine.path(SYNCHRONIZED).exists() {
        return Finding::good(what, "set by systemd-timesyncd");
    }
    if let Some(text) = machine.say(&["chronyc", "tracking"]).await {
        return if text.contains("Leap status     : Normal") {
            Finding::good(what, "set by chrony")
        } else {
            Finding::bad(what, "chrony has not set it yet", "chronyc sources")
        };
    }
    let look = "in a container the machine outside sets it; a running server measures it against validators";
    Finding::note(what, "whether something sets it cannot be told here", look)
}

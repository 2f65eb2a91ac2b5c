//! What the kernel lets the server have.

use super::{Deployment, Finding};

/// Open files beside connections: ledger, pictures, model, libraries.
const OTHER_FILES: u64 = 256;
/// Below this a large backbone does not fit: 8 GB with what the system takes.
const LITTLE_MEMORY: u64 = 2_000_000_000;

pub(super) fn check(of: &Deployment<'_>) -> Vec<Finding> {
    let mut findings = vec![files(of), memory(of)];
    findings.extend(cgroup(of));
    findings
}

fn files(of: &Deployment<'_>) -> Finding {
    let what = "open files";
    let pid = of.home.server().ok().flatten().flatten();
    // Without a server it is this shell's limit; the service has one of its own.
    let (path, whose) = match pid {
        Some(pid) => (format!("/proc/{pid}/limits"), "the server"),
        None => ("/proc/self/limits".to_owned(), "a server started here"),
    };
    let text = of.machine.read(&path).unwrap_or_default();
    let limit = text.lines().find_map(|line| {
        let soft = line.strip_prefix("Max open files")?.split_whitespace().next()?;
        Some(if soft == "unlimited" { u64::MAX } else { soft.parse().ok()? })
    });
    let wanted = of.settings.serve.connections as u64 + OTHER_FILES;
    match limit {
        None => Finding::note(what, format!("{path} cannot be read"), "ulimit -n"),
        Some(limit) if limit < wanted => Finding::bad(
            what,
            format!("{whose} may have {limit}, serve.connections wants {wanted}"),
            "LimitNOFILE= in the unit (`hivis install-service` sets it), or `ulimit -n`",
        ),
        Some(limit) => Finding::good(what, format!("{whose} may have {limit}, {wanted} are wanted")),
    }
}

fn memory(of: &Deployment<'_>) -> Finding {
    let what = "memory";
    let text = of.machine.read("/proc/meminfo").unwrap_or_default();
    let kib = |key: &str| -> Option<u64> {
        let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
        Some(1024 * rest.trim_start_matches(':').split_whitespace().next()?.parse::<u64>().ok()?)
    };
    let (Some(total), Some(free)) = (kib("MemTotal"), kib("MemAvailable")) else {
        return Finding::note(what, "it cannot be read", "free -h");
    };
    let swap = kib("SwapTotal").unwrap_or(0);
    let gb = |bytes: u64| bytes as f64 / 1e9;
    let said = format!("{:.1} GB, {:.1} free, {:.1} swap", gb(total), gb(free), gb(swap));
    if total < LITTLE_MEMORY {
        return Finding::bad(what, said, "only small backbones serve in that; take a machine with 8 GB");
    }
    Finding::good(what, said)
}

/// A limit of the control group (container or service) that this runs in.
fn cgroup(of: &Deployment<'_>) -> Option<Finding> {
    let group = of.machine.read("/proc/self/cgroup")?;
    let path = group.lines().find_map(|line| line.strip_prefix("0::"))?.to_owned();
    let folder = format!("/sys/fs/cgroup{}", path.trim_end_matches('/'));
    let bytes: u64 = of.machine.read(&format!("{folder}/memory.max"))?.trim().parse().ok()?;
    let said = format!("this control group may have {:.1} GB", bytes as f64 / 1e9);
    Some(if bytes < LITTLE_MEMORY {
        Finding::bad("memory limit", said, "a larger limit for the container or service")
    } else {
        Finding::good("memory limit", said)
    })
}

//! The machine's memory and name. In a container the container's limit is the machine.

use hivis_types::metric;

use super::process::kib;

/// Sets memory; nothing where the system does not tell.
pub(super) fn set() {
    let read = |file: &str| std::fs::read_to_string(file).ok();
    let Some(meminfo) = read("/proc/meminfo") else { return };
    let group = ["memory.max", "memory.current", "memory.stat"].map(|file| read(&format!("/sys/fs/cgroup/{file}")));
    let [limit, current, stat] = &group;
    let group = limit
        .as_deref()
        .zip(current.as_deref())
        .map(|(limit, current)| (limit, current, stat.as_deref().unwrap_or_default()));
    if let Some((all, available)) = memory(&meminfo, group) {
        metrics::gauge!(metric::MACHINE_MEMORY).set(all);
        metrics::gauge!(metric::MACHINE_MEMORY_AVAILABLE).set(available);
    }
}

/// The machine's name, for the label `Hostname`.
pub(crate) fn host() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

/// Bytes in all, and bytes that programs can still have; `group` is a control group's limit, use and statistics.
fn memory(meminfo: &str, group: Option<(&str, &str, &str)>) -> Option<(f64, f64)> {
    let (all, available) = (kib(meminfo, "MemTotal:")?, kib(meminfo, "MemAvailable:")?);
    let Some((limit, current, stat)) = group else { return Some((all, available)) };
    // `max` is no limit.
    let (Ok(limit), Ok(current)) = (limit.trim().parse::<f64>(), current.trim().parse::<f64>()) else {
        return Some((all, available));
    };
    if limit >= all {
        return Some((all, available));
    }
    // Pages of files that nobody reads are given up first (`memory.stat`, Linux' `cgroup-v2.rst`).
    let given_up = stat.lines().find_map(|line| line.strip_prefix("inactive_file ")?.trim().parse::<f64>().ok());
    Some((limit, available.min((limit - current + given_up.unwrap_or(0.0)).clamp(0.0, limit))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_containers_limit_counts() {
        let meminfo = "MemTotal:       1000 kB\nMemFree:          10 kB\nMemAvailable:    600 kB\n";
        let kib = |n: f64| n * 1024.0;
        assert_eq!(memory(meminfo, None), Some((kib(1000.0), kib(600.0))));
        assert_eq!(memory(meminfo, Some(("max\n", "5\n", ""))), Some((kib(1000.0), kib(600.0))));
        let group = Some(("512000\n", "300000\n", "anon 1\ninactive_file 1000\n"));
        assert_eq!(memory(meminfo, group), Some((512_000.0, 213_000.0)));
        assert_eq!(memory("nothing", None), None);
    }
}

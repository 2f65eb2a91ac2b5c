//! This process, under the names that Prometheus' own client libraries use.

use hivis_types::metric;

/// Ticks a second in `/proc/PID/stat`: 100 on every Linux that we run on (`USER_HZ`, `proc(5)`).
const TICKS: f64 = 100.0;

/// Sets what `/proc` tells; nothing where there is none.
pub(super) fn set() {
    let read = |file: &str| std::fs::read_to_string(file).ok();
    let set = |name: &'static str, value: Option<f64>| {
        if let Some(value) = value {
            metrics::gauge!(name).set(value);
        }
    };
    if let Some(status) = read("/proc/self/status") {
        set(metric::PROCESS_MEMORY, kib(&status, "VmRSS:"));
        set(metric::PROCESS_VIRTUAL, kib(&status, "VmSize:"));
    }
    if let Some((cpu, start)) = read("/proc/self/stat").as_deref().and_then(times) {
        // A counter by its description; the recorder's own counters hold whole numbers only.
        set(metric::PROCESS_CPU, Some(cpu));
        let boot = read("/proc/stat").and_then(|text| number(&text, "btime"));
        set(metric::PROCESS_START, boot.map(|boot| boot + start));
    }
    set(metric::PROCESS_FILES, std::fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64));
    let limit = read("/proc/self/limits").and_then(|text| number(&text, "Max open files"));
    set(metric::PROCESS_FILES_MOST, limit);
}

/// A line `NAME   123 kB` as bytes.
pub(super) fn kib(text: &str, name: &str) -> Option<f64> {
    number(text, name).map(|kib| kib * 1024.0)
}

/// The first number behind a name at the beginning of a line.
fn number(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Seconds of the processor, and seconds from boot to start, of `/proc/self/stat`.
fn times(stat: &str) -> Option<(f64, f64)> {
    // The name in parentheses may hold anything; the fields after it are counted from the third.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    Some(((field(14)? + field(15)?) / TICKS, field(22)? / TICKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_read_as_it_is_written() {
        let status = "Name:\thivis\nVmSize:\t  204800 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!(kib(status, "VmRSS:"), Some(10_485_760.0));
        assert_eq!(kib(status, "VmNone:"), None);
        let stat = "7 (a) b)) S 1 7 7 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 9 0 123456 1 2 3";
        assert_eq!(times(stat), Some((3.0, 1234.56)));
        assert_eq!(times("7 (short) S 1"), None);
        assert_eq!(number("Max open files            1024  4096  files\n", "Max open files"), Some(1024.0));
    }
}

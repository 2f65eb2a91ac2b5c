//! How much memory a piece of work takes, as Linux counts it.

/// The process's peak of resident memory, set back to what is resident now.
pub(crate) struct Peak {
    before: u64,
}

impl Peak {
    /// Sets the peak back (`proc(5)`: 5 to `/proc/self/clear_refs`); `None` where that cannot be done.
    pub(crate) fn begin() -> Option<Self> {
        std::fs::write("/proc/self/clear_refs", "5").ok()?;
        peak().map(|before| Self { before })
    }

    /// Bytes that the peak has grown by since then.
    pub(crate) fn growth(&self) -> Option<u64> {
        peak().map(|now| now.saturating_sub(self.before))
    }
}

/// `VmHWM` of `/proc/self/status`, in bytes.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_peak_remembers_memory_that_was_let_go() {
        const BYTES: usize = 256 << 20;
        let peak = Peak::begin().expect("Linux lets a process reset its own peak");
        let block = vec![1_u8; BYTES];
        drop(std::hint::black_box(block));
        let growth = peak.growth().expect("Linux counts");
        assert!(growth > BYTES as u64 * 9 / 10, "{growth}");
        // Set back, it is forgotten: the block is resident no more.
        let again = Peak::begin().expect("again").growth().expect("Linux counts");
        assert!(again < BYTES as u64 / 2, "{again}");
    }
}

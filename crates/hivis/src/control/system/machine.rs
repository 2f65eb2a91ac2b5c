//! The machine: memory of this process, GPUs that the driver knows, the kernel.

use std::sync::OnceLock;

use hivis_console::system::{GpuLine, MemoryView};
use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;

/// As Linux counts it.
pub(super) fn memory() -> MemoryView {
    MemoryView {
        resident_bytes: kib("/proc/self/status", "VmRSS:"),
        peak_bytes: kib("/proc/self/status", "VmHWM:"),
        total_bytes: kib("/proc/meminfo", "MemTotal:"),
    }
}

/// A line such as `VmRSS:   1234 kB`, in bytes.
fn kib(file: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// GPUs of NVIDIA's driver; none where there is no driver. It may wait for the driver.
pub(super) fn gpus() -> Vec<GpuLine> {
    static DRIVER: OnceLock<Option<Nvml>> = OnceLock::new();
    let Some(driver) = DRIVER.get_or_init(|| Nvml::init().ok()) else { return Vec::new() };
    let one = |at: u32| {
        let device = driver.device_by_index(at).ok()?;
        let memory = device.memory_info().ok()?;
        Some(GpuLine {
            name: device.name().unwrap_or_else(|_| format!("GPU {at}")),
            used_bytes: memory.used,
            total_bytes: memory.total,
            busy_percent: device.utilization_rates().ok().map(|rates| rates.gpu),
            celsius: device.temperature(TemperatureSensor::Gpu).ok(),
        })
    };
    (0..driver.device_count().unwrap_or(0)).filter_map(one).collect()
}

/// Linux's own word.
pub(super) fn kernel() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|text| text.trim().to_owned())
}

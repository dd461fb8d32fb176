//! The process's memory, where the system tells (Linux).

/// The most memory that this process had at once, in MB (10^6 bytes).
pub fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// Begins to count the peak anew. Elsewhere than on Linux nothing is counted.
pub fn forget_peak() {
    let _unsupported = std::fs::write("/proc/self/clear_refs", "5");
}

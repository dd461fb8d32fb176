//! What the benchmarks share.

/// The most memory that this process had at once, in MB (10^6 bytes), where the system says it (Linux).
pub fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// Begins to count the peak anew, where the system can (Linux).
pub fn forget_peak() {
    // Elsewhere the peak of the whole run is what is shown.
    let _unsupported = std::fs::write("/proc/self/clear_refs", "5");
}

/// The value in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

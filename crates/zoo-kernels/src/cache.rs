//! What is known of the caches.

use std::sync::OnceLock;

/// Where the system does not say: what most cores have, or more.
const DEFAULT: usize = 512 << 10;

/// Bytes of a core's second-level cache, or what most cores have where the system does not say.
pub fn second() -> usize {
    static BYTES: OnceLock<usize> = OnceLock::new();
    *BYTES.get_or_init(|| read("/sys/devices/system/cpu/cpu0/cache/index2/size").unwrap_or(DEFAULT).clamp(256 << 10, 4 << 20))
}

/// Linux says `1024K`.
fn read(path: &str) -> Option<usize> {
    if cfg!(miri) {
        return None;
    }
    let kilobytes: usize = std::fs::read_to_string(path).ok()?.trim().strip_suffix('K')?.parse().ok()?;
    kilobytes.checked_mul(1 << 10)
}

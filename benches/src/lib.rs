//! What the benchmarks share.

mod repeated;

pub use repeated::repeated;
pub use zoo_cli::memory::{forget_peak, peak_mb as peak_memory};

/// The value in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

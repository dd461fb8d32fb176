//! Graphics devices that are programs on the CPU (lavapipe, llvmpipe, WARP).

use burn::tensor::{Device, DeviceType};
use cubecl_runtime::config::{CubeClRuntimeConfig, RuntimeConfig};

/// Where all graphics devices are software, kernels are chosen by one timing each instead of three to ten: a single product of
/// VGG takes seconds there, and a first training step took most of an hour. A user's own setting stays.
pub(crate) fn tune_briefly() {
    if !all_software(&format!("{:?}", Device::enumerate(DeviceType::Wgpu))) {
        return;
    }
    let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
    let bench = &mut config.autotune.bench;
    if (bench.min_samples, bench.max_samples) == (3, 10) {
        (bench.min_samples, bench.max_samples, bench.short_circuit_samples) = (1, 1, 1);
    }
    // Another part of the program may have set it already, which is then its own affair.
    let _kept = CubeClRuntimeConfig::try_set(config);
}

/// Whether a list of devices, as Burn writes it, names software devices and no others.
fn all_software(devices: &str) -> bool {
    devices.contains("Cpu") && !["DiscreteGpu", "IntegratedGpu", "VirtualGpu", "Other"].iter().any(|kind| devices.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_burn_calls_its_devices() {
        let devices = format!("{:?}", Device::enumerate(DeviceType::Wgpu));
        let known = ["Cpu", "DiscreteGpu", "IntegratedGpu", "VirtualGpu", "Other"];
        assert!(devices == "Devices([])" || known.iter().any(|kind| devices.contains(kind)), "{devices}");
    }
}

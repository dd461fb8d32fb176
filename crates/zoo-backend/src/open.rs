//! From a backend's name to its device.

use std::sync::Mutex;

use burn::tensor::Device;

use crate::{Backend, BackendError};

/// Devices that were opened: a graphics device can be initialised once in a process.
static OPENED: Mutex<Vec<(Backend, Option<usize>, Device)>> = Mutex::new(vec![]);

pub(crate) fn open(backend: Backend, index: Option<usize>) -> Result<Device, BackendError> {
    let mut opened = OPENED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, _, device)) = opened.iter().find(|(b, i, _)| (*b, *i) == (backend, index)) {
        return Ok(device.clone());
    }
    let device = open_new(backend, index)?;
    opened.push((backend, index, device.clone()));
    Ok(device)
}

#[allow(unused_variables, unreachable_patterns)] // depends on the features
fn open_new(backend: Backend, index: Option<usize>) -> Result<Device, BackendError> {
    match backend {
        #[cfg(feature = "flex")]
        Backend::Flex => single(backend, index).map(|()| flex()),
        #[cfg(feature = "ndarray")]
        Backend::NdArray => single(backend, index).map(|()| ndarray()),
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => graphics(backend, index, Device::wgpu_options()),
        #[cfg(feature = "vulkan")]
        Backend::Vulkan => graphics(backend, index, Device::wgpu_options().graphics_api(burn::tensor::wgpu::WgpuBackend::Vulkan)),
        #[cfg(feature = "metal")]
        Backend::Metal => graphics(backend, index, Device::wgpu_options().graphics_api(burn::tensor::wgpu::WgpuBackend::Metal)),
        #[cfg(feature = "webgpu")]
        Backend::WebGpu => graphics(backend, index, Device::wgpu_options().graphics_api(burn::tensor::wgpu::WgpuBackend::WebGpu)),
        #[cfg(feature = "cuda")]
        Backend::Cuda => probed(backend, || Device::cuda(index.unwrap_or(0))),
        #[cfg(feature = "rocm")]
        Backend::Rocm => probed(backend, || Device::rocm(index.unwrap_or(0))),
        #[cfg(feature = "cpu")]
        Backend::Cpu => single(backend, index).and_then(|()| probed(backend, Device::cpu)),
        #[cfg(feature = "tch")]
        Backend::Tch => single(backend, index).and_then(|()| probed(backend, libtorch)),
        _ => Err(BackendError::NotCompiled { backend, compiled: Backend::compiled().into_iter().map(Backend::name).collect() }),
    }
}

#[allow(dead_code)]
fn single(backend: Backend, index: Option<usize>) -> Result<(), BackendError> {
    match index {
        None | Some(0) => Ok(()),
        Some(index) => Err(BackendError::NoSuchIndex { backend, index }),
    }
}

/// Flex, on which models compute with `zoo-flex` unless the variable `BURN_ZOO_KERNELS` is `off`.
#[cfg(feature = "flex")]
fn flex() -> Device {
    if std::env::var("BURN_ZOO_KERNELS").is_ok_and(|value| value == "off") {
        zoo_flex::leave_to_burn();
    } else {
        zoo_flex::register();
    }
    Device::flex()
}

#[cfg(feature = "ndarray")]
#[expect(deprecated, reason = "Burn points to flex; the name stays for those who compare")]
fn ndarray() -> Device {
    Device::ndarray()
}

#[cfg(feature = "tch")]
#[expect(deprecated, reason = "Burn points to CubeCL; the name stays for those who compare")]
fn libtorch() -> Device {
    Device::libtorch()
}

/// `Device::wgpu` is lazy and its first operation panics where there is no adapter; this asks first.
#[cfg(feature = "wgpu")]
fn graphics(backend: Backend, index: Option<usize>, options: burn::tensor::wgpu::WgpuOptions) -> Result<Device, BackendError> {
    use burn::tensor::DeviceKind;
    let no_device = |reason: String| BackendError::NoDevice { backend, reason };
    if index.is_none() {
        crate::software::tune_briefly();
    }
    let kind = index.map_or(DeviceKind::DefaultDevice, DeviceKind::DiscreteGpu);
    match options.device_kind(kind).init() {
        Ok(device) => Ok(device),
        Err(error) => {
            let text = error.to_string();
            // What follows is a dump of all adapters that are there.
            let short = text.lines().next().and_then(|line| line.split(", adapters [").next());
            Err(no_device(short.unwrap_or("no adapter").to_owned()))
        }
    }
}

/// Runs one operation and turns a panic of the driver's binding into an error.
#[allow(dead_code)]
fn probed(backend: Backend, open: impl Fn() -> Device) -> Result<Device, BackendError> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let device = open();
        let two = burn::tensor::Tensor::<1>::ones([2], &device).sum();
        two.try_into_data().map(|_| device).map_err(|e| format!("{e:?}"))
    }));
    std::panic::set_hook(hook);
    match result {
        Ok(Ok(device)) => Ok(device),
        Ok(Err(reason)) => Err(BackendError::NoDevice { backend, reason }),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            let reason = said.and_then(|s| s.lines().next()).unwrap_or("its driver could not be loaded").to_owned();
            Err(BackendError::NoDevice { backend, reason })
        }
    }
}

//! Backends by name. Every backend `cfg` of the workspace is in this crate: `--backend wgpu` becomes a [`Device`] or a
//! sentence that says what to do.

mod open;
#[cfg(feature = "wgpu")]
mod software;

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use thiserror::Error;

/// A backend that Burn has, whether or not this build has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Pure Rust on the CPU, Burn's own: the default.
    Flex,
    /// The older CPU backend on the `ndarray` crate.
    NdArray,
    /// Any GPU.
    Wgpu,
    /// A GPU through Vulkan, with SPIR-V kernels.
    Vulkan,
    /// A GPU through Metal.
    Metal,
    /// A GPU through WebGPU.
    WebGpu,
    /// NVIDIA's CUDA.
    Cuda,
    /// AMD's ROCm.
    Rocm,
    /// CubeCL kernels compiled for the CPU.
    Cpu,
    /// LibTorch.
    Tch,
}

/// Why a backend cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BackendError {
    /// No such backend.
    #[error("unknown backend `{name}`; did you mean {nearest}? this build has {}", list(compiled))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest name.
        nearest: &'static str,
        /// Names of the backends in this build.
        compiled: Vec<&'static str>,
    },
    /// Burn has it, this build has not.
    #[error("backend `{backend}` is not in this build; rebuild with `--features {backend}`, or use one of {}", list(compiled))]
    NotCompiled {
        /// What was asked for.
        backend: Backend,
        /// Names of the backends in this build.
        compiled: Vec<&'static str>,
    },
    /// There is no such device on this machine.
    #[error("backend `{backend}` finds no device here ({reason}); use `--backend flex`, which runs on the CPU")]
    NoDevice {
        /// What was asked for.
        backend: Backend,
        /// What the driver said, in short.
        reason: String,
    },
    /// A device number for a backend that has one device.
    #[error("backend `{backend}` has only device 0, not {index}")]
    NoSuchIndex {
        /// What was asked for.
        backend: Backend,
        /// The number.
        index: usize,
    },
}

fn list(names: &[&'static str]) -> String {
    names.join(", ")
}

impl Backend {
    /// All backends, the default first.
    pub const ALL: [Self; 10] =
        [Self::Flex, Self::NdArray, Self::Wgpu, Self::Vulkan, Self::Metal, Self::WebGpu, Self::Cuda, Self::Rocm, Self::Cpu, Self::Tch];

    /// The name on the command line, and of the Cargo feature.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::NdArray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::WebGpu => "webgpu",
            Self::Cuda => "cuda",
            Self::Rocm => "rocm",
            Self::Cpu => "cpu",
            Self::Tch => "tch",
        }
    }

    /// Whether this build has it.
    pub const fn is_compiled(self) -> bool {
        match self {
            Self::Flex => cfg!(feature = "flex"),
            Self::NdArray => cfg!(feature = "ndarray"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Metal => cfg!(feature = "metal"),
            Self::WebGpu => cfg!(feature = "webgpu"),
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Rocm => cfg!(feature = "rocm"),
            Self::Cpu => cfg!(feature = "cpu"),
            Self::Tch => cfg!(feature = "tch"),
        }
    }

    /// The backends of this build.
    pub fn compiled() -> Vec<Self> {
        Self::ALL.into_iter().filter(|b| b.is_compiled()).collect()
    }

    /// The backend with this name, in any case of letters.
    ///
    /// # Errors
    /// [`BackendError::Unknown`] with the nearest name, [`BackendError::NotCompiled`] with the feature to switch on.
    pub fn parse(name: &str) -> Result<Self, BackendError> {
        let wanted = name.to_lowercase();
        let compiled = || Self::compiled().into_iter().map(Self::name).collect();
        match Self::ALL.into_iter().find(|b| b.name() == wanted) {
            Some(backend) if backend.is_compiled() => Ok(backend),
            Some(backend) => Err(BackendError::NotCompiled { backend, compiled: compiled() }),
            None => {
                let near = |b: &Self| (strsim::jaro_winkler(&wanted, b.name()) * 1e6) as u64;
                let nearest = Self::ALL.into_iter().max_by_key(near).unwrap_or(Self::Flex).name();
                Err(BackendError::Unknown { name: name.to_owned(), nearest, compiled: compiled() })
            }
        }
    }

    /// Opens a device (the default one, or that with a number), and makes sure that it is there. A second call gives the
    /// same device.
    ///
    /// # Errors
    /// [`BackendError::NoDevice`] where the machine has none, [`BackendError::NoSuchIndex`].
    pub fn open(self, index: Option<usize>) -> Result<Device, BackendError> {
        open::open(self, index)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backend {
    type Err = BackendError;

    fn from_str(name: &str) -> Result<Self, BackendError> {
        Self::parse(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_found_and_wrong_ones_explained() {
        for backend in Backend::ALL {
            match Backend::parse(backend.name()) {
                Ok(found) => assert_eq!(found, backend),
                Err(e) => assert!(e.to_string().contains(&format!("--features {backend}")), "{e}"),
            }
        }
        let message = Backend::parse("wgup").unwrap_err().to_string();
        assert!(message.contains("did you mean wgpu?"), "{message}");
    }

    #[cfg(feature = "flex")]
    #[test]
    fn flex_opens_and_has_one_device() {
        assert!(Backend::Flex.open(None).is_ok());
        assert!(matches!(Backend::Flex.open(Some(1)), Err(BackendError::NoSuchIndex { index: 1, .. })));
    }
}

//! Kernels of neural networks on the CPU.
mod activation;
mod conv;
mod error;
mod gemm;
mod isa;
mod memory;
mod simd;
mod threads;
mod view;

pub use activation::Activation;
pub use conv::{Algorithm, ConvSpec, PackedConv, candidates, modelled_cycles};
pub use error::{KernelError, Result};
pub use isa::Isa;
pub use memory::Aligned;
pub use threads::Threads;
pub use view::{Shape, View, ViewMut};

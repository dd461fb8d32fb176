//! Kernels of neural networks on the CPU.
mod activation;
mod conv;
mod dense;
mod elementwise;
mod error;
mod gemm;
mod isa;
mod layout;
mod memory;
mod peak;
mod pool;
mod simd;
mod threads;
mod view;

pub use activation::Activation;
pub use conv::{Algorithm, ConvSpec, PackedConv, candidates, modelled_cycles};
pub use dense::Dense;
pub use elementwise::{Binary, affine, binary, binary_in_place, unary, unary_in_place};
pub use error::{KernelError, Result};
pub use isa::Isa;
pub use layout::{gather_channels, nchw_to_nhwc, nhwc_to_nchw, permute, shuffled_channels};
pub use memory::Aligned;
pub use peak::peak_gflops;
pub use pool::{PoolKind, PoolSpec, adaptive_pool, pool};
pub use threads::Threads;
pub use view::{Shape, View, ViewMut};

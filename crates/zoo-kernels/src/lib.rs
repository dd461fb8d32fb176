//! Kernels of neural networks on the CPU, in plain Rust: SIMD through [`pulp`], threads of its own, no Burn.
//!
//! # Data
//! f32, `[batch, height, width, channels]`, channels last. A [`View`] is a slice, a shape, and the floats from one pixel to the
//! next, so that a tensor may be part of a wider one: a layer can write into its part of a concatenation. Rows and pictures
//! follow each other without further gaps. A matrix of `rows` is a tensor `[rows, 1, 1, columns]`.
//!
//! # Planning and running
//! What has weights is packed once for an instruction set ([`Isa`]) and run many times: [`PackedConv`], [`Dense`]. A packed
//! layer is immutable and shared by threads freely; what a run writes are its output and a workspace that the caller owns, of
//! the length that `workspace_len` says. Nothing is kept between runs. [`Aligned`] buffers begin on a cache line, which all
//! kernels like and none needs.
//!
//! For a convolution, [`candidates`] lists the [`Algorithm`]s that can compute it, the one likely to be fastest first, and
//! [`modelled_cycles`] says why; to be sure, time them.
//!
//! ```
//! # fn main() -> zoo_kernels::Result<()> {
//! use zoo_kernels::{Activation, ConvSpec, Isa, PackedConv, Threads, View, ViewMut, candidates};
//!
//! let (isa, threads) = (Isa::detect(), Threads::new(2));
//! let spec = ConvSpec::new(3, 8, [3, 3]).stride(2).padding(1);
//! let shape = [1, 32, 32, 3];
//! let (weight, bias) = (vec![0.1; spec.weight_len()], vec![0.0; 8]);
//! let algorithm = candidates(&spec, shape, isa)?[0];
//! let conv = PackedConv::pack(&spec, &weight, Some(&bias), algorithm, isa)?;
//!
//! let input = vec![1.0; 32 * 32 * 3];
//! // Channels 4 to 11 of a concatenation of 12.
//! let mut output = vec![0.0; 16 * 16 * 12];
//! let mut workspace = vec![0.0; conv.workspace_len(shape, &threads)?];
//! let into = ViewMut::strided(&mut output[4..], spec.output_shape(shape)?, 12)?;
//! conv.run(View::new(&input, shape)?, None, Activation::Relu, into, &mut workspace, &threads)?;
//! assert_eq!(output[3], 0.0);
//! assert!((output[17 * 12 + 4] - 2.7).abs() < 1e-5);
//! # Ok(())
//! # }
//! ```
//!
//! # Numbers
//! Errors against exact arithmetic are stated and tested: sums of K products within `(4 + sqrt(K)) eps` of the sum of their
//! magnitudes; Winograd within twice that for tiles of 2 and 30 times for tiles of 4, relative to the magnitudes in the tile;
//! activations within 4 units in the last place of the larger of the value and 1 (GELU: 8). The same
//! packed layer, shape and number of threads give the same bits; another number of threads or instruction set may round
//! differently.
//!
//! NaN and infinity in the input never become finite wrong numbers. Winograd spreads them over a tile of 4 x 4 or 6 x 6
//! pixels, and grouped convolution over the groups that share a register.

mod activation;
mod affine;
mod arena;
mod batch_norm;
mod cache;
mod channels;
mod conv;
mod dense;
mod derivative;
mod elementwise;
mod error;
mod gemm;
mod isa;
mod layout;
mod matmul;
mod memory;
mod norm;
mod optimiser;
mod peak;
mod pool;
mod processors;
mod scratch;
mod simd;
mod threads;
mod view;

pub use activation::Activation;
pub use affine::affine;
pub use arena::{Arena, Layer, Place};
pub use batch_norm::{BatchNorm, BatchNormGradients, Statistics, batch_statistics};
pub use cache::second as second_cache;
pub use conv::{Algorithm, Chain, ConvSpec, ConvTraining, Input, PackedConv, Prologue, candidates, modelled_cycles};
pub use dense::{Dense, DenseTraining};
pub use derivative::unary_backward;
pub use elementwise::{Binary, binary, binary_in_place, unary, unary_in_place};
pub use error::{KernelError, Result};
pub use isa::Isa;
pub use layout::{gather_channels, nchw_to_nhwc, nhwc_to_nchw, permute, shuffled_channels};
pub use matmul::{MatMul, MatMulSpec};
pub use memory::Aligned;
pub use norm::{LocalResponseNorm, layer_norm, local_response_norm, softmax};
pub use optimiser::{AdamW, Sgd, scale, sum_of_squares};
pub use peak::peak_gflops;
pub use pool::{PoolKind, PoolSpec, adaptive_pool, adaptive_pool_backward, pool, pool_backward, sum_pixels};
pub use scratch::Scratch;
pub use threads::Threads;
pub use view::{Shape, View, ViewMut};

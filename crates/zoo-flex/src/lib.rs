//! Training on the CPU: operations of Burn's Flex backend whose forward and backward passes run on `zoo-kernels`, maps in NHWC.
//!
//! ```
//! zoo_flex::register();
//! ```
//! From then on the layers of all models (`zoo_layers::maps`) compute with it on Flex's devices, with and without autodiff, in f32;
//! `zoo-backend` calls it when it opens Flex. Nothing else changes: a model's code, parameters, records and random numbers are
//! the same, values and gradients agree within rounding errors, and a run gives the same bits again, with any number of threads.
#![forbid(unsafe_code)]

mod accelerator;
mod buffer;
mod map;
mod operation;
mod ops;
mod run;
mod sgd;

pub use buffer::clear_buffers;

/// Has the layers of this process compute with this crate where they can.
pub fn register() {
    zoo_layers::maps::accelerate(&accelerator::Kernels);
}

/// Has the layers of this process compute with Burn's own operations, to compare.
pub fn leave_to_burn() {
    zoo_layers::maps::set_accelerated(false);
}

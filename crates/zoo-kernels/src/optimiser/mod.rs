//! Steps of optimisers, each in one pass over parameters, gradients and what the optimiser remembers.

mod adamw;
mod norm;
mod sgd;

pub use adamw::AdamW;
pub use norm::{scale, sum_of_squares};
pub use sgd::Sgd;

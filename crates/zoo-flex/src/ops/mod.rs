//! The operations.

pub(crate) mod cat;
pub(crate) mod conv;
pub(crate) mod fork;
pub(crate) mod linear;
pub(crate) mod norm;
pub(crate) mod norm_conv;
pub(crate) mod norm_fixed;
pub(crate) mod pointwise;
pub(crate) mod pool;
pub(crate) mod stack;

//! LeNet: LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition", section II-B) with
//! sigmoid (`lenet5`, as the lecture draws it) or tanh (`lenet5_tanh`), and the network of 1989 (LeCun et al.,
//! "Backpropagation applied to handwritten zip code recognition", Neural Computation 1(4), section 3; `lenet1989`).
//!
//! From the paper of 1998 it deviates as most courses do: a 28x28 input padded by 2 instead of 32x32, plain average
//! pooling without trained coefficients, every map of the second convolution sees all maps of the first, and a plain
//! linear output. Its fully connected layers are made for one picture size, 28x28 or `BuildOptions::image_size`.

mod lenet1989;
mod lenet5;
mod local;

pub use lenet5::LeNet;
pub use lenet1989::LeNet1989;
pub use local::LocalBiasConv;

//! The operations of the graph.

use burn_ir::OperationIr;

/// An elementwise function of one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unary {
    /// max(x, 0)
    Relu,
    /// The number nearest to x from min to max.
    Clamp {
        /// Smallest result.
        min: f32,
        /// Largest result.
        max: f32,
    },
    /// x where positive, slope * x elsewhere.
    LeakyRelu(f32),
    /// 1 / (1 + exp(-x))
    Sigmoid,
    /// clamp(alpha * x + beta, 0, 1)
    HardSigmoid {
        /// Factor: 1/6 in PyTorch.
        alpha: f32,
        /// Summand: 1/2 in PyTorch.
        beta: f32,
    },
    /// x * clamp(x + 3, 0, 6) / 6
    HardSwish,
    /// x * sigmoid(x)
    Silu,
    /// x * Φ(x), by the error function.
    Gelu,
    /// Hyperbolic tangent.
    Tanh,
    /// mul * x + add
    Linear {
        /// Factor.
        mul: f32,
        /// Summand.
        add: f32,
    },
    /// x to the power of p.
    Powf(f32),
    /// Square root.
    Sqrt,
    /// e to the power of x.
    Exp,
    /// Natural logarithm.
    Log,
    /// The error function.
    Erf,
    /// 1 / x
    Recip,
    /// |x|
    Abs,
}

/// An elementwise function of two values. Dimensions of size 1 are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
}

/// What a pooling window becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest value; padding never wins.
    Max,
    /// The mean.
    Average {
        /// Whether padding counts as zeros.
        count_include_pad: bool,
    },
}

/// A pooling over windows of a feature map `[batch, channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Pool {
    pub kind: PoolKind,
    pub kernel_size: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
    pub ceil_mode: bool,
}

/// What is done to the input of a pointwise convolution on its way in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Prologue {
    /// `activation(scale * x + shift)` with a scale and a shift for each channel: a batch norm before the convolution. They
    /// are the convolution's last two inputs.
    Affine(Option<Unary>),
    /// `gate * x` with a factor for each channel of each picture: squeeze-and-excitation. It is the last input,
    /// `[batch, channels, 1, 1]`.
    Gate,
}

/// A two-dimensional convolution with what is fused into it: `activation(conv(prologue(x)) + bias + residual)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv {
    /// Steps down and right.
    pub stride: [usize; 2],
    /// Rows above and below, columns left and right.
    pub padding: [(usize, usize); 2],
    /// Distance of the kernel's elements.
    pub dilation: [usize; 2],
    /// Groups of channels.
    pub groups: usize,
    /// Whether the fourth input is a residual.
    pub residual: bool,
    /// What comes first.
    pub prologue: Option<Prologue>,
    /// Applied last.
    pub activation: Option<Unary>,
}

/// How a reduction joins values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ReduceKind {
    Sum,
    Mean,
    Max,
}

/// What a node computes. `x` is its first input.
#[derive(Clone, Debug)]
pub enum Op {
    /// Inputs: `x`, weight `[out, in / groups, height, width]`, bias `[out]`, the residual where there is one, and what the
    /// prologue needs.
    Conv(Conv),
    /// Convolutions one after the other, which are run some rows at a time, so that no map between them is whole in memory. Inputs: `x`,
    /// weight and bias of each, and the residual where the last has one. None has a prologue.
    Chain(Vec<Conv>),
    /// `activation(x W + bias + residual)` along the last axis. Inputs: `x`, weight `[in, out]`, bias `[out]`, and the
    /// residual where there is one.
    Dense {
        /// Whether the fourth input is a residual.
        residual: bool,
        /// Applied last.
        activation: Option<Unary>,
    },
    /// Product of matrices along the last two axes; axes before may be 1 on one side. Inputs: the two.
    Matmul,
    /// Pooling over windows.
    Pool(Pool),
    /// Mean over PyTorch's adaptive windows.
    AdaptiveAveragePool([usize; 2]),
    /// Reduction over axes, each of which stays with size 1.
    Reduce {
        /// What is computed.
        kind: ReduceKind,
        /// Over which axes, ascending.
        axes: Vec<usize>,
    },
    /// `activation(scale * x + shift)` with a scale and a shift for each place of an axis. Inputs: `x`, scale, shift.
    Affine {
        /// The axis, as long as scale and shift.
        axis: usize,
        /// Applied last.
        activation: Option<Unary>,
    },
    /// `activation(function(a, b))`. Inputs: the two.
    Binary {
        /// The function.
        function: Binary,
        /// Applied last.
        activation: Option<Unary>,
    },
    /// An elementwise function.
    Unary(Unary),
    /// `x` where positive, slope * x elsewhere, with a slope for each place of an axis. Inputs: `x`, slopes.
    PRelu(usize),
    /// Softmax along an axis.
    Softmax(usize),
    /// Layer norm along one axis. Inputs: `x`, gamma, beta.
    LayerNorm {
        /// The axis, as long as gamma and beta.
        axis: usize,
        /// Added to the variance.
        epsilon: f32,
    },
    /// Local response normalisation over channels (axis 1), as PyTorch defines it.
    Lrn {
        /// Channels of a window.
        size: usize,
        /// Factor of the mean square.
        alpha: f32,
        /// Exponent.
        beta: f32,
        /// Summand.
        k: f32,
    },
    /// Zeros or another value around `x`: before and after each axis.
    Pad {
        /// Places before and after, for each axis.
        padding: Vec<(usize, usize)>,
        /// What stands there.
        value: f32,
    },
    /// Joins the inputs along an axis.
    Cat(usize),
    /// Another shape for the same numbers in the same order.
    Reshape,
    /// Axis i of the result is axis `axes[i]` of `x`.
    Permute(Vec<usize>),
    /// On each axis every `step`-th place from `start`, as many as the output has.
    Slice {
        /// The first place.
        start: Vec<usize>,
        /// From one place to the next.
        step: Vec<usize>,
    },
    /// Dimensions of size 1 repeated.
    Expand,
    /// Anything else: run by Burn itself.
    Burn(Box<OperationIr>),
}

impl Conv {
    /// The shape of the result for an input `[batch, channels, height, width]` and a weight `[out, in / groups, height, width]`.
    pub fn output_shape(&self, x: &[usize], weight: &[usize]) -> Vec<usize> {
        let side = |axis: usize| {
            let (before, after) = self.padding[axis];
            (x[2 + axis] + before + after - self.dilation[axis] * (weight[2 + axis] - 1) - 1) / self.stride[axis] + 1
        };
        vec![x[0], weight[0], side(0), side(1)]
    }
}

impl Op {
    /// Whether the output is another view of the input: no number is computed.
    pub fn is_view(&self) -> bool {
        matches!(self, Self::Reshape | Self::Permute(_) | Self::Slice { .. } | Self::Expand)
    }

    /// Short name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv(_) => "conv",
            Self::Chain(_) => "chain",
            Self::Dense { .. } => "dense",
            Self::Matmul => "matmul",
            Self::Pool(Pool { kind: PoolKind::Max, .. }) => "max_pool",
            Self::Pool(_) => "average_pool",
            Self::AdaptiveAveragePool(_) => "adaptive_average_pool",
            Self::Reduce { kind: ReduceKind::Sum, .. } => "sum",
            Self::Reduce { kind: ReduceKind::Mean, .. } => "mean",
            Self::Reduce { kind: ReduceKind::Max, .. } => "max",
            Self::Affine { .. } => "affine",
            Self::Binary { function: Binary::Add, .. } => "add",
            Self::Binary { function: Binary::Sub, .. } => "sub",
            Self::Binary { function: Binary::Mul, .. } => "mul",
            Self::Binary { function: Binary::Div, .. } => "div",
            Self::Unary(function) => function.name(),
            Self::PRelu(_) => "prelu",
            Self::Softmax(_) => "softmax",
            Self::LayerNorm { .. } => "layer_norm",
            Self::Lrn { .. } => "lrn",
            Self::Pad { .. } => "pad",
            Self::Cat(_) => "cat",
            Self::Reshape => "reshape",
            Self::Permute(_) => "permute",
            Self::Slice { .. } => "slice",
            Self::Expand => "expand",
            Self::Burn(_) => "burn",
        }
    }

    /// The activation that is fused into this operation.
    pub fn activation(&self) -> Option<Unary> {
        match self {
            Self::Conv(conv) => conv.activation,
            Self::Dense { activation, .. } | Self::Affine { activation, .. } | Self::Binary { activation, .. } => *activation,
            _ => None,
        }
    }

    /// Where an activation can be fused into this operation.
    pub fn activation_mut(&mut self) -> Option<&mut Option<Unary>> {
        match self {
            Self::Conv(conv) => Some(&mut conv.activation),
            Self::Dense { activation, .. } | Self::Affine { activation, .. } | Self::Binary { activation, .. } => Some(activation),
            _ => None,
        }
    }
}

impl Unary {
    /// Short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Clamp { .. } => "clamp",
            Self::LeakyRelu(_) => "leaky_relu",
            Self::Sigmoid => "sigmoid",
            Self::HardSigmoid { .. } => "hard_sigmoid",
            Self::HardSwish => "hard_swish",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::Tanh => "tanh",
            Self::Linear { .. } => "linear",
            Self::Powf(_) => "pow",
            Self::Sqrt => "sqrt",
            Self::Exp => "exp",
            Self::Log => "log",
            Self::Erf => "erf",
            Self::Recip => "reciprocal",
            Self::Abs => "abs",
        }
    }
}

//! Elementwise functions in plain Rust, PyTorch's definitions.

use zoo_graph::{Binary, Unary};

pub(crate) fn unary(function: Unary, x: f32) -> f32 {
    match function {
        // Not `max`, which would make NaN a number.
        Unary::Relu => {
            if x < 0.0 {
                0.0
            } else {
                x
            }
        }
        Unary::Clamp { min, max } => clamp(x, min, max),
        Unary::LeakyRelu(slope) => {
            if x < 0.0 {
                slope * x
            } else {
                x
            }
        }
        Unary::Sigmoid => sigmoid(x),
        Unary::HardSigmoid { alpha, beta } => clamp(alpha * x + beta, 0.0, 1.0),
        Unary::HardSwish => x * clamp(x + 3.0, 0.0, 6.0) / 6.0,
        Unary::Silu => x * sigmoid(x),
        Unary::Gelu => 0.5 * x * (1.0 + libm::erff(x * std::f32::consts::FRAC_1_SQRT_2)),
        Unary::Tanh => x.tanh(),
        Unary::Linear { mul, add } => mul * x + add,
        Unary::Powf(power) => x.powf(power),
        Unary::Sqrt => x.sqrt(),
        Unary::Exp => x.exp(),
        Unary::Log => x.ln(),
        Unary::Erf => libm::erff(x),
        Unary::Recip => 1.0 / x,
        Unary::Abs => x.abs(),
    }
}

fn clamp(x: f32, min: f32, max: f32) -> f32 {
    if x < min {
        min
    } else if x > max {
        max
    } else {
        x
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

pub(crate) fn binary(function: Binary, a: f32, b: f32) -> f32 {
    match function {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
    }
}

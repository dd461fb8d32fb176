//! Times what is not a convolution: pooling, element-wise operations, norms, attention's products.
//!
//! `cargo run -p zoo-kernels --example operations -- [THREADS] [ROUNDS]`
#![allow(clippy::print_stdout)]

use std::time::Instant;

use zoo_kernels::{
    Activation, Aligned, Binary, Isa, MatMul, MatMulSpec, PoolKind, PoolSpec, Result, Shape, Threads, View, ViewMut, adaptive_pool, binary,
    layer_norm, nchw_to_nhwc, permute, pool, softmax, unary,
};

/// Prints the shortest time, and the rate at which `floats` were read or written.
fn time(name: &str, floats: usize, rounds: usize, mut run: impl FnMut() -> Result<()>) -> Result<()> {
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let begin = Instant::now();
        run()?;
        best = best.min(begin.elapsed().as_secs_f64());
    }
    println!("{name:34} {:8.3} ms {:6.1} GB/s", best * 1e3, 4.0 * floats as f64 / best / 1e9);
    Ok(())
}

fn len(shape: Shape) -> usize {
    shape.iter().product()
}

fn main() -> Result<()> {
    let number = |i: usize, default: usize| std::env::args().nth(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (threads, rounds, isa) = (Threads::new(number(1, 2)), number(2, 50), Isa::detect());
    let (input, other) = (Aligned::zeros(1 << 20), Aligned::zeros(1 << 20));
    let mut output = Aligned::zeros(1 << 20);
    let large = [1, 56, 56, 256];

    let spec = PoolSpec { stride: [2, 2], padding: [[1, 1], [1, 1]], ..PoolSpec::new(PoolKind::Max, 3) };
    let (from, to) = ([1, 112, 112, 64], spec.output_shape([1, 112, 112, 64])?);
    time("max pool 3x3s2 64@112", len(from) + len(to), rounds, || {
        pool(&spec, View::new(&input, from)?, ViewMut::new(&mut output, to)?, isa, &threads)
    })?;
    for from in [[1, 7, 7, 2048], [1, 28, 28, 240]] {
        time(&format!("global average {from:?}"), len(from), rounds, || {
            let to = ViewMut::new(&mut output, [1, 1, 1, from[3]])?;
            adaptive_pool(PoolKind::Average { count_padding: false }, View::new(&input, from)?, to, isa, &threads)
        })?;
    }
    time("add and relu 256@56", 3 * len(large), rounds, || {
        let (a, b, to) = (View::new(&input, large)?, View::new(&other, large)?, ViewMut::new(&mut output, large)?);
        binary(Binary::Add, a, b, Activation::Relu, to, isa, &threads)
    })?;
    time("gates times 240@28", 2 * 28 * 28 * 240, rounds, || {
        let shape = [1, 28, 28, 240];
        let (a, b) = (View::new(&input, shape)?, View::new(&other, [1, 1, 1, 240])?);
        binary(Binary::Mul, a, b, Activation::Identity, ViewMut::new(&mut output, shape)?, isa, &threads)
    })?;
    for activation in [Activation::Identity, Activation::Relu, Activation::HardSwish, Activation::Silu, Activation::Gelu] {
        time(&format!("{activation:?} 256@56"), 2 * len(large), rounds, || {
            unary(activation, View::new(&input, large)?, ViewMut::new(&mut output, large)?, isa, &threads)
        })?;
    }
    let tokens = [1, 197, 1, 768];
    let (scale, shift) = (vec![1.0; 768], vec![0.0; 768]);
    time("layer norm 197x768", 2 * len(tokens), rounds, || {
        layer_norm(View::new(&input, tokens)?, &scale, &shift, 1e-6, ViewMut::new(&mut output, tokens)?, isa, &threads)
    })?;
    let scores = [12, 197, 1, 197];
    time("softmax 12x197x197", 2 * len(scores), rounds, || {
        softmax(View::new(&input, scores)?, ViewMut::new(&mut output, scores)?, isa, &threads)
    })?;
    time("nchw to nhwc 3@224", 2 * 3 * 224 * 224, rounds, || {
        nchw_to_nhwc(&input[..3 * 224 * 224], ViewMut::new(&mut output, [1, 224, 224, 3])?, &threads)
    })?;
    time("permute 197x12x64", 2 * 197 * 768, rounds, || {
        permute(&input[..197 * 768], &[197, 12, 64], &[1, 0, 2], &mut output[..197 * 768], &threads)
    })?;
    for (name, m, k, n, b_transposed) in [("scores", 197, 64, 197, true), ("values", 197, 197, 64, false)] {
        let product = MatMul::new(MatMulSpec { m, k, n, a_transposed: false, b_transposed, scale: 0.125 }, isa)?;
        let mut workspace = Aligned::zeros(product.workspace_len(&threads));
        let (a, b) = (&input[..12 * m * k], &other[..12 * k * n]);
        let flops = 24 * m * k * n;
        print!("{:.1} GFLOP: ", flops as f64 / 1e9);
        time(&format!("attention's {name} 12x{m}x{k}x{n}"), 12 * (m * k + k * n + m * n), rounds, || {
            product.run(12, a, b, &mut output[..12 * m * n], &mut workspace, &threads)
        })?;
    }
    Ok(())
}

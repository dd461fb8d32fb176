//! Times what a training step does to representative layers: forward with weights packed anew, gradient to the input, gradient
//! to the weights, each with its share of the measured peak, as if all products were made; then batch norm and pooling, with the
//! bytes that they move.
//!
//! `cargo run -p zoo-kernels --example gradients -- [THREADS] [BATCH] [ROUNDS] [WORD IN THE NAME]`
#![allow(clippy::print_stdout)]

mod layer;

use std::time::{Duration, Instant};

use layer::{Layer, layer};
use zoo_kernels::{
    Activation, Aligned, BatchNorm, BatchNormGradients, ConvTraining, DenseTraining, Isa, PoolKind, PoolSpec, Result, Scratch, Sgd,
    Statistics, Threads, View, ViewMut, peak_gflops, pool, pool_backward,
};

const LAYERS: &[Layer] = &[
    layer("resnet stem 7x7s2 3>64@224", 224, [3, 64], 7, 2, 1),
    layer("mobile stem 3x3s2 3>32@224", 224, [3, 32], 3, 2, 1),
    layer("vgg stem 3x3 3>64@224", 224, [3, 64], 3, 1, 1),
    layer("vgg 3x3 64>128@112", 112, [64, 128], 3, 1, 1),
    layer("vgg 3x3 256@56", 56, [256, 256], 3, 1, 1),
    layer("vgg 3x3 512@28", 28, [512, 512], 3, 1, 1),
    layer("vgg 3x3 512@14", 14, [512, 512], 3, 1, 1),
    layer("resnet 3x3 64@56", 56, [64, 64], 3, 1, 1),
    layer("resnet 3x3 128@28", 28, [128, 128], 3, 1, 1),
    layer("resnet 3x3 256@14", 14, [256, 256], 3, 1, 1),
    layer("resnet 3x3 512@7", 7, [512, 512], 3, 1, 1),
    layer("resnet 3x3s2 64>128@56", 56, [64, 128], 3, 2, 1),
    layer("resnet 3x3s2 256>512@14", 14, [256, 512], 3, 2, 1),
    layer("resnet 1x1 64>256@56", 56, [64, 256], 1, 1, 1),
    layer("resnet 1x1 256>64@56", 56, [256, 64], 1, 1, 1),
    layer("resnet 1x1 512>128@28", 28, [512, 128], 1, 1, 1),
    layer("resnet 1x1 256>1024@14", 14, [256, 1024], 1, 1, 1),
    layer("resnet 1x1 2048>512@7", 7, [2048, 512], 1, 1, 1),
    layer("resnet 1x1s2 256>512@56", 56, [256, 512], 1, 2, 1),
    layer("densenet 1x1 256>128@56", 56, [256, 128], 1, 1, 1),
    layer("densenet 1x1 512>128@14", 14, [512, 128], 1, 1, 1),
    layer("densenet 3x3 128>32@56", 56, [128, 32], 3, 1, 1),
    layer("densenet 3x3 128>32@14", 14, [128, 32], 3, 1, 1),
    layer("googlenet 1x1 192>64@28", 28, [192, 64], 1, 1, 1),
    layer("googlenet 3x3 96>128@28", 28, [96, 128], 3, 1, 1),
    layer("mobile 1x1 16>96@112", 112, [16, 96], 1, 1, 1),
    layer("mobile 1x1 144>24@56", 56, [144, 24], 1, 1, 1),
    layer("mobile 1x1 32>192@28", 28, [32, 192], 1, 1, 1),
    layer("mobile 1x1 96>576@14", 14, [96, 576], 1, 1, 1),
    layer("mobile 1x1 960>160@7", 7, [960, 160], 1, 1, 1),
    layer("mobile dw 3x3 32@112", 112, [32, 32], 3, 1, 32),
    layer("mobile dw 3x3s2 96@112", 112, [96, 96], 3, 2, 96),
    layer("mobile dw 3x3 144@56", 56, [144, 144], 3, 1, 144),
    layer("mobile dw 3x3 384@14", 14, [384, 384], 3, 1, 384),
    layer("mnasnet dw 5x5s2 72@56", 56, [72, 72], 5, 2, 72),
    layer("mnasnet dw 5x5 240@14", 14, [240, 240], 5, 1, 240),
    layer("cifar 3x3 16@32", 32, [16, 16], 3, 1, 1),
    layer("cifar 3x3 32@16", 16, [32, 32], 3, 1, 1),
    layer("cifar densenet 3x3 168>12@32", 32, [168, 12], 3, 1, 1),
    layer("resnext grouped 32x4 128@56", 56, [128, 128], 3, 1, 32),
    layer("dense 512>1000", 1, [512, 1000], 1, 1, 1),
    layer("dense 25088>4096", 1, [25088, 4096], 1, 1, 1),
];

/// The shortest of some times, in seconds.
fn shortest(rounds: usize, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    run()?;
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let begin = Instant::now();
        run()?;
        best = best.min(begin.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn filled(len: usize) -> Aligned {
    let mut values = Aligned::zeros(len);
    values.iter_mut().enumerate().for_each(|(i, x)| *x = (i % 17) as f32 / 17.0 - 0.5);
    values
}

/// Forward, gradient to the input, gradient to the weights.
fn convolution(layer: &Layer, batch: usize, isa: Isa, threads: &Threads, rounds: usize, scratch: &mut Scratch) -> Result<[f64; 3]> {
    let spec = &layer.spec;
    let shape = [batch, layer.side, layer.side, spec.in_channels];
    let training = ConvTraining::new(spec, shape, isa)?;
    let to = training.output_shape();
    let (input, gradient) = (filled(shape.iter().product()), filled(to.iter().product()));
    let (mut into, mut output) = (filled(input.len()), filled(gradient.len()));
    let (weight, mut to_weight) = (filled(spec.weight_len()), filled(spec.weight_len()));
    if layer.side == 1 {
        let dense = DenseTraining::new(batch, spec.in_channels, spec.out_channels, isa)?;
        return Ok([
            shortest(rounds, || dense.forward(View::new(&input, shape)?, &weight, None, ViewMut::new(&mut output, to)?, scratch, threads))?,
            shortest(rounds, || {
                dense.input_gradient(View::new(&gradient, to)?, &weight, ViewMut::new(&mut into, shape)?, scratch, threads)
            })?,
            shortest(rounds, || {
                dense.weight_gradient(View::new(&input, shape)?, View::new(&gradient, to)?, &mut to_weight, None, scratch, threads)
            })?,
        ]);
    }
    let forward = shortest(rounds, || {
        let (x, y) = (View::new(&input, shape)?, ViewMut::new(&mut output, to)?);
        training.forward(x, &weight, None, None, Activation::Identity, y, scratch, threads)
    })?;
    let backward = shortest(rounds, || {
        training.input_gradient(View::new(&gradient, to)?, &weight, ViewMut::new(&mut into, shape)?, scratch, threads)
    })?;
    let weights = shortest(rounds, || {
        let (x, g) = (View::new(&input, shape)?, View::new(&gradient, to)?);
        training.weight_gradient(x, g, &mut to_weight, None, scratch, threads)
    })?;
    Ok([forward, backward, weights])
}

/// Forward and backward of batch norm with ReLU.
fn batch_norm(shape: [usize; 4], isa: Isa, threads: &Threads, rounds: usize, scratch: &mut Scratch) -> Result<[f64; 2]> {
    let (input, gradient) = (filled(shape.iter().product()), filled(shape.iter().product()));
    let (mut output, mut into) = (filled(input.len()), filled(input.len()));
    let [gamma, beta, mut mean, mut variance, mut inverse, mut to_gamma, mut to_beta] = [(); 7].map(|()| vec![0.5; shape[3]]);
    let norm = BatchNorm { gamma: &gamma, beta: &beta, epsilon: 1e-5, activation: Activation::Relu };
    let forward = shortest(rounds, || {
        let statistics = Statistics { mean: &mut mean, variance: &mut variance, inverse: &mut inverse };
        norm.forward(View::new(&input, shape)?, None, ViewMut::new(&mut output, shape)?, statistics, scratch, isa, threads)
    })?;
    let backward = shortest(rounds, || {
        let to = ViewMut::new(&mut into, shape)?;
        let into = BatchNormGradients { input: to, accumulate: false, residual: None, gamma: &mut to_gamma, beta: &mut to_beta };
        let (x, g) = (View::new(&input, shape)?, View::new(&gradient, shape)?);
        norm.backward(x, None, g, &mean, &inverse, into, scratch, isa, threads)
    })?;
    Ok([forward, backward])
}

fn pooling(spec: PoolSpec, shape: [usize; 4], isa: Isa, threads: &Threads, rounds: usize) -> Result<[f64; 2]> {
    let to = spec.output_shape(shape)?;
    let (input, gradient) = (filled(shape.iter().product()), filled(to.iter().product()));
    let (mut output, mut into) = (filled(gradient.len()), filled(input.len()));
    let forward = shortest(rounds, || pool(&spec, View::new(&input, shape)?, ViewMut::new(&mut output, to)?, isa, threads))?;
    let backward = shortest(rounds, || {
        let (x, g) = (View::new(&input, shape)?, View::new(&gradient, to)?);
        pool_backward(&spec, x, g, ViewMut::new(&mut into, shape)?, isa, threads)
    })?;
    Ok([forward, backward])
}

fn main() -> Result<()> {
    let argument = |i: usize| std::env::args().nth(i);
    let number = |i: usize, default: usize| argument(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (threads, batch, rounds) = (Threads::new(number(1, 2)), number(2, 8), number(3, 9));
    let wanted = |name: &str| argument(4).is_none_or(|word| name.contains(&word));
    let (isa, mut scratch) = (Isa::detect(), Scratch::default());
    let peak = peak_gflops(isa, &threads, Duration::from_millis(200));
    println!("{isa}, {} threads, batch {batch}, peak {peak:.0} GFLOP/s; ms (% of the peak)", threads.count());
    println!("{:30} {:>16} {:>16} {:>16}", "", "forward", "input gradient", "weight gradient");
    for layer in LAYERS.iter().filter(|layer| wanted(layer.name)) {
        let shape = [batch, layer.side, layer.side, layer.spec.in_channels];
        let gigaflops = 2.0 * layer.spec.macs(shape)? as f64 / 1e9;
        let times = convolution(layer, batch, isa, &threads, rounds, &mut scratch)?;
        let cell = |seconds: f64| format!("{:8.2} ({:3.0} %)", seconds * 1e3, 100.0 * gigaflops / seconds / peak);
        println!("{:30} {:>16} {:>16} {:>16}", layer.name, cell(times[0]), cell(times[1]), cell(times[2]));
    }
    println!("{:30} {:>16} {:>16}   ms (GB/s of tensors read and written once)", "", "forward", "backward");
    let cell = |seconds: f64, floats: usize| format!("{:8.2} ({:4.1})", seconds * 1e3, 4.0 * floats as f64 / seconds / 1e9);
    for (side, channels) in [(112, 64), (56, 256), (28, 512), (7, 2048), (32, 16)] {
        let (name, shape) = (format!("batch norm + relu {channels}@{side}"), [batch, side, side, channels]);
        if wanted(&name) {
            let [forward, backward] = batch_norm(shape, isa, &threads, rounds, &mut scratch)?;
            let floats: usize = shape.iter().product();
            println!("{name:30} {:>16} {:>16}", cell(forward, 2 * floats), cell(backward, 3 * floats));
        }
    }
    let padded = PoolSpec { stride: [2, 2], padding: [[1, 1], [1, 1]], ..PoolSpec::new(PoolKind::Max, 3) };
    let average = PoolSpec::new(PoolKind::Average { count_padding: true }, 2);
    for (name, spec, shape) in [
        ("max pool 3x3s2 64@112", padded, [batch, 112, 112, 64]),
        ("max pool 2x2 64@224", PoolSpec::new(PoolKind::Max, 2), [batch, 224, 224, 64]),
        ("average pool 2x2 128@56", average, [batch, 56, 56, 128]),
    ] {
        if wanted(name) {
            let [forward, backward] = pooling(spec, shape, isa, &threads, rounds)?;
            let (from, to): (usize, usize) = (shape.iter().product(), spec.output_shape(shape)?.iter().product());
            println!("{name:30} {:>16} {:>16}", cell(forward, from + to), cell(backward, 2 * from + to));
        }
    }
    if wanted("sgd") {
        let (mut p, g, mut b) = (filled(25 << 20), filled(25 << 20), filled(25 << 20));
        let sgd = Sgd { learning_rate: 0.1, momentum: 0.9, weight_decay: 1e-4, ..Sgd::default() };
        let seconds = shortest(rounds, || sgd.step(&mut p, &g, Some(&mut b), false, isa, &threads))?;
        println!("{:30} {:>16}", "sgd, 26 M parameters", cell(seconds, 5 * (25 << 20)));
    }
    Ok(())
}

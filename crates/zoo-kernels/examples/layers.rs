//! Times representative layers with every algorithm that can compute them, against the measured peak.
//!
//! `cargo run -p zoo-kernels --example layers -- [THREADS] [BATCH] [ROUNDS] [WORD IN THE NAME]`
#![allow(clippy::print_stdout)]

mod layer;

use std::time::{Duration, Instant};

use layer::{Layer, layer};
use zoo_kernels::{Activation, Algorithm, Aligned, Isa, PackedConv, Threads, View, ViewMut, candidates, peak_gflops};

const LAYERS: &[Layer] = &[
    layer("3x3 64@56", 56, [64, 64], 3, 1, 1),
    layer("3x3 128@28", 28, [128, 128], 3, 1, 1),
    layer("3x3 256@14", 14, [256, 256], 3, 1, 1),
    layer("3x3 512@7", 7, [512, 512], 3, 1, 1),
    layer("3x3 64@224", 224, [64, 64], 3, 1, 1),
    layer("3x3 512@28", 28, [512, 512], 3, 1, 1),
    layer("5x5 64>192@27 alexnet", 27, [64, 192], 5, 1, 1),
    layer("3x3 128>32@14 densenet", 14, [128, 32], 3, 1, 1),
    layer("3x3s2 64>128@56", 56, [64, 128], 3, 2, 1),
    layer("3x3s2 256>512@14", 14, [256, 512], 3, 2, 1),
    layer("stem 7x7s2 3>64@224", 224, [3, 64], 7, 2, 1),
    layer("stem 3x3s2 3>32@224", 224, [3, 32], 3, 2, 1),
    layer("stem 4x4s4 3>96@224", 224, [3, 96], 4, 4, 1),
    layer("1x1 64>256@56", 56, [64, 256], 1, 1, 1),
    layer("1x1 256>64@56", 56, [256, 64], 1, 1, 1),
    layer("1x1 128>512@28", 28, [128, 512], 1, 1, 1),
    layer("1x1 256>1024@14", 14, [256, 1024], 1, 1, 1),
    layer("1x1 1024>256@14", 14, [1024, 256], 1, 1, 1),
    layer("1x1 2048>512@7", 7, [2048, 512], 1, 1, 1),
    layer("1x1s2 256>512@56", 56, [256, 512], 1, 2, 1),
    layer("1x1 16>96@112 mobile", 112, [16, 96], 1, 1, 1),
    layer("1x1 96>24@56 mobile", 56, [96, 24], 1, 1, 1),
    layer("1x1 24>144@56 mobile", 56, [24, 144], 1, 1, 1),
    layer("1x1 144>24@56 mobile", 56, [144, 24], 1, 1, 1),
    layer("1x1 32>192@28 mobile", 28, [32, 192], 1, 1, 1),
    layer("1x1 64>384@14 mobile", 14, [64, 384], 1, 1, 1),
    layer("1x1 96>576@14 mobile", 14, [96, 576], 1, 1, 1),
    layer("1x1 960>160@7 mobile", 7, [960, 160], 1, 1, 1),
    layer("1x1 1152>192@7 mobile", 7, [1152, 192], 1, 1, 1),
    layer("1x1 192>1152@7 mobile", 7, [192, 1152], 1, 1, 1),
    layer("1x1 320>1280@7 mobile", 7, [320, 1280], 1, 1, 1),
    layer("dw 3x3 96@112 s2", 112, [96, 96], 3, 2, 96),
    layer("dw 3x3 144@56", 56, [144, 144], 3, 1, 144),
    layer("dw 3x3 384@14", 14, [384, 384], 3, 1, 384),
    layer("dw 3x3 960@7", 7, [960, 960], 3, 1, 960),
    layer("dw 5x5 240@28", 28, [240, 240], 5, 1, 240),
    layer("dw 5x5 672@14 s2", 14, [672, 672], 5, 2, 672),
    layer("dw 7x7 96@56 convnext", 56, [96, 96], 7, 1, 96),
    layer("dw 7x7 768@7 convnext", 7, [768, 768], 7, 1, 768),
    layer("grouped 32x4 128@56", 56, [128, 128], 3, 1, 32),
    layer("grouped 32x16 512@14", 14, [512, 512], 3, 1, 32),
    layer("dense 2048>1000", 1, [2048, 1000], 1, 1, 1),
    layer("dense 25088>4096", 1, [25088, 4096], 1, 1, 1),
];

/// The shortest time in seconds, and the median share of the peak, which is measured anew before each run: the clock of a
/// machine that others use too changes from moment to moment.
fn time(layer: &Layer, batch: usize, algorithm: Algorithm, isa: Isa, threads: &Threads, rounds: usize) -> Option<(f64, f64)> {
    let spec = &layer.spec;
    let shape = [batch, layer.side, layer.side, spec.in_channels];
    let to = spec.output_shape(shape).ok()?;
    let (mut input, mut output) = (Aligned::zeros(shape.iter().product()), Aligned::zeros(to.iter().product()));
    input.iter_mut().enumerate().for_each(|(i, x)| *x = (i % 17) as f32 / 17.0 - 0.5);
    let weight: Vec<f32> = (0..spec.weight_len()).map(|i| (i % 13) as f32 / 13.0 - 0.5).collect();
    let bias = vec![0.1; spec.out_channels];
    let packed = PackedConv::pack(spec, &weight, Some(&bias), algorithm, isa).ok()?;
    let mut workspace = Aligned::zeros(packed.workspace_len(shape, threads).ok()?);
    let gigaflops = 2.0 * spec.macs(shape).ok()? as f64 / 1e9;
    let (mut times, mut shares) = (Vec::new(), Vec::new());
    // The first two warm the caches up.
    for round in 0..rounds + 2 {
        let before = peak_gflops(isa, threads, Duration::ZERO);
        let begin = Instant::now();
        let (from, to) = (View::new(&input, shape).ok()?, ViewMut::new(&mut output, to).ok()?);
        packed.run(from, None, Activation::Relu, to, &mut workspace, threads).ok()?;
        let seconds = begin.elapsed().as_secs_f64();
        if round >= 2 {
            times.push(seconds);
            shares.push(gigaflops / seconds / before);
        }
    }
    shares.sort_by(f64::total_cmp);
    Some((times.into_iter().min_by(f64::total_cmp)?, *shares.get(rounds / 2)?))
}

fn main() {
    let argument = |i: usize| std::env::args().nth(i);
    let number = |i: usize, default: usize| argument(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (threads, batch, rounds) = (Threads::new(number(1, 2)), number(2, 1), number(3, 30));
    let isa = Isa::detect();
    let peak = peak_gflops(isa, &threads, Duration::from_millis(200));
    println!("{isa}, {} threads, batch {batch}, peak {peak:.0} GFLOP/s", threads.count());
    for layer in LAYERS.iter().filter(|l| argument(4).is_none_or(|word| l.name.contains(&word))) {
        let shape = [batch, layer.side, layer.side, layer.spec.in_channels];
        let (Ok(all), Ok(macs)) = (candidates(&layer.spec, shape, isa), layer.spec.macs(shape)) else { continue };
        let mut line = format!("{:26}", layer.name);
        for algorithm in all {
            let Some((seconds, share)) = time(layer, batch, algorithm, isa, &threads, rounds) else { continue };
            let rate = 2.0 * macs as f64 / seconds / 1e9;
            line += &format!("  {} {:.3} ms {rate:.0} GF/s {:.0}%", algorithm.name(), seconds * 1e3, 100.0 * share);
        }
        println!("{line}");
    }
}

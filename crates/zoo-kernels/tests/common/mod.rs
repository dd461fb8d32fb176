//! What the tests share: numbers, references in f64, and comparison.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::sync::LazyLock;

use zoo_kernels::{ConvSpec, Shape, Threads, View, ViewMut};

/// One pool for all tests, more threads than a small machine has.
pub static THREADS: LazyLock<Threads> = LazyLock::new(|| Threads::new(3));

/// Numbers in [-1, 1], the same for the same seed.
pub fn numbers(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// What lies between the pixels of a strided tensor, and must stay.
pub const GAP: f32 = 777.0;

/// A tensor with gaps.
pub struct Tensor {
    pub data: Vec<f32>,
    pub shape: Shape,
    pub stride: usize,
}

impl Tensor {
    pub fn random(shape: Shape, gap: usize, seed: u64) -> Self {
        let dense = numbers(shape.iter().product(), seed);
        Self::from_dense(&dense, shape, gap)
    }

    pub fn from_dense(dense: &[f32], shape: Shape, gap: usize) -> Self {
        let mut tensor = Self::filled(shape, gap, 0.0);
        for (i, value) in dense.iter().enumerate() {
            tensor.data[i / shape[3] * (shape[3] + gap) + i % shape[3]] = *value;
        }
        tensor
    }

    /// Gaps and values that a kernel must overwrite.
    pub fn filled(shape: Shape, gap: usize, value: f32) -> Self {
        let stride = shape[3] + gap;
        let pixels = shape[0] * shape[1] * shape[2];
        let data = (0..pixels * stride).map(|i| if i % stride < shape[3] { value } else { GAP }).collect();
        Self { data, shape, stride }
    }

    pub fn at(&self, [n, y, x, c]: [usize; 4]) -> f32 {
        self.data[((n * self.shape[1] + y) * self.shape[2] + x) * self.stride + c]
    }

    pub fn view(&self) -> View<'_> {
        View::strided(&self.data, self.shape, self.stride).unwrap()
    }

    pub fn view_mut(&mut self) -> ViewMut<'_> {
        ViewMut::strided(&mut self.data, self.shape, self.stride).unwrap()
    }

    pub fn dense(&self) -> Vec<f32> {
        self.data.chunks(self.stride).flat_map(|pixel| pixel[..self.shape[3]].to_vec()).collect()
    }

    pub fn gaps_are_untouched(&self) -> bool {
        self.data.chunks(self.stride).all(|pixel| pixel[self.shape[3]..].iter().all(|&v| v == GAP))
    }
}

/// A convolution in f64: values, and the sums of the products' magnitudes, to which rounding errors are relative.
pub fn conv(spec: &ConvSpec, input: &Tensor, weight: &[f32], bias: Option<&[f32]>) -> (Vec<f64>, Vec<f64>) {
    let [batch, height, width, outputs] = spec.output_shape(input.shape).unwrap();
    let (ins, outs) = (spec.in_channels / spec.groups, outputs / spec.groups);
    let (mut values, mut sizes) = (Vec::new(), Vec::new());
    for n in 0..batch {
        for y in 0..height {
            for x in 0..width {
                for o in 0..outputs {
                    let start = bias.map_or(0.0, |b| f64::from(b[o]));
                    let (mut sum, mut size) = (start, start.abs());
                    for ky in 0..spec.kernel[0] {
                        for kx in 0..spec.kernel[1] {
                            let iy = (y * spec.stride[0] + ky * spec.dilation[0]).wrapping_sub(spec.padding[0][0]);
                            let ix = (x * spec.stride[1] + kx * spec.dilation[1]).wrapping_sub(spec.padding[1][0]);
                            if iy >= input.shape[1] || ix >= input.shape[2] {
                                continue;
                            }
                            for i in 0..ins {
                                let a = f64::from(input.at([n, iy, ix, o / outs * ins + i]));
                                let w = weight[((o * ins + i) * spec.kernel[0] + ky) * spec.kernel[1] + kx];
                                sum += a * f64::from(w);
                                size += (a * f64::from(w)).abs();
                            }
                        }
                    }
                    values.push(sum);
                    sizes.push(size);
                }
            }
        }
    }
    (values, sizes)
}

/// Panics where a value is further from the reference than `bound(i)`.
pub fn close(found: &[f32], expected: &[f64], bound: impl Fn(usize) -> f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        // Infinity less infinity is no number.
        let error = if f64::from(f) == e { 0.0 } else { (f64::from(f) - e).abs() };
        assert!(error <= bound(i), "{what}: element {i} is {f} for {e}, off by {error:e}, allowed {:e}", bound(i));
    }
}

/// The bound of a sum of `terms` products: `(4 + sqrt(terms)) eps` of their magnitudes.
pub fn sum_bound(terms: usize, size: f64) -> f64 {
    (4.0 + (terms as f64).sqrt()) * f64::from(f32::EPSILON) * size
}

/// Values in f64, and the sums of the products' magnitudes.
type Sums = (Vec<f64>, Vec<f64>);

/// The gradients of a convolution in f64.
pub struct ConvGradients {
    pub input: Sums,
    pub weight: Sums,
    pub bias: Sums,
}

pub fn conv_gradients(spec: &ConvSpec, input: &Tensor, weight: &[f32], gradient: &Tensor) -> ConvGradients {
    let zeros = |len: usize| (vec![0.0_f64; len], vec![0.0_f64; len]);
    let [batch, height, width, channels] = input.shape;
    let (ins, outs) = (spec.in_channels / spec.groups, spec.out_channels / spec.groups);
    let (mut to_input, mut to_weight, mut to_bias) =
        (zeros(batch * height * width * channels), zeros(weight.len()), zeros(spec.out_channels));
    let add = |to: &mut Sums, at: usize, value: f64| {
        to.0[at] += value;
        to.1[at] += value.abs();
    };
    for n in 0..batch {
        for y in 0..gradient.shape[1] {
            for x in 0..gradient.shape[2] {
                for o in 0..spec.out_channels {
                    let g = f64::from(gradient.at([n, y, x, o]));
                    add(&mut to_bias, o, g);
                    for ky in 0..spec.kernel[0] {
                        for kx in 0..spec.kernel[1] {
                            let iy = (y * spec.stride[0] + ky * spec.dilation[0]).wrapping_sub(spec.padding[0][0]);
                            let ix = (x * spec.stride[1] + kx * spec.dilation[1]).wrapping_sub(spec.padding[1][0]);
                            if iy >= height || ix >= width {
                                continue;
                            }
                            for i in 0..ins {
                                let c = o / outs * ins + i;
                                let w = ((o * ins + i) * spec.kernel[0] + ky) * spec.kernel[1] + kx;
                                add(&mut to_weight, w, g * f64::from(input.at([n, iy, ix, c])));
                                add(&mut to_input, ((n * height + iy) * width + ix) * channels + c, g * f64::from(weight[w]));
                            }
                        }
                    }
                }
            }
        }
    }
    ConvGradients { input: to_input, weight: to_weight, bias: to_bias }
}

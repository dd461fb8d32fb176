//! Every operation in plain loops over numbers that lie row by row: for what has no kernel, and to test the kernels.

use zoo_graph::{Conv, Op, Pool, PoolKind, Prologue, ReduceKind, View};

use crate::generic_math::{binary, unary};

/// A tensor, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

/// The result of an operation; `None` for what only Burn computes.
pub(crate) fn compute(op: &Op, inputs: &[Dense], shape: &[usize]) -> Option<Vec<f32>> {
    let x = inputs.first()?;
    let mut result = match op {
        Op::Conv(settings) => conv(settings, inputs, shape),
        Op::Chain(convs) => return chain(convs, inputs),
        Op::Dense { residual, .. } => dense(inputs, *residual),
        Op::Matmul => matmul(x, inputs.get(1)?, shape),
        Op::Pool(settings) => pool(settings, x, shape),
        Op::AdaptiveAveragePool(_) => adaptive(x, shape),
        Op::Reduce { kind, axes } => reduce(*kind, axes, x, shape),
        Op::Affine { axis, .. } => along(x, *axis, |place, number| number * inputs[1].data[place] + inputs[2].data[place]),
        Op::PRelu(axis) => along(x, *axis, |place, number| if number < 0.0 { number * inputs[1].data[place] } else { number }),
        Op::Binary { function, .. } => {
            let (a, b) = (repeated(x, shape), repeated(inputs.get(1)?, shape));
            a.zip(b).map(|(a, b)| binary(*function, a, b)).collect()
        }
        Op::Unary(function) => x.data.iter().map(|number| unary(*function, *number)).collect(),
        Op::Softmax(axis) => lines(x, *axis, softmax),
        Op::LayerNorm { axis, epsilon } => lines(x, *axis, |line| layer_norm(line, &inputs[1].data, &inputs[2].data, *epsilon)),
        Op::Lrn { size, alpha, beta, k } => lines(x, 1, |line| lrn(line, *size, *alpha, *beta, *k)),
        Op::Pad { padding, value } => pad(x, padding, *value, shape),
        _ => return None,
    };
    if let Some(function) = op.activation() {
        result.iter_mut().for_each(|number| *number = unary(function, *number));
    }
    Some(result)
}

fn repeated<'a>(tensor: &'a Dense, shape: &[usize]) -> impl Iterator<Item = f32> + 'a {
    let view = View::rows(&tensor.shape).expand(shape);
    view.places().collect::<Vec<_>>().into_iter().map(|place| tensor.data[place])
}

fn along(x: &Dense, axis: usize, of: impl Fn(usize, f32) -> f32) -> Vec<f32> {
    let after: usize = x.shape[axis + 1..].iter().product();
    x.data.iter().enumerate().map(|(index, number)| of(index / after % x.shape[axis], *number)).collect()
}

/// Applies a function to each line along an axis.
fn lines(x: &Dense, axis: usize, of: impl Fn(&[f32]) -> Vec<f32>) -> Vec<f32> {
    let (places, after) = (x.shape[axis], x.shape[axis + 1..].iter().product::<usize>());
    let mut result = vec![0.0; x.data.len()];
    for start in (0..x.data.len()).filter(|index| index / after % places == 0) {
        let line: Vec<f32> = (0..places).map(|place| x.data[start + place * after]).collect();
        for (place, number) in of(&line).into_iter().enumerate() {
            result[start + place * after] = number;
        }
    }
    result
}

fn softmax(line: &[f32]) -> Vec<f32> {
    let largest = line.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = line.iter().map(|number| (number - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn layer_norm(line: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32) -> Vec<f32> {
    let places = line.len() as f64;
    let mean = line.iter().map(|number| f64::from(*number)).sum::<f64>() / places;
    let variance = line.iter().map(|number| (f64::from(*number) - mean).powi(2)).sum::<f64>() / places;
    let scale = 1.0 / (variance + f64::from(epsilon)).sqrt();
    let norm = |number: &f32| ((f64::from(*number) - mean) * scale) as f32;
    line.iter().zip(gamma.iter().zip(beta)).map(|(number, (gamma, beta))| norm(number) * gamma + beta).collect()
}

fn lrn(line: &[f32], size: usize, alpha: f32, beta: f32, k: f32) -> Vec<f32> {
    let half = size / 2;
    let window = |channel: usize| &line[channel.saturating_sub(half)..(channel + half + 1).min(line.len())];
    let of = |(channel, number): (usize, &f32)| {
        let squares: f32 = window(channel).iter().map(|number| number * number).sum();
        number / (k + alpha * squares / size as f32).powf(beta)
    };
    line.iter().enumerate().map(of).collect()
}

fn reduce(kind: ReduceKind, axes: &[usize], x: &Dense, shape: &[usize]) -> Vec<f32> {
    let count: usize = axes.iter().map(|axis| x.shape[*axis]).product();
    let start = if kind == ReduceKind::Max { f64::NEG_INFINITY } else { 0.0 };
    let mut sums = vec![start; shape.iter().product()];
    let targets = View::rows(shape).expand(&x.shape);
    for (number, target) in x.data.iter().zip(targets.places()) {
        let number = f64::from(*number);
        match kind {
            ReduceKind::Max if number > sums[target] || number.is_nan() => sums[target] = number,
            ReduceKind::Max => {}
            ReduceKind::Sum | ReduceKind::Mean => sums[target] += number,
        }
    }
    let divisor = if kind == ReduceKind::Mean { count as f64 } else { 1.0 };
    sums.into_iter().map(|sum| (sum / divisor) as f32).collect()
}

fn pad(x: &Dense, padding: &[(usize, usize)], value: f32, shape: &[usize]) -> Vec<f32> {
    let mut result = vec![value; shape.iter().product()];
    let start: Vec<usize> = padding.iter().map(|(before, _)| *before).collect();
    let inside = View::rows(shape).slice(&start, &x.shape);
    x.data.iter().zip(inside.places()).for_each(|(number, place)| result[place] = *number);
    result
}

fn dense(inputs: &[Dense], residual: bool) -> Vec<f32> {
    let (x, weight, bias) = (&inputs[0], &inputs[1], &inputs[2].data);
    let (rows, columns) = (weight.shape[0], weight.shape[1]);
    let mut result = Vec::with_capacity(x.data.len() / rows * columns);
    for row in x.data.chunks_exact(rows) {
        let mut sums = bias.clone();
        for (number, weights) in row.iter().zip(weight.data.chunks_exact(columns)) {
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += number * weight);
        }
        result.extend(sums);
    }
    add_residual(&mut result, inputs, residual);
    result
}

fn add_residual(result: &mut [f32], inputs: &[Dense], residual: bool) {
    if residual {
        result.iter_mut().zip(&inputs[3].data).for_each(|(number, residual)| *number += residual);
    }
}

fn matmul(a: &Dense, b: &Dense, shape: &[usize]) -> Vec<f32> {
    let rank = shape.len();
    let (rows, columns, inner) = (shape[rank - 2], shape[rank - 1], a.shape[rank - 1]);
    let starts = |tensor: &Dense| -> Vec<usize> {
        let view = View::rows(&tensor.shape);
        let batches = View { shape: tensor.shape[..rank - 2].to_vec(), strides: view.strides[..rank - 2].to_vec(), offset: 0 };
        batches.expand(&shape[..rank - 2]).places().collect()
    };
    let mut result = vec![0.0; shape.iter().product()];
    for (batch, (a_start, b_start)) in starts(a).into_iter().zip(starts(b)).enumerate() {
        for row in 0..rows {
            let to = &mut result[(batch * rows + row) * columns..][..columns];
            for step in 0..inner {
                let factor = a.data[a_start + row * inner + step];
                let from = &b.data[b_start + step * columns..][..columns];
                to.iter_mut().zip(from).for_each(|(sum, number)| *sum += factor * number);
            }
        }
    }
    result
}

/// The input as the prologue changes it.
fn before(settings: &Conv, inputs: &[Dense]) -> Option<Dense> {
    let x = &inputs[0];
    let operand = |from_last: usize| &inputs[inputs.len() - from_last];
    let data = match settings.prologue? {
        Prologue::Affine(activation) => along(x, 1, |place, number| {
            let number = number * operand(2).data[place] + operand(1).data[place];
            activation.map_or(number, |function| unary(function, number))
        }),
        Prologue::Gate => x.data.iter().zip(repeated(operand(1), &x.shape)).map(|(number, gate)| number * gate).collect(),
    };
    Some(Dense { shape: x.shape.clone(), data })
}

fn conv(settings: &Conv, inputs: &[Dense], shape: &[usize]) -> Vec<f32> {
    let changed = before(settings, inputs);
    let (x, weight, bias) = (changed.as_ref().unwrap_or(&inputs[0]), &inputs[1], &inputs[2].data);
    let [_, channels, height, width] = x.shape[..] else { return Vec::new() };
    let [outputs, per_group, kernel_height, kernel_width] = weight.shape[..] else { return Vec::new() };
    let [batch, _, out_height, out_width] = shape[..] else { return Vec::new() };
    let group_outputs = outputs / settings.groups;
    let mut result = Vec::with_capacity(shape.iter().product());
    for (image, output, y, x_place) in places([batch, outputs, out_height, out_width]) {
        let first = output / group_outputs * per_group;
        let mut sum = f64::from(bias[output]);
        for (channel, row, column, _) in places([per_group, kernel_height, kernel_width, 1]) {
            let at = |place: usize, stride: usize, step: usize, dilation: usize, before: usize, size: usize| {
                (place * stride + step * dilation).checked_sub(before).filter(|at| *at < size)
            };
            let from_y = at(y, settings.stride[0], row, settings.dilation[0], settings.padding[0].0, height);
            let from_x = at(x_place, settings.stride[1], column, settings.dilation[1], settings.padding[1].0, width);
            if let (Some(from_y), Some(from_x)) = (from_y, from_x) {
                let number = x.data[((image * channels + first + channel) * height + from_y) * width + from_x];
                let weight = weight.data[((output * per_group + channel) * kernel_height + row) * kernel_width + column];
                sum += f64::from(number) * f64::from(weight);
            }
        }
        result.push(sum as f32);
    }
    add_residual(&mut result, inputs, settings.residual);
    result
}

fn chain(convs: &[Conv], inputs: &[Dense]) -> Option<Vec<f32>> {
    let mut x = inputs.first()?.clone();
    for (conv, weights) in convs.iter().zip(inputs[1..].chunks(2)) {
        let shape = conv.output_shape(&x.shape, &weights.first()?.shape);
        let residual = if conv.residual { inputs.last() } else { None };
        let operands: Vec<Dense> = [&x].into_iter().chain(weights).chain(residual).cloned().collect();
        x = Dense { data: compute(&Op::Conv(*conv), &operands, &shape)?, shape };
    }
    Some(x.data)
}

fn places(sizes: [usize; 4]) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    let [a, b, c, d] = sizes;
    (0..a * b * c * d).map(move |i| (i / (b * c * d), i / (c * d) % b, i / d % c, i % d))
}

fn pool(settings: &Pool, x: &Dense, shape: &[usize]) -> Vec<f32> {
    let [_, channels, height, width] = x.shape[..] else { return Vec::new() };
    let [batch, _, out_height, out_width] = shape[..] else { return Vec::new() };
    let mut result = Vec::with_capacity(shape.iter().product());
    // Elements of a window within the picture, and those that an average counts.
    let window = |place: usize, axis: usize, size: usize| {
        let (kernel, padding) = (settings.kernel_size[axis], settings.padding[axis]);
        let start = place * settings.stride[axis];
        let inside: Vec<usize> =
            (0..kernel).filter_map(|step| (start + step * settings.dilation[axis]).checked_sub(padding).filter(|at| *at < size)).collect();
        let counted = (start + kernel).min(size + 2 * padding) - start;
        (inside, counted)
    };
    for (image, channel, y, x_place) in places([batch, channels, out_height, out_width]) {
        let ((rows, high), (columns, wide)) = (window(y, 0, height), window(x_place, 1, width));
        let numbers = || {
            let plane = (image * channels + channel) * height;
            rows.iter()
                .flat_map(|row| columns.iter().map(move |column| (row, column)))
                .map(move |(row, column)| x.data[(plane + row) * width + column])
        };
        result.push(match settings.kind {
            PoolKind::Max => {
                numbers().fold(f32::NEG_INFINITY, |largest, number| if number > largest || number.is_nan() { number } else { largest })
            }
            PoolKind::Average { count_include_pad } => {
                let count = if count_include_pad { high * wide } else { rows.len() * columns.len() };
                numbers().sum::<f32>() / count as f32
            }
        });
    }
    result
}

fn adaptive(x: &Dense, shape: &[usize]) -> Vec<f32> {
    let [_, channels, height, width] = x.shape[..] else { return Vec::new() };
    let [batch, _, out_height, out_width] = shape[..] else { return Vec::new() };
    let mut result = Vec::with_capacity(shape.iter().product());
    let range = |place: usize, places: usize, size: usize| place * size / places..((place + 1) * size).div_ceil(places);
    for (image, channel, y, x_place) in places([batch, channels, out_height, out_width]) {
        let (rows, columns) = (range(y, out_height, height), range(x_place, out_width, width));
        let count = rows.len() * columns.len();
        let plane = (image * channels + channel) * height;
        let sum: f32 = rows.flat_map(|row| x.data[(plane + row) * width..][columns.clone()].iter()).sum();
        result.push(sum / count as f32);
    }
    result
}

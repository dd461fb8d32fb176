//! Copies between views of one memory.

use zoo_graph::View;

/// Copies `from` to `to`, of the same shape and apart from each other.
pub(crate) fn copy(floats: &mut [f32], from: &View, to: &View) {
    let axes = merged(from, to);
    let (outer, inner) = axes.split_at(axes.len().saturating_sub(1));
    let inner = inner.first().copied().unwrap_or(Axis { size: 1, from: 1, to: 1 });
    walk(outer, from.offset, to.offset, &mut |source, target| {
        if inner.from == 1 && inner.to == 1 {
            floats.copy_within(source..source + inner.size, target);
        } else {
            for i in 0..inner.size {
                floats[target + i * inner.to] = floats[source + i * inner.from];
            }
        }
    });
}

/// Writes numbers that lie row by row to a view.
pub(crate) fn scatter(numbers: &[f32], floats: &mut [f32], to: &View) {
    each_run(to, |first, start, len, stride| {
        let numbers = &numbers[first..first + len];
        match stride {
            1 => floats[start..start + len].copy_from_slice(numbers),
            _ => numbers.iter().enumerate().for_each(|(i, number)| floats[start + i * stride] = *number),
        }
    });
}

/// Reads a view row by row.
pub(crate) fn gather(floats: &[f32], from: &View) -> Vec<f32> {
    let mut numbers = vec![0.0; from.len()];
    each_run(from, |first, start, len, stride| {
        let numbers = &mut numbers[first..first + len];
        match stride {
            1 => numbers.copy_from_slice(&floats[start..start + len]),
            _ => numbers.iter_mut().enumerate().for_each(|(i, number)| *number = floats[start + i * stride]),
        }
    });
    numbers
}

/// Calls `run(index of the first element row by row, its place, elements, distance)` for runs of evenly spaced elements.
fn each_run(view: &View, mut run: impl FnMut(usize, usize, usize, usize)) {
    let rows = View::rows(&view.shape);
    let axes = merged(&rows, view);
    let (outer, inner) = axes.split_at(axes.len().saturating_sub(1));
    let inner = inner.first().copied().unwrap_or(Axis { size: 1, from: 1, to: 1 });
    // Axes stay in the order of the rows, so that the innermost is contiguous there.
    walk(outer, 0, view.offset, &mut |first, start| run(first, start, inner.size, inner.to));
}

#[derive(Clone, Copy, Debug)]
struct Axis {
    size: usize,
    from: usize,
    to: usize,
}

/// The axes with more than one place, neighbours joined where both views allow it.
fn merged(from: &View, to: &View) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::new();
    for (axis, &size) in from.shape.iter().enumerate().filter(|(_, size)| **size != 1) {
        let next = Axis { size, from: from.strides[axis], to: to.strides[axis] };
        match axes.last_mut() {
            Some(last) if last.from == next.from * size && last.to == next.to * size => {
                *last = Axis { size: last.size * size, ..next };
            }
            _ => axes.push(next),
        }
    }
    axes
}

fn walk(axes: &[Axis], from: usize, to: usize, visit: &mut impl FnMut(usize, usize)) {
    match axes {
        [] => visit(from, to),
        [axis, rest @ ..] => (0..axis.size).for_each(|i| walk(rest, from + i * axis.from, to + i * axis.to, visit)),
    }
}

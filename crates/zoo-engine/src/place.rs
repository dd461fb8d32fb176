//! Views of the plan as tensors of the kernels.

use zoo_graph::View;
use zoo_kernels::Place;

/// A feature map `[batch, channels, height, width]` that lies channels last.
pub(crate) fn map(view: &View) -> Option<Place> {
    let &[batch, channels, height, width] = &view.shape[..] else { return None };
    let rows = view.as_rows(1)?;
    let pixels: Vec<usize> = [0, 2, 3].into_iter().filter(|axis| view.shape[*axis] > 1).collect();
    (rows.order == pixels).then_some(Place { offset: rows.offset, shape: [batch, height, width, channels], pixel_stride: rows.stride })
}

/// Rows along an axis: `[1, 1, rows, axis]`.
pub(crate) fn rows(view: &View, axis: usize) -> Option<Place> {
    let rows = view.as_rows(axis)?;
    Some(Place { offset: rows.offset, shape: [1, 1, rows.count, rows.len], pixel_stride: rows.stride })
}

/// The order in which a view's elements lie, axes of one place left out: two views with the same one match element by element.
pub(crate) fn order(view: &View) -> Vec<usize> {
    view.order().into_iter().filter(|axis| view.shape[*axis] > 1).collect()
}

/// Rows along the axis whose places lie side by side.
pub(crate) fn flat(view: &View) -> Option<Place> {
    rows(view, *order(view).last().unwrap_or(&0))
}

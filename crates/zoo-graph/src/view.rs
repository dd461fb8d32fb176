//! Strided views of memory.

/// Where each element of a tensor lies: element `[i, j, …]` at `offset + i * strides[0] + j * strides[1] + …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Size of each axis.
    pub shape: Vec<usize>,
    /// Distance from one place of an axis to the next; 0 where the axis repeats one place.
    pub strides: Vec<usize>,
    /// The first element.
    pub offset: usize,
}

impl View {
    /// Row by row.
    pub fn rows(shape: &[usize]) -> Self {
        Self::ordered(shape, &(0..shape.len()).collect::<Vec<_>>())
    }

    /// Without gaps, the axes in this order from the slowest to the fastest.
    pub fn ordered(shape: &[usize], order: &[usize]) -> Self {
        let mut strides = vec![0; shape.len()];
        let mut next = 1;
        for &axis in order.iter().rev() {
            strides[axis] = next;
            next *= shape[axis];
        }
        Self { shape: shape.to_vec(), strides, offset: 0 }
    }

    /// A feature map `[batch, channels, height, width]` with the channels of a pixel side by side; other ranks row by row.
    pub fn channels_last(shape: &[usize]) -> Self {
        match shape.len() {
            4 => Self::ordered(shape, &[0, 2, 3, 1]),
            _ => Self::rows(shape),
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements from the first to the last of memory that the view touches.
    pub fn span(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        1 + self.shape.iter().zip(&self.strides).map(|(size, stride)| (size - 1) * stride).sum::<usize>()
    }

    /// The axes from the slowest to the fastest; equals stay in order.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.shape.len()).collect();
        // An axis of one place has no stride of its own: it stays beside its left neighbour.
        order.sort_by_key(|&axis| std::cmp::Reverse(self.strides[axis]));
        order
    }

    /// Whether two elements never share a place, and the view has no gaps when its axes are sorted.
    pub fn is_dense(&self) -> bool {
        self.span() == self.len()
    }

    /// Whether the elements lie row by row without gaps.
    pub fn is_rows(&self) -> bool {
        let mut next = 1;
        self.shape.iter().zip(&self.strides).rev().all(|(size, stride)| {
            let fits = *size == 1 || *stride == next;
            next *= size;
            fits
        })
    }

    /// Axis i of the result is axis `axes[i]`.
    pub fn permute(&self, axes: &[usize]) -> Self {
        let pick = |of: &[usize]| axes.iter().map(|axis| of[*axis]).collect();
        Self { shape: pick(&self.shape), strides: pick(&self.strides), offset: self.offset }
    }

    /// From `start`, `shape` many places on each axis.
    pub fn slice(&self, start: &[usize], shape: &[usize]) -> Self {
        let offset = self.offset + start.iter().zip(&self.strides).map(|(start, stride)| start * stride).sum::<usize>();
        Self { shape: shape.to_vec(), strides: self.strides.clone(), offset }
    }

    /// The same shape, with as many places between neighbours on each axis: what lies between is left out.
    pub(crate) fn every(&self, step: &[usize]) -> Self {
        let strides = self.strides.iter().zip(step).map(|(stride, step)| stride * step).collect();
        Self { shape: self.shape.clone(), strides, offset: self.offset }
    }

    /// Axes of size 1 repeated to `shape`.
    pub fn expand(&self, shape: &[usize]) -> Self {
        let axes = self.shape.iter().zip(&self.strides).zip(shape);
        let strides = axes.map(|((from, stride), to)| if from == to { *stride } else { 0 }).collect();
        Self { shape: shape.to_vec(), strides, offset: self.offset }
    }

    /// The same elements in the same order under another shape, if that is a view of this memory.
    pub fn reshape(&self, shape: &[usize]) -> Option<Self> {
        let old: Vec<(usize, usize)> =
            self.shape.iter().zip(&self.strides).filter(|(size, _)| **size != 1).map(|(size, stride)| (*size, *stride)).collect();
        let mut strides = vec![0; shape.len()];
        let (mut from, mut to) = (0, 0);
        while from < old.len() {
            // The smallest groups of old and new axes with the same number of elements.
            let (mut old_end, mut new_end) = (from + 1, to);
            let mut old_size = old[from].0;
            let mut new_size = 1;
            loop {
                if new_size < old_size {
                    new_size *= shape.get(new_end)?;
                    new_end += 1;
                } else if old_size < new_size {
                    old_size *= old.get(old_end)?.0;
                    old_end += 1;
                } else {
                    break;
                }
            }
            if !old[from..old_end].windows(2).all(|pair| pair[0].1 == pair[1].0 * pair[1].1) {
                return None;
            }
            let mut stride = old[old_end - 1].1;
            for axis in (to..new_end).rev() {
                strides[axis] = stride;
                stride *= shape[axis];
            }
            (from, to) = (old_end, new_end);
        }
        // What is left are axes of size 1: any stride will do.
        Some(Self { shape: shape.to_vec(), strides, offset: self.offset })
    }

    /// The view as rows of `row` elements side by side, with the axis `axis` (stride 1) within a row: the distance of rows,
    /// if all rows have the same. Rows are counted along the other axes from the slowest to the fastest.
    pub fn as_rows(&self, axis: usize) -> Option<Rows> {
        if self.shape[axis] > 1 && self.strides[axis] != 1 {
            return None;
        }
        let mut others: Vec<usize> = (0..self.shape.len()).filter(|other| *other != axis && self.shape[*other] > 1).collect();
        others.sort_by_key(|&other| std::cmp::Reverse(self.strides[other]));
        let even = others.windows(2).all(|pair| self.strides[pair[0]] == self.strides[pair[1]] * self.shape[pair[1]]);
        let stride = others.last().map_or(self.shape[axis], |last| self.strides[*last]);
        let count = others.iter().map(|other| self.shape[*other]).product();
        // Rows must not overlap, unless all are one repeated row.
        (even && stride >= self.shape[axis]).then_some(Rows { count, len: self.shape[axis], stride, offset: self.offset, order: others })
    }

    /// Places of all elements, the last axis fastest.
    pub fn places(&self) -> Places<'_> {
        Places { view: self, index: vec![0; self.shape.len()], place: self.offset, left: self.len() }
    }
}

/// Rows side by side in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// How many.
    pub count: usize,
    /// Elements of each.
    pub len: usize,
    /// From one row to the next.
    pub stride: usize,
    /// The first.
    pub offset: usize,
    /// The axes along which rows are counted, from the slowest to the fastest.
    pub order: Vec<usize>,
}

/// Places of a view's elements: see [`View::places`].
#[derive(Debug)]
pub struct Places<'a> {
    view: &'a View,
    index: Vec<usize>,
    place: usize,
    left: usize,
}

impl Iterator for Places<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let place = self.place;
        for axis in (0..self.index.len()).rev() {
            self.index[axis] += 1;
            self.place += self.view.strides[axis];
            if self.index[axis] < self.view.shape[axis] {
                break;
            }
            self.place -= self.view.strides[axis] * self.view.shape[axis];
            self.index[axis] = 0;
        }
        Some(place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn splitting_channels_is_a_view_in_both_orders() {
        let shape = [2, 6, 4, 5];
        for view in [View::rows(&shape), View::channels_last(&shape)] {
            let split = view.reshape(&[2, 2, 3, 4, 5]).unwrap();
            assert_eq!(view.places().collect::<Vec<_>>(), split.places().collect::<Vec<_>>());
        }
    }

    #[test]
    fn joining_what_does_not_lie_in_order_is_none() {
        assert!(View::channels_last(&[2, 6, 4, 5]).reshape(&[2, 120]).is_none());
        assert!(View::channels_last(&[2, 6, 1, 1]).reshape(&[2, 6]).is_some());
        assert!(View::rows(&[4, 6]).permute(&[1, 0]).reshape(&[24]).is_none());
    }

    #[test]
    fn rows_of_a_map_and_of_a_part_of_its_channels() {
        let map = View::channels_last(&[2, 6, 4, 5]);
        let part = map.slice(&[0, 2, 0, 0], &[2, 3, 4, 5]);
        let rows = part.as_rows(1).unwrap();
        assert_eq!((rows.count, rows.len, rows.stride, rows.offset), (40, 3, 6, 2));
        assert!(map.as_rows(0).is_none());
        assert!(map.slice(&[0, 0, 1, 1], &[2, 6, 2, 2]).as_rows(1).is_none());
    }
}

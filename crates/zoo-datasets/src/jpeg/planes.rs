//! The pixels of a part of a picture.

use pulp::Arch;

use super::bits::Stretches;
use super::block::{Block, Coding};
use super::frame::Frame;
use super::{color, idct};

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) top: usize,
    pub(crate) left: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

/// The pixels of an area, reduced.
pub(crate) struct Decoded {
    /// Grey, or red, green and blue: `height` rows of `width` values each.
    pub(crate) planes: Vec<Vec<u8>>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Where the area lies in it: `[top, left, height, width]`. Not whole numbers where it was reduced.
    pub(crate) area: [f64; 4],
}

/// Part of a component: luma, or blue or red difference.
pub(crate) struct Component {
    /// Rows of `width` values.
    pub(crate) values: Vec<u8>,
    pub(crate) width: usize,
    /// Where the area lies in it: `[top, left, height, width]`.
    pub(crate) area: [f64; 4],
}

/// The part of one component that is needed, in whole blocks.
pub(super) struct Plane {
    pub(super) values: Vec<u8>,
    pub(super) width: usize,
    /// Side of a block in pixels.
    side: usize,
    /// First block, and first block that is not needed: `[row, column]`.
    begin: [usize; 2],
    end: [usize; 2],
    /// `[height, width]` of the whole component.
    pub(super) size: [usize; 2],
    /// How often a pixel is repeated, `[down, across]`.
    pub(super) factor: [usize; 2],
}

impl Plane {
    /// Row and column of the first pixel.
    pub(super) fn origin(&self) -> [usize; 2] {
        self.begin.map(|block| block * self.side)
    }
}

impl Frame<'_> {
    /// The pixels of an area of the picture, divided by `reduction` (1, 2, 4 or 8) in both directions. `None` where the
    /// area is not in the picture, and for damaged pictures.
    pub(crate) fn decode(&self, area: Area, reduction: usize) -> Option<Decoded> {
        let (planes, from, [height, width]) = self.planes(area, reduction)?;
        // Compiled a second time for the vector instructions of newer machines, as is the transform.
        let pixels = Arch::new().dispatch(color::Rgb { planes: &planes, from, size: [height, width] });
        let scaled = |value: usize| value as f64 / reduction as f64;
        let area = [scaled(area.top) - from[0] as f64, scaled(area.left) - from[1] as f64, scaled(area.height), scaled(area.width)];
        Some(Decoded { planes: pixels, height, width, area })
    }

    /// The components of an area, each in the size in which it is stored, for a resize that is to follow anyway. `None` as for
    /// [`decode`](Self::decode).
    pub(crate) fn components(&self, area: Area, reduction: usize) -> Option<Vec<Component>> {
        let (planes, ..) = self.planes(area, reduction)?;
        let component = |plane: Plane| {
            let scale = plane.factor.map(|factor| 1.0 / (factor * reduction) as f64);
            let [top, left] = plane.origin();
            let area = [
                area.top as f64 * scale[0] - top as f64,
                area.left as f64 * scale[1] - left as f64,
                area.height as f64 * scale[0],
                area.width as f64 * scale[1],
            ];
            Component { width: plane.width, values: plane.values, area }
        };
        Some(planes.into_iter().map(component).collect())
    }

    /// What is needed of the components, the first row and column of the reduced picture, and the size of that.
    fn planes(&self, area: Area, reduction: usize) -> Option<(Vec<Plane>, [usize; 2], [usize; 2])> {
        let (bottom, right) = (area.top.checked_add(area.height)?, area.left.checked_add(area.width)?);
        let inside = area.height > 0 && area.width > 0 && bottom <= self.height && right <= self.width;
        if !inside || !matches!(reduction, 1 | 2 | 4 | 8) {
            return None;
        }
        let from = [area.top / reduction, area.left / reduction];
        let to = [bottom.div_ceil(reduction), right.div_ceil(reduction)];
        let mut planes: Vec<Plane> = (0..self.components.len()).map(|number| self.plane(number, from, to, reduction)).collect();
        self.scan(&mut planes)?;
        Some((planes, from, [to[0] - from[0], to[1] - from[1]]))
    }

    /// What is needed of a component for the rows and columns `from..to` of the reduced picture.
    fn plane(&self, number: usize, from: [usize; 2], to: [usize; 2], reduction: usize) -> Plane {
        let (own, most) = (&self.components[number], &self.components[0]);
        let sampled = [most.down / own.down, most.across / own.across];
        // Chroma of half the size is reduced by half as much: that is the size of the reduced luma.
        let doubled = sampled == [2, 2] && reduction >= 2;
        let side = 8 / reduction * if doubled { 2 } else { 1 };
        let factor = if doubled { [1, 1] } else { sampled };
        let picture = [self.height, self.width];
        let size = [0, 1].map(|axis| (picture[axis] * side).div_ceil(8 * sampled[axis]));
        let range = [0, 1].map(|axis| match factor[axis] {
            // Interpolation looks at one neighbour on either side.
            2 => [(from[axis] / 2).saturating_sub(1), (to[axis].div_ceil(2) + 1).min(size[axis])],
            _ => [from[axis], to[axis].min(size[axis])],
        });
        let begin = range.map(|[first, _]| first / side);
        let end = range.map(|[_, last]| last.div_ceil(side));
        let width = (end[1] - begin[1]) * side;
        Plane { values: vec![0; width * (end[0] - begin[0]) * side], width, side, begin, end, size, factor }
    }

    /// Reads the scan as far as it is needed. `None` where it is damaged.
    fn scan(&self, planes: &mut [Plane]) -> Option<()> {
        let mut codings = Vec::with_capacity(self.components.len());
        for component in &self.components {
            let first = self.first_tables.get(component.first)?.as_ref()?;
            let others = self.other_tables.get(component.others)?.as_ref()?;
            codings.push(Coding { first, others, steps: self.steps.get(component.steps)?.as_ref()? });
        }
        let most = self.components.first()?;
        let columns = self.width.div_ceil(8 * most.across);
        let rows = planes.iter().zip(&self.components).map(|(plane, component)| plane.end[0].div_ceil(component.down)).max()?;
        let stretches = Stretches::of(self.scan);
        let (mut stretch, mut left) = (0, if self.restart == 0 { usize::MAX } else { self.restart });
        let mut bits = stretches.bits(0)?;
        let arch = Arch::new();
        let mut before = [0; 3];
        let mut block = Block { values: [0; 64], is_flat: true };
        for row in 0..rows {
            // Behind the end there is nothing, however much the header promises.
            if bits.is_overrun() {
                return None;
            }
            for column in 0..columns {
                if left == 0 {
                    if bits.is_overrun() {
                        return None;
                    }
                    stretch += 1;
                    bits = stretches.bits(stretch)?;
                    (before, left) = ([0; 3], self.restart);
                }
                left -= 1;
                for (number, component) in self.components.iter().enumerate() {
                    let plane = &mut planes[number];
                    for down in 0..component.down {
                        let y = row * component.down + down;
                        let row_needed = y >= plane.begin[0] && y < plane.end[0];
                        for across in 0..component.across {
                            let x = column * component.across + across;
                            let needed = row_needed && x >= plane.begin[1] && x < plane.end[1];
                            codings[number].read(&mut bits, &mut before[number], needed.then_some(&mut block))?;
                            if needed {
                                plane.put(arch, &block, y, x);
                            }
                        }
                    }
                }
            }
        }
        let is_whole = !bits.is_overrun() && (self.restart > 0 || stretches.len() == 1);
        is_whole.then_some(())
    }
}

impl Plane {
    /// Writes a block's pixels.
    fn put(&mut self, arch: Arch, block: &Block, row: usize, column: usize) {
        let start = (row - self.begin[0]) * self.side * self.width + (column - self.begin[1]) * self.side;
        let (width, side) = (self.width, self.side);
        let Some(values) = self.values.get_mut(start..) else { return };
        if block.is_flat {
            let level = idct::flat(block.values[0]);
            values.chunks_mut(width).take(side).for_each(|row| row[..side].fill(level));
            return;
        }
        match side {
            8 => write(values, width, arch.dispatch(idct::Full(&block.values))),
            4 => write(values, width, idct::reduced::<4>(&block.values)),
            2 => write(values, width, idct::reduced::<2>(&block.values)),
            _ => write(values, width, idct::reduced::<1>(&block.values)),
        }
    }
}

fn write<const N: usize>(values: &mut [u8], width: usize, pixels: [[u8; N]; N]) {
    for (row, pixels) in values.chunks_mut(width).zip(pixels) {
        row[..N].copy_from_slice(&pixels);
    }
}

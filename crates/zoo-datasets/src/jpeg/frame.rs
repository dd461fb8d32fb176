//! A JPEG's header: everything before the coefficients.

use image::metadata::Orientation;

use crate::decode::MAX_PIXELS;

use super::huffman::Table;
use super::marker::{self, SCAN};

/// A picture that can be decoded in part.
pub(crate) struct Frame<'a> {
    pub(super) height: usize,
    pub(super) width: usize,
    /// One (grey) or three (luma, blue and red difference).
    pub(super) components: Vec<Component>,
    pub(super) steps: [Option<[i32; 64]>; 4],
    pub(super) first_tables: [Option<Table>; 4],
    pub(super) other_tables: [Option<Table>; 4],
    /// MCUs between two restart markers; 0 for none.
    pub(super) restart: usize,
    /// The scan's coded bytes, and what follows.
    pub(super) scan: &'a [u8],
}

/// One component: how often it is sampled, and its tables.
#[derive(Clone, Copy)]
pub(super) struct Component {
    id: u8,
    /// Blocks in an MCU, across and down.
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) steps: usize,
    pub(super) first: usize,
    pub(super) others: usize,
}

impl<'a> Frame<'a> {
    /// Reads a header. `None` for every kind of JPEG that is not read here, among them those that are to be turned, and for
    /// damaged ones.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        if bytes.first_chunk() != Some(&[0xFF, marker::START]) {
            return None;
        }
        let mut frame = Self {
            height: 0,
            width: 0,
            components: Vec::new(),
            steps: [None; 4],
            first_tables: Default::default(),
            other_tables: Default::default(),
            restart: 0,
            scan: &[],
        };
        let mut position = 2;
        loop {
            let marker = marker::next(bytes, &mut position)?;
            if !marker::has_length(marker) {
                return None;
            }
            let segment = marker::segment(bytes, &mut position)?;
            match marker {
                // Baseline, and extended with 8 bits, which is coded the same.
                0xC0 | 0xC1 => frame.read_frame(segment)?,
                0xC4 => frame.read_tables(segment)?,
                0xDB => frame.read_steps(segment)?,
                0xDD => frame.restart = usize::from(u16::from_be_bytes(*segment.first_chunk()?)),
                0xE1 if is_turned(segment) => return None,
                0xEE if segment.starts_with(b"Adobe") && segment.get(11) != Some(&1) => return None,
                SCAN => {
                    frame.read_scan(segment)?;
                    frame.scan = bytes.get(position..)?;
                    return Some(frame);
                }
                // Progressive, lossless, arithmetic coding, DNL.
                0xC2..=0xCF | 0xDC => return None,
                _ => {}
            }
        }
    }

    /// `[height, width]` in pixels.
    pub(crate) fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    /// 1 (grey) or 3.
    pub(crate) fn channels(&self) -> usize {
        self.components.len()
    }

    fn read_frame(&mut self, segment: &[u8]) -> Option<()> {
        let &[8, height1, height0, width1, width0, count] = segment.first_chunk()? else { return None };
        self.height = usize::from(u16::from_be_bytes([height1, height0]));
        self.width = usize::from(u16::from_be_bytes([width1, width0]));
        // libjpeg repeats chroma in narrower pictures in place of interpolating.
        let too_large = (self.height * self.width) as u64 > MAX_PIXELS;
        if self.height < 8 || self.width < 8 || too_large || !self.components.is_empty() {
            return None;
        }
        for &[id, sampling, steps] in segment.get(6..6 + 3 * usize::from(count))?.as_chunks::<3>().0 {
            let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            self.components.push(Component { id, across, down, steps: usize::from(steps), first: 0, others: 0 });
        }
        match self.components.as_mut_slice() {
            // Sampling means nothing where there is nothing else.
            [only] => (only.across, only.down) = (1, 1),
            [luma, blue, red] => {
                let known = matches!((luma.across, luma.down), (1 | 2, 1) | (2, 2));
                let halved = [blue.across, blue.down, red.across, red.down] == [1; 4];
                // Without a word about colour, libjpeg takes these names for what they are.
                let is_rgb = [luma.id, blue.id, red.id] == *b"RGB";
                if !known || !halved || is_rgb {
                    return None;
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn read_tables(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let (symbols, rest) = rest.split_at_checked(counts.iter().map(|&count| usize::from(count)).sum())?;
            let table = Table::new(counts, symbols)?;
            let (tables, table) = match kind >> 4 {
                0 => (&mut self.first_tables, table),
                1 => (&mut self.other_tables, table.with_steps()),
                _ => return None,
            };
            *tables.get_mut(usize::from(kind & 15))? = Some(table);
            segment = rest;
        }
        Some(())
    }

    fn read_steps(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = segment.split_first() {
            // 16-bit steps are for 12-bit pictures.
            let (values, rest) = rest.split_first_chunk::<64>().filter(|_| kind < 4)?;
            self.steps[usize::from(kind)] = Some(values.map(i32::from));
            segment = rest;
        }
        Some(())
    }

    fn read_scan(&mut self, segment: &[u8]) -> Option<()> {
        let (&count, rest) = segment.split_first()?;
        if usize::from(count) != self.components.len() || self.components.is_empty() {
            return None; // a scan for each component
        }
        let (parts, rest) = rest.split_at_checked(2 * usize::from(count))?;
        for (component, &[id, tables]) in self.components.iter_mut().zip(parts.as_chunks::<2>().0) {
            if component.id != id {
                return None;
            }
            (component.first, component.others) = (usize::from(tables >> 4), usize::from(tables & 15));
        }
        (rest.first_chunk() == Some(&[0, 63, 0])).then_some(())
    }
}

fn is_turned(segment: &[u8]) -> bool {
    let orientation = segment.strip_prefix(b"Exif\0\0").and_then(Orientation::from_exif_chunk);
    orientation.is_some_and(|orientation| orientation != Orientation::NoTransforms)
}

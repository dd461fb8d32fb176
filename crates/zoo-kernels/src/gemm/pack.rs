//! Weights in the order in which the inner kernel reads them.

use pulp::Simd;

use super::tile::{MAX_PIXELS, MAX_VECTORS};
use crate::isa::Isa;
use crate::memory::Aligned;

/// Rows of a panel that are multiplied before the next tile is taken: 16 KB of it with AVX2, half of the smallest L1.
const CHUNK_ROWS: usize = 256;

/// Neighbouring output channels, the width of a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panel {
    /// Its first channel.
    pub first: usize,
    /// Its channels.
    pub channels: usize,
    /// Registers, the last of which may be partly unused.
    pub vectors: usize,
    /// Where its weights begin.
    pub offset: usize,
    /// Where its bias begins.
    pub bias: usize,
}

/// A part of the sum: either some taps whole, or a part of one tap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    pub tap: usize,
    pub taps: usize,
    pub offset: usize,
    pub depth: usize,
}

/// A matrix `[taps * depth, columns]`, panel by panel, with a bias.
#[derive(Clone)]
pub(crate) struct Packed {
    pub isa: Isa,
    pub taps: usize,
    pub depth: usize,
    pub columns: usize,
    /// Most pixels of a tile.
    pub pixels: usize,
    pub panels: Vec<Panel>,
    pub chunks: Vec<Chunk>,
    pub data: Aligned,
    pub bias: Option<Aligned>,
}

impl Packed {
    /// `weight(tap, k, column)` is asked once for each.
    pub(crate) fn new(
        isa: Isa,
        [taps, depth, columns]: [usize; 3],
        weight: impl Fn(usize, usize, usize) -> f32,
        bias: Option<&[f32]>,
    ) -> Self {
        let lanes = isa.lanes();
        let (pixels, mut panels) = panels(columns, lanes, isa.registers());
        let mut length = 0;
        let mut bias_length = 0;
        for panel in &mut panels {
            panel.offset = length;
            panel.bias = bias_length;
            length += taps * depth * panel.vectors * lanes;
            bias_length += panel.vectors * lanes;
        }
        let mut data = Aligned::zeros(length);
        for panel in &panels {
            let rows = data[panel.offset..].chunks_exact_mut(panel.vectors * lanes).take(taps * depth);
            for (at, row) in rows.enumerate() {
                for (c, value) in row[..panel.channels].iter_mut().enumerate() {
                    *value = weight(at / depth, at % depth, panel.first + c);
                }
            }
        }
        let bias = bias.map(|bias| {
            let mut padded = Aligned::zeros(bias_length);
            for panel in &panels {
                padded[panel.bias..][..panel.channels].copy_from_slice(&bias[panel.first..][..panel.channels]);
            }
            padded
        });
        Self { isa, taps, depth, columns, pixels, panels, chunks: chunks(taps, depth), data, bias }
    }

    /// Bytes of the weights.
    pub(crate) fn bytes(&self) -> usize {
        self.data.len() * 4
    }

    /// Floats of a register that a kernel compiled for `S` expects; a packed matrix is only good for its own instruction set.
    pub(crate) fn fits<S: Simd>(&self) -> bool {
        self.isa.lanes() == S::F32_LANES
    }
}

/// The widths: as many registers as keep a tile within the register file, and few unused lanes.
fn panels(columns: usize, lanes: usize, registers: usize) -> (usize, Vec<Panel>) {
    let total = columns.div_ceil(lanes);
    let widest = if registers >= 32 { MAX_VECTORS } else { 2 };
    // With 16 registers an odd register left over makes one panel of three, for which tiles have four pixels.
    let three = widest == 2 && total % 2 == 1 && total >= 3;
    let pixels = if three { 4 } else { MAX_PIXELS };
    let mut all = Vec::new();
    let mut done = 0;
    while done < total {
        let left = total - done;
        let vectors = if three && left == 3 { 3 } else { left.min(widest) };
        let first = done * lanes;
        all.push(Panel { first, channels: (vectors * lanes).min(columns - first), vectors, offset: 0, bias: 0 });
        done += vectors;
    }
    (pixels, all)
}

fn chunks(taps: usize, depth: usize) -> Vec<Chunk> {
    let mut all = Vec::new();
    if depth > CHUNK_ROWS * 3 / 2 {
        let parts = depth.div_ceil(CHUNK_ROWS);
        for tap in 0..taps {
            for part in 0..parts {
                let (from, to) = (depth * part / parts, depth * (part + 1) / parts);
                all.push(Chunk { tap, taps: 1, offset: from, depth: to - from });
            }
        }
    } else {
        let parts = (taps * depth).div_ceil(CHUNK_ROWS).clamp(1, taps.max(1));
        for part in 0..parts {
            let (from, to) = (taps * part / parts, taps * (part + 1) / parts);
            all.push(Chunk { tap: from, taps: to - from, offset: 0, depth });
        }
    }
    all
}

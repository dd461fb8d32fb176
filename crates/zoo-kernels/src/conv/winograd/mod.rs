//! Winograd's minimal filtering for 3x3 and 5x5 kernels of stride 1: tiles of the input are transformed, multiplied element by
//! element (a matrix product over the channels for each element), and transformed back.
//!
//! Where the transformed weights fit beside a block of tiles, one thread does all three steps of a block while it is in L2.
//! Otherwise the steps follow each other, and threads share the matrices.
//!
//! Infinity and NaN spread over the tile, 4 x 4 or 6 x 6 pixels around; an output that should not be finite never is.

mod gradient;
mod tiles;
mod transform;
mod weights;

pub(super) use gradient::weight_gradient;
use tiles::{Grid, Transform};

use super::direct::order;
use super::{ConvSpec, Job};
use crate::cache;
use crate::gemm::{Block, Layout, Sizes};
use crate::isa::Isa;
use crate::memory::{Aligned, SharedMut};
use crate::scratch::Scratch;
use crate::threads::Threads;
use crate::view::Shape;
use pulp::{Simd, WithSimd};

use crate::activation::Activation;

/// Bytes of transformed tiles and their products that stay in L2.
const BLOCK_BYTES: usize = 288 << 10;
/// Fewest tiles for which a pass over the weights pays.
const BLOCK_TILES: usize = 12;
/// Bytes of transformed tiles and their products in a pass of the shared steps, and the fewest tiles for which a pass over the
/// weights pays.
const PASS_BYTES: usize = 1 << 20;
const PASS_TILES: usize = 64;
/// Pixels of a block of the product.
const PRODUCT_PIXELS: usize = 96;

#[derive(Clone)]
pub(super) struct Winograd {
    layout: Layout,
    /// A packed matrix for each element of a tile.
    weights: Aligned,
    bias: Aligned,
    zeros: Aligned,
    /// Outputs of a tile along one axis, and the side of the input that they see: 2 and 4, or 4 and 6, or for a kernel of 5x5 2 and 6.
    outputs: usize,
    tile: usize,
}

/// How many tiles are in work at once, and whether one thread does all of their steps.
#[derive(Clone, Copy)]
struct Plan {
    fused: bool,
    tiles: usize,
}

/// Whether one thread does all three steps of a block: its tiles and all weights must stay in L2 (three fifths of it are for the
/// weights; more of them take longer to read for each block than sharing the steps).
pub(super) fn is_fused(elements: usize, inputs: usize, columns: usize) -> bool {
    BLOCK_BYTES / (4 * elements * (inputs + columns)) >= BLOCK_TILES && 4 * elements * inputs * columns <= cache::second() / 5 * 3
}

impl Winograd {
    /// In buffers of `scratch` and on all threads; `reversed` as for [`super::direct::Direct::pack_in`].
    pub(super) fn pack_in(
        spec: &ConvSpec,
        (weight, reversed): (&[f32], bool),
        bias: Option<&[f32]>,
        isa: Isa,
        outputs: usize,
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Self {
        let layout = Layout::new(isa, [1, spec.in_channels, spec.out_channels]);
        let tile = outputs + spec.kernel[0] - 1;
        let mut weights = scratch.take(tile * tile * layout.len());
        let order = order(spec, 1, reversed, (0..spec.taps()).collect());
        weights::transform(&layout, &order, weight, tile, &mut weights, threads);
        let mut padded = scratch.take(spec.out_channels);
        match bias {
            Some(bias) => padded.copy_from_slice(bias),
            None => padded.fill(0.0),
        }
        Self { layout, weights, bias: padded, zeros: Aligned::zeros(spec.in_channels), outputs, tile }
    }

    /// Gives the buffers back.
    pub(super) fn give(self, scratch: &mut Scratch) {
        scratch.give(self.weights);
        scratch.give(self.bias);
    }

    pub(super) fn bytes(&self) -> usize {
        (self.weights.len() + self.bias.len()) * 4
    }

    fn elements(&self) -> usize {
        self.tile * self.tile
    }

    /// Floats that a tile takes, transformed and multiplied.
    fn tile_len(&self) -> usize {
        self.elements() * (self.layout.depth + self.layout.columns)
    }

    fn plan(&self, output: Shape, threads: usize) -> Plan {
        let tiles = Grid::new(output, self.outputs).tiles();
        let fit = BLOCK_BYTES / (4 * self.tile_len());
        if is_fused(self.elements(), self.layout.depth, self.layout.columns) {
            // The same number of blocks for each thread, nearly equal.
            let blocks = tiles.div_ceil(fit).max(2 * threads).next_multiple_of(threads);
            Plan { fused: true, tiles: tiles.div_ceil(blocks) }
        } else {
            let passes = tiles.div_ceil((PASS_BYTES / (4 * self.tile_len())).max(PASS_TILES)).max(1);
            Plan { fused: false, tiles: tiles.div_ceil(passes) }
        }
    }

    pub(super) fn workspace_len(&self, output: Shape, cut_for: usize, threads: usize) -> usize {
        if output.contains(&0) {
            return 0;
        }
        let plan = self.plan(output, cut_for);
        plan.tiles * self.tile_len() * if plan.fused { threads } else { 1 }
    }

    /// # Safety
    /// `job` must describe valid tensors of the shapes that `spec` asks for; the workspace must be long enough.
    pub(super) unsafe fn run(&self, spec: &ConvSpec, job: &Job, isa: Isa, workspace: &mut [f32], threads: &Threads) {
        let plan = self.plan(job.output_shape, job.cut_for);
        let grid = Grid::new(job.output_shape, self.outputs);
        let tiles = grid.tiles();
        let workspace = SharedMut::new(workspace);
        // SAFETY: the workspace has a part for each worker, or is one part; each part has the transformed tiles first, and their
        // products after.
        let pass = |first: usize, worker: usize| unsafe {
            let count = plan.tiles.min(tiles - first);
            let part = worker * plan.tiles * self.tile_len();
            let products = part + count * self.elements() * self.layout.depth;
            Pass { winograd: self, spec, job, grid, first, count, input: workspace.at(part), product: workspace.at(products) }
        };
        if plan.fused {
            threads.run(tiles.div_ceil(plan.tiles), |task, worker| {
                let pass = pass(task * plan.tiles, worker);
                isa.run(pass.step(Step::Input { tiles: [0, pass.count], channels: [0, self.layout.depth] }));
                for element in 0..self.elements() {
                    isa.run(pass.step(Step::Product { element, panels: [0, self.layout.panels.len()], ahead: false }));
                }
                isa.run(pass.step(Step::Output { tiles: [0, pass.count], channels: [0, self.layout.columns] }));
            });
            return;
        }
        for first in (0..tiles).step_by(plan.tiles) {
            let pass = pass(first, 0);
            each_part(pass.count, self.layout.depth, threads, |tiles, channels| {
                isa.run(pass.step(Step::Input { tiles, channels }));
            });
            let groups = (8 * threads.count()).div_ceil(self.elements()).min(self.layout.panels.len());
            threads.run(self.elements() * groups, |task, _| {
                let (element, group) = (task / groups, task % groups);
                let edge = |i: usize| self.layout.panels.len() * i / groups;
                let panels = [edge(group), edge(group + 1)];
                // With so few tiles weights are read once.
                let ahead = pass.count <= PRODUCT_PIXELS;
                isa.run(pass.step(Step::Product { element, panels, ahead }));
            });
            each_part(pass.count, self.layout.columns, threads, |tiles, channels| {
                isa.run(pass.step(Step::Output { tiles, channels }));
            });
        }
    }
}

/// Shares tiles and, where they are few, ranges of channels.
fn each_part(tiles: usize, channels: usize, threads: &Threads, task: impl Fn([usize; 2], [usize; 2]) + Sync) {
    let target = if threads.count() == 1 { 1 } else { 8 * threads.count() };
    let strips = target.min(tiles);
    let parts = (target / strips).clamp(1, channels.div_ceil(64));
    threads.run(strips * parts, |i, _| {
        let (strip, part) = (i / parts, i % parts);
        let edge = |i: usize| (channels * i / parts).next_multiple_of(32).min(channels);
        task([tiles * strip / strips, tiles * (strip + 1) / strips], [edge(part), edge(part + 1)]);
    });
}

/// Tiles in work: `input` is `[element][tile][in_channels]`, `product` is `[element][tile][out_channels]`.
#[derive(Clone, Copy)]
struct Pass<'a> {
    winograd: &'a Winograd,
    spec: &'a ConvSpec,
    job: &'a Job,
    grid: Grid,
    /// The first tile, and how many.
    first: usize,
    count: usize,
    input: *mut f32,
    product: *mut f32,
}

// SAFETY: its pointers are into a workspace, of which each step writes a part of its own.
unsafe impl Sync for Pass<'_> {}

enum Step {
    Input { tiles: [usize; 2], channels: [usize; 2] },
    Product { element: usize, panels: [usize; 2], ahead: bool },
    Output { tiles: [usize; 2], channels: [usize; 2] },
}

struct Stepped<'a> {
    pass: Pass<'a>,
    step: Step,
}

impl<'a> Pass<'a> {
    const fn step(&self, step: Step) -> Stepped<'a> {
        Stepped { pass: *self, step }
    }

    /// Multiplies an element of all tiles.
    #[inline(always)]
    fn multiply<S: Simd>(&self, simd: S, element: usize, panels: [usize; 2], ahead: bool) {
        let layout = &self.winograd.layout;
        let mut rows = Vec::with_capacity(PRODUCT_PIXELS);
        let blocks = self.count.div_ceil(PRODUCT_PIXELS);
        for block in 0..blocks {
            let (first, end) = (self.count * block / blocks, self.count * (block + 1) / blocks);
            let sizes = Sizes::new(end - first, layout.pixels);
            // SAFETY: tiles and channels are within the two buffers; this element and these panels are this task's.
            unsafe {
                let from = self.input.add((element * self.count + first) * layout.depth).cast_const();
                sizes.rows(1, &mut rows, |tile, _| from.add(tile * layout.depth));
                let block = Block {
                    sizes,
                    rows: &rows,
                    offset: 0,
                    out: self.product.add((element * self.count + first) * layout.columns),
                    out_stride: layout.columns,
                    residual: None,
                    activation: Activation::Identity,
                    panels: panels[0]..panels[1],
                    ahead,
                };
                let weights = self.winograd.weights.as_ptr().add(element * layout.len());
                layout.run(simd, weights, std::ptr::null(), &block);
            }
        }
    }
}

impl WithSimd for Stepped<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (pass, winograd) = (&self.pass, self.pass.winograd);
        let sides = (winograd.tile, winograd.outputs);
        match self.step {
            Step::Product { element, panels, ahead } => pass.multiply(simd, element, panels, ahead),
            // SAFETY: `Winograd::run`'s caller promised valid tensors; the buffers are as long as the pass says.
            Step::Input { tiles, channels } => unsafe {
                let transform = Transform { pass, tiles, channels };
                if sides.0 == 4 { transform.input::<S, 4>(simd) } else { transform.input::<S, 6>(simd) }
            },
            // SAFETY: as above; tasks have tiles and channels of the output of their own.
            Step::Output { tiles, channels } => unsafe {
                let transform = Transform { pass, tiles, channels };
                match sides {
                    (4, _) => transform.output::<S, 4, 2>(simd),
                    (_, 4) => transform.output::<S, 6, 4>(simd),
                    _ => transform.output::<S, 6, 2>(simd),
                }
            },
        }
    }
}

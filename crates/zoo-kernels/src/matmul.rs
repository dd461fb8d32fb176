//! Products of matrices that are both computed, as in attention. Each task packs its part of the right one.

use pulp::{Simd, WithSimd};

use crate::activation::Activation;
use crate::error::{Result, need, same, setting};
use crate::gemm::{Block, Layout, Sizes};
use crate::isa::Isa;
use crate::memory::SharedMut;
use crate::threads::Threads;

/// Products of a task that takes some microseconds.
const TASK: usize = 300_000;
/// Rows that are multiplied before the next panel is taken.
const ROWS: usize = 96;

/// `out = scale a b` for each of a batch: `a` is `[m, k]`, `b` is `[k, n]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatMulSpec {
    /// Rows of `a` and of the result.
    pub m: usize,
    /// Columns of `a`, rows of `b`.
    pub k: usize,
    /// Columns of `b` and of the result.
    pub n: usize,
    /// Whether `a` lies as `[k, m]`.
    pub a_transposed: bool,
    /// Whether `b` lies as `[n, k]`.
    pub b_transposed: bool,
    /// A factor of the result.
    pub scale: f32,
}

/// A product of fixed sizes.
#[derive(Clone)]
pub struct MatMul {
    spec: MatMulSpec,
    layout: Layout,
}

impl MatMul {
    /// Plans a product.
    ///
    /// # Errors
    /// A size is zero.
    pub fn new(spec: MatMulSpec, isa: Isa) -> Result<Self> {
        if [spec.m, spec.k, spec.n].contains(&0) {
            return setting("matrix", "its sizes must be at least one");
        }
        Ok(Self { spec, layout: Layout::new(isa, [1, spec.k, spec.n]) })
    }

    /// What it computes.
    pub const fn spec(&self) -> &MatMulSpec {
        &self.spec
    }

    /// Floats of workspace that [`MatMul::run`] needs.
    pub fn workspace_len(&self, threads: &Threads) -> usize {
        self.worker_len() * threads.count()
    }

    /// The right matrix packed, and the left one where it must be transposed.
    fn worker_len(&self) -> usize {
        let left = if self.spec.a_transposed { self.spec.m * self.spec.k } else { 0 };
        (self.layout.len() + left).next_multiple_of(16)
    }

    /// Multiplies `batch` pairs that follow each other; a side with one matrix only is used for all.
    ///
    /// # Errors
    /// Lengths that do not fit, or a short workspace.
    pub fn run(&self, batch: usize, a: &[f32], b: &[f32], out: &mut [f32], workspace: &mut [f32], threads: &Threads) -> Result<()> {
        let MatMulSpec { m, k, n, .. } = self.spec;
        let step = |what, matrix: usize, len: usize| {
            if len == matrix { Ok(0) } else { same(what, &[batch * matrix], &[len]).map(|()| matrix) }
        };
        let (a_step, b_step) = (step("the left matrices", m * k, a.len())?, step("the right matrices", k * n, b.len())?);
        same("the products", &[batch * m * n], &[out.len()])?;
        need("the workspace", self.workspace_len(threads), workspace.len())?;
        let work = m * k * n;
        let panels = self.layout.panels.len();
        let wanted = if threads.count() == 1 { 1 } else { (8 * threads.count()).div_ceil(batch.max(1)) };
        let parts = wanted.min(work.div_ceil(TASK)).min(panels);
        let (out, workspace) = (SharedMut::new(out), SharedMut::new(workspace));
        threads.run(batch * parts, |task, worker| {
            let (item, part) = (task / parts, task % parts);
            // SAFETY: products have places of their own, tasks of one product columns of their own, and workers parts of the
            // workspace; all lengths were checked.
            unsafe {
                self.layout.isa.run(Task {
                    product: self,
                    a: &a[item * a_step..][..m * k],
                    b: &b[item * b_step..][..k * n],
                    out: out.at(item * m * n),
                    packed: std::slice::from_raw_parts_mut(workspace.at(worker * self.worker_len()), self.worker_len()),
                    panels: [panels * part / parts, panels * (part + 1) / parts],
                });
            }
        });
        Ok(())
    }

    /// Packs a panel of the right matrix.
    fn pack(&self, panel: usize, b: &[f32], packed: &mut [f32]) {
        let MatMulSpec { k, n, scale, b_transposed, .. } = self.spec;
        let panel = &self.layout.panels[panel];
        let width = panel.vectors * self.layout.isa.lanes();
        let rows = packed[panel.offset..][..k * width].chunks_exact_mut(width);
        if b_transposed {
            for (i, row) in rows.enumerate() {
                for (c, to) in row.iter_mut().enumerate() {
                    *to = if c < panel.channels { scale * b[(panel.first + c) * k + i] } else { 0.0 };
                }
            }
        } else {
            for (row, from) in rows.zip(b.chunks_exact(n)) {
                let (inside, outside) = row.split_at_mut(panel.channels);
                for (to, from) in inside.iter_mut().zip(&from[panel.first..]) {
                    *to = scale * from;
                }
                outside.fill(0.0);
            }
        }
    }
}

struct Task<'a> {
    product: &'a MatMul,
    a: &'a [f32],
    b: &'a [f32],
    out: *mut f32,
    packed: &'a mut [f32],
    panels: [usize; 2],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { product, a, b, out, packed, panels } = self;
        let (layout, MatMulSpec { m, k, n, a_transposed, .. }) = (&product.layout, product.spec);
        let (packed, left) = packed.split_at_mut(layout.len());
        for panel in panels[0]..panels[1] {
            product.pack(panel, b, packed);
        }
        let a = if a_transposed {
            for (i, row) in left.chunks_exact_mut(k).take(m).enumerate() {
                row.iter_mut().enumerate().for_each(|(j, to)| *to = a[j * m + i]);
            }
            &*left
        } else {
            a
        };
        let mut rows = Vec::with_capacity(ROWS);
        let blocks = m.div_ceil(ROWS);
        for block in 0..blocks {
            let (first, end) = (m * block / blocks, m * (block + 1) / blocks);
            let sizes = Sizes::new(end - first, layout.pixels);
            // SAFETY: `MatMul::run` checked the lengths; these rows and panels of the product are this task's.
            unsafe {
                sizes.rows(1, &mut rows, |row, _| a.as_ptr().add((first + row) * k));
                let block = Block {
                    sizes,
                    rows: &rows,
                    offset: 0,
                    out: out.add(first * n),
                    out_stride: n,
                    residual: None,
                    activation: Activation::Identity,
                    panels: panels[0]..panels[1],
                    ahead: false,
                };
                layout.run(simd, packed.as_ptr(), std::ptr::null(), &block);
            }
        }
    }
}

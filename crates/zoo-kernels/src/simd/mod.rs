//! Generic vector code: loads, stores and selections on `pulp`.
//!
//! Everything here is `inline(always)`, so that it is compiled with the instruction set of the kernel that calls it.

pub(crate) mod math;

use pulp::{MemMask, Simd};

/// Reads a register.
///
/// # Safety
/// `S::F32_LANES` floats must be readable at `from`.
#[inline(always)]
pub(crate) unsafe fn load<S: Simd>(_: S, from: *const f32) -> S::f32s {
    // SAFETY: the caller's promise; any bit pattern is a float.
    unsafe { from.cast::<S::f32s>().read_unaligned() }
}

/// Writes a register.
///
/// # Safety
/// `S::F32_LANES` floats must be writable at `to`.
#[inline(always)]
pub(crate) unsafe fn store<S: Simd>(_: S, to: *mut f32, value: S::f32s) {
    // SAFETY: the caller's promise.
    unsafe { to.cast::<S::f32s>().write_unaligned(value) }
}

/// Asks for a cache line that will be read soon; any address will do.
#[inline(always)]
pub(crate) fn prefetch(at: *const f32) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: it reads nothing and cannot fault, and every processor of this architecture has it.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}

/// The register at the end of a row, which the row may not fill.
#[derive(Clone, Copy)]
pub(crate) struct Tail<S: Simd>(Option<MemMask<S::m32s>>);

impl<S: Simd> Tail<S> {
    /// With so many elements.
    #[inline(always)]
    pub(crate) fn new(simd: S, elements: usize) -> Self {
        // Made from the mask alone it becomes an instruction; what pulp keeps beside it would become a call.
        let mask = || MemMask::new(simd.mask_between_m32s(0, elements as u32).mask());
        Self((elements < S::F32_LANES).then(mask))
    }

    /// Reads a register, which is the last or not; zeros behind the end.
    ///
    /// # Safety
    /// Its floats must be readable, up to the end.
    #[inline(always)]
    pub(crate) unsafe fn load(self, simd: S, from: *const f32, last: bool) -> S::f32s {
        // SAFETY: the caller's promise.
        unsafe {
            match self.0 {
                Some(mask) if last => simd.mask_load_ptr_f32s(mask, from),
                _ => load(simd, from),
            }
        }
    }

    /// Writes a register, which is the last or not.
    ///
    /// # Safety
    /// Its floats must be writable, up to the end.
    #[inline(always)]
    pub(crate) unsafe fn store(self, simd: S, to: *mut f32, value: S::f32s, last: bool) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.0 {
                Some(mask) if last => simd.mask_store_ptr_f32s(mask, to, value),
                _ => store(simd, to, value),
            }
        }
    }
}

/// The larger of `floor` and `x`; NaN where `x` is NaN.
#[inline(always)]
pub(crate) fn at_least<S: Simd>(simd: S, floor: S::f32s, x: S::f32s) -> S::f32s {
    // x86's instruction gives its second operand where one is NaN; other sets, and plain Rust, may give the first.
    if cfg!(target_arch = "x86_64") && !S::IS_SCALAR && S::F32_LANES > 1 {
        simd.max_f32s(floor, x)
    } else {
        simd.select_f32s(simd.less_than_f32s(x, floor), floor, x)
    }
}

/// The smaller of `ceiling` and `x`; NaN where `x` is NaN.
#[inline(always)]
pub(crate) fn at_most<S: Simd>(simd: S, ceiling: S::f32s, x: S::f32s) -> S::f32s {
    if cfg!(target_arch = "x86_64") && !S::IS_SCALAR && S::F32_LANES > 1 {
        simd.min_f32s(ceiling, x)
    } else {
        simd.select_f32s(simd.less_than_f32s(ceiling, x), ceiling, x)
    }
}

/// The larger of both; NaN where one is NaN.
#[inline(always)]
pub(crate) fn max_or_nan<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
    let larger = simd.select_f32s(simd.less_than_f32s(a, b), b, a);
    // Where `a` is NaN nothing is less, and `a` stays; where `b` is NaN it must win.
    let ordered = simd.less_than_or_equal_f32s(b, b);
    simd.select_f32s(ordered, larger, b)
}

/// x86's registers of 8 and of 4 floats, where those at hand are longer.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn shorter<S: Simd>(_: S) -> (Option<pulp::x86::V3>, Option<pulp::x86::V3_128b>) {
    if S::IS_SCALAR || S::F32_LANES < 8 {
        return (None, None);
    }
    // SAFETY: of x86's sets `Isa` takes the one with AVX2 and FMA, whose registers hold 8 floats, and one that includes it.
    let token = unsafe { pulp::x86::V3::new_unchecked() };
    ((S::F32_LANES > 8).then_some(token), Some(pulp::x86::V3_128b(token)))
}

/// Where [`for_lanes`] has element `at` of `n`: the first element of its register, and how many that holds.
pub(crate) fn register(at: usize, n: usize, lanes: usize) -> (usize, usize) {
    let (mut first, mut lanes) = (0, lanes);
    loop {
        let end = n - (n - first) % lanes;
        if at < end {
            return (at - (at - first) % lanes, lanes);
        }
        first = end;
        lanes = match lanes {
            9.. if cfg!(target_arch = "x86_64") => 8,
            5.. if cfg!(target_arch = "x86_64") => 4,
            _ => 1,
        };
    }
}

/// Calls `$body` with the vector instructions at hand for whole registers of `0..$n`, then with shorter ones, where there are
/// such, and with plain Rust for the rest: a network with maps of 12 channels would never fill a register of 16.
/// All name the same generic code: `|simd, at| body`.
macro_rules! for_lanes {
    ($simd:expr, $n:expr, |$s:ident: $S:ident, $at:ident| $body:block) => {{
        let n: usize = $n;
        let lanes = <$S as pulp::Simd>::F32_LANES;
        let mut $at = 0;
        {
            let $s = $simd;
            while $at + lanes <= n {
                $body
                $at += lanes;
            }
        }
        #[cfg(target_arch = "x86_64")]
        {
            let (eight, four) = $crate::simd::shorter($simd);
            if let Some($s) = eight {
                #[allow(dead_code)]
                type $S = pulp::x86::V3;
                while $at + 8 <= n {
                    $body
                    $at += 8;
                }
            }
            if let Some($s) = four {
                #[allow(dead_code)]
                type $S = pulp::x86::V3_128b;
                while $at + 4 <= n {
                    $body
                    $at += 4;
                }
            }
        }
        {
            #[allow(dead_code)]
            type $S = pulp::Scalar;
            let $s = pulp::Scalar;
            while $at < n {
                $body
                $at += 1;
            }
        }
    }};
}

pub(crate) use for_lanes;

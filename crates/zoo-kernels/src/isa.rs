//! Which vector instructions the kernels use.

use std::fmt;

use pulp::{Scalar, Simd, WithSimd};

/// An instruction set that this machine has; one cannot be made for a machine without it.
#[derive(Clone, Copy)]
pub struct Isa(Token);

#[derive(Clone, Copy)]
#[cfg_attr(miri, allow(dead_code))] // Miri interprets plain Rust only.
enum Token {
    Scalar(Scalar),
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    #[cfg(target_arch = "wasm32")]
    Simd128(pulp::wasm::Simd128),
}

impl Isa {
    /// Plain Rust, no vector instructions asked for.
    pub const SCALAR: Self = Self(Token::Scalar(Scalar));

    /// The widest that this machine has.
    pub fn detect() -> Self {
        Self::available().last().copied().unwrap_or(Self::SCALAR)
    }

    /// All that this machine has, narrowest first; [`Isa::SCALAR`] is always there.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut all = vec![Self::SCALAR];
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        {
            all.extend(pulp::x86::V3::try_new().map(|t| Self(Token::Avx2(t))));
            all.extend(pulp::x86::V4::try_new().map(|t| Self(Token::Avx512(t))));
        }
        #[cfg(all(target_arch = "aarch64", not(miri)))]
        all.extend(pulp::aarch64::Neon::try_new().map(|t| Self(Token::Neon(t))));
        #[cfg(target_arch = "wasm32")]
        all.extend(pulp::wasm::Simd128::try_new().map(|t| Self(Token::Simd128(t))));
        all
    }

    /// Its name: `scalar`, `avx2`, `avx512`, `neon`, `simd128`.
    pub const fn name(self) -> &'static str {
        match self.0 {
            Token::Scalar(_) => "scalar",
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Token::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Token::Neon(_) => "neon",
            #[cfg(target_arch = "wasm32")]
            Token::Simd128(_) => "simd128",
        }
    }

    /// Floats in one register.
    pub fn lanes(self) -> usize {
        self.run(Lanes).0
    }

    /// Vector registers.
    pub(crate) fn registers(self) -> usize {
        self.run(Lanes).1
    }

    /// Runs `kernel` compiled for this instruction set.
    #[inline]
    pub(crate) fn run<K: WithSimd>(self, kernel: K) -> K::Output {
        match self.0 {
            Token::Scalar(simd) => simd.vectorize(kernel),
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Token::Avx512(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "aarch64")]
            Token::Neon(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "wasm32")]
            Token::Simd128(simd) => Simd::vectorize(simd, kernel),
        }
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = (usize, usize);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> (usize, usize) {
        (S::F32_LANES, S::REGISTER_COUNT)
    }
}

impl Default for Isa {
    fn default() -> Self {
        Self::detect()
    }
}

impl PartialEq for Isa {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Isa {}

impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

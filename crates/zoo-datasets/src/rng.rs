//! The crate's own random numbers: the same on every machine and in every version of every dependency.

/// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
#[derive(Clone, Debug)]
pub(crate) struct SplitMix64(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator of its own for each list of numbers, such as (seed, epoch, index).
    pub(crate) fn keyed(key: &[u64]) -> Self {
        Self::new(mix(key))
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        finish(self.0)
    }

    /// Uniform in `0..bound`, without bias; 0 for `bound` 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            return 0;
        }
        let bound = bound as u64;
        // Lemire 2019: the low half decides whether this draw belongs to the surplus that would bias.
        let surplus = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= surplus {
                return (product >> 64) as usize;
            }
        }
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-53.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `[low, high)`.
    pub(crate) fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Whether an event of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Normal with mean 0 and deviation 1 (G. Marsaglia and T. Bray 1964, the polar method; the second number is not kept).
    pub(crate) fn normal(&mut self) -> f64 {
        self.normals()[0]
    }

    /// Two of them, at the price of one.
    pub(crate) fn normals(&mut self) -> [f64; 2] {
        loop {
            let (x, y) = (self.range(-1.0, 1.0), self.range(-1.0, 1.0));
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                return [x * factor, y * factor];
            }
        }
    }

    /// Gamma with this shape and scale 1 (G. Marsaglia and W. Tsang 2000, "A simple method for generating gamma variables").
    pub(crate) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            // Its first draw is never 0, which has no logarithm.
            let power = (1.0 - self.unit()).powf(1.0 / shape);
            return self.gamma(shape + 1.0) * power;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Shares of a whole, as many as there are, from the symmetric Dirichlet distribution; two of them are Beta.
    pub(crate) fn shares(&mut self, alpha: f64, count: usize) -> Vec<f64> {
        let draws: Vec<f64> = (0..count).map(|_| self.gamma(alpha)).collect();
        let total: f64 = draws.iter().sum();
        // Of a tiny alpha all draws may be 0 in 64 bits: one then has everything.
        let first = self.below(count);
        let share = |(number, draw): (usize, &f64)| if total > 0.0 { draw / total } else { f64::from(number == first) };
        draws.iter().enumerate().map(share).collect()
    }

    /// Symmetric Beta.
    pub(crate) fn beta(&mut self, alpha: f64) -> f64 {
        self.shares(alpha, 2)[0]
    }

    /// Fisher-Yates.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// One number from several, order included.
pub(crate) fn mix(key: &[u64]) -> u64 {
    key.iter().fold(key.len() as u64, |state, &part| finish(state.wrapping_add(GOLDEN) ^ finish(part.wrapping_add(GOLDEN))))
}

fn finish(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_published_generator() {
        // First outputs of the reference C code (https://prng.di.unimi.it/splitmix64.c) for seed 1234567.
        let mut rng = SplitMix64::new(1_234_567);
        let first: Vec<u64> = (0..5).map(|_| rng.next_u64()).collect();
        let expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        assert_eq!(first, expected);
    }

    #[test]
    fn below_is_uniform_and_in_range() {
        let mut rng = SplitMix64::new(3);
        let mut counts = [0usize; 7];
        for _ in 0..70_000 {
            counts[rng.below(7)] += 1;
        }
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 500), "{counts:?}");
        assert_eq!((rng.below(0), rng.below(1)), (0, 0));
    }

    #[test]
    fn normals_and_shares_have_their_moments() {
        let mut rng = SplitMix64::new(4);
        let draws: Vec<f64> = (0..20_000).map(|_| rng.normal()).collect();
        let moment = |power: i32| draws.iter().map(|x| x.powi(power)).sum::<f64>() / 20_000.0;
        assert!(moment(1).abs() < 0.03 && (moment(2) - 1.0).abs() < 0.04 && (moment(4) - 3.0).abs() < 0.3);
        for alpha in [0.2, 1.0, 3.0] {
            let draws: Vec<f64> = (0..20_000).map(|_| rng.beta(alpha)).collect();
            let mean = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
            // Beta(a, a): 1 / (4 (2a + 1)).
            assert!((mean - 0.5).abs() < 0.01 && (variance * 4.0 * (2.0 * alpha + 1.0) - 1.0).abs() < 0.04, "{alpha}: {mean} {variance}");
        }
        let shares = rng.shares(1.0, 3);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(rng.shares(1e-300, 2).iter().sum::<f64>(), 1.0);
    }

    #[test]
    fn shuffle_reaches_every_order_and_keys_are_independent() {
        let mut seen = std::collections::HashMap::new();
        for seed in 0..6000 {
            let mut items = [0, 1, 2];
            SplitMix64::keyed(&[seed, 1]).shuffle(&mut items);
            *seen.entry(items).or_insert(0usize) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|&count| count.abs_diff(1000) < 150), "{seen:?}");
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
        assert_ne!(mix(&[0]), mix(&[0, 0]));
    }
}

//! Weights, packed for the kernels.
//!
//! A plan is bound to its kernels before any weight is packed: then nothing but the orders has the graph's constants, and each goes as
//! soon as it is packed, so that a model is not in memory twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use zoo_kernels::{Algorithm, ConvSpec, Isa, PackedConv, Threads};

use crate::EngineError;

/// Weights that a layer has at least if all threads are to pack it together.
const LARGE: usize = 1 << 22;

/// What is packed: the layer, the algorithm, whether the weights lie the other way, and which weights they are.
type Key = (ConvSpec, Algorithm, bool, u64);

/// Weights packed for the kernels, shared by the plans of one model.
pub(crate) type Packed = HashMap<Key, Arc<PackedConv>>;

/// Weights to be packed.
pub(crate) struct Order {
    pub spec: ConvSpec,
    pub algorithm: Algorithm,
    pub weight: Arc<Vec<f32>>,
    pub bias: Arc<Vec<f32>>,
    /// Whether the weights lie `[in, out]`, as those of Burn's linear layers.
    pub by_input: bool,
}

/// All orders of a plan; a layer is known by its number.
pub(crate) struct Orders {
    /// Whether other plans may ask for the same weights, which then are other copies of the same numbers.
    shared: bool,
    numbers: HashMap<Key, usize>,
    list: Vec<(Key, Order)>,
}

impl Orders {
    pub fn new(shared: bool) -> Self {
        Self { shared, numbers: HashMap::new(), list: Vec::new() }
    }

    /// The number of the layer.
    pub fn add(&mut self, order: Order) -> usize {
        let which = if self.shared {
            hash([order.weight.as_slice(), order.bias.as_slice()])
        } else {
            let address = |numbers: &Arc<Vec<f32>>| Arc::as_ptr(numbers) as u64;
            address(&order.weight).rotate_left(32) ^ address(&order.bias)
        };
        let key = (order.spec, order.algorithm, order.by_input, which);
        *self.numbers.entry(key).or_insert_with(|| {
            self.list.push((key, order));
            self.list.len() - 1
        })
    }

    /// Packs what is not packed yet, on all threads, and lets the numbers go.
    pub fn pack(self, isa: Isa, threads: &Threads, packed: &mut Packed) -> Result<Vec<Arc<PackedConv>>, EngineError> {
        let keys: Vec<Key> = self.list.iter().map(|(key, _)| *key).collect();
        let mut new: Vec<(Key, Order)> = self.list.into_iter().filter(|(key, _)| !packed.contains_key(key)).collect();
        new.sort_by_key(|(_, order)| std::cmp::Reverse(order.weight.len()));
        // The largest one after the other, each by all threads: then no more than one of them is in memory twice. They come before
        // Winograd's algorithms make more of others' weights.
        let small = new.split_off(new.partition_point(|(_, order)| order.weight.len() >= LARGE));
        for (key, order) in new {
            packed.insert(key, Arc::new(order.pack(isa, threads)?));
        }
        let small: Vec<(Key, Mutex<Option<Order>>, OnceLock<_>)> =
            small.into_iter().map(|(key, order)| (key, Mutex::new(Some(order)), OnceLock::new())).collect();
        threads.run(small.len(), |index, _| {
            let (_, order, place) = &small[index];
            if let Some(order) = order.lock().unwrap_or_else(PoisonError::into_inner).take() {
                place.get_or_init(|| order.pack(isa, &Threads::new(1)));
            }
        });
        for (key, _, place) in small {
            let layer = place.into_inner().ok_or(EngineError::Broken("a layer that nobody packed"))?;
            packed.insert(key, Arc::new(layer?));
        }
        keys.iter().map(|key| packed.get(key).cloned().ok_or(EngineError::Broken("a layer that nobody packed"))).collect()
    }
}

impl Order {
    fn pack(self, isa: Isa, threads: &Threads) -> zoo_kernels::Result<PackedConv> {
        let Self { spec, algorithm, weight, bias, by_input } = self;
        if by_input {
            PackedConv::pack_by_input(&spec, &weight, Some(&bias), isa, threads)
        } else {
            PackedConv::pack_on(&spec, &weight, Some(&bias), algorithm, isa, threads)
        }
    }
}

/// A number for the contents of slices. Four chains side by side: a VGG has 138 million weights.
fn hash(slices: [&[f32]; 2]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut chains = [1_u64, 2, 3, 4];
    for slice in slices {
        for block in slice.chunks(8) {
            let mut bits = [0_u32; 8];
            bits.iter_mut().zip(block).for_each(|(bits, number)| *bits = number.to_bits());
            for (chain, pair) in chains.iter_mut().zip(bits.chunks_exact(2)) {
                let word = u64::from(pair[0]) | u64::from(pair[1]) << 32;
                *chain = (*chain ^ word).wrapping_mul(ODD).rotate_left(29);
            }
        }
        chains[0] = (chains[0] ^ slice.len() as u64).wrapping_mul(ODD);
    }
    chains.into_iter().fold(0, |all, chain| (all ^ chain ^ chain >> 32).wrapping_mul(ODD).rotate_left(31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_places_signs_and_lengths() {
        let numbers: Vec<f32> = (0..100).map(|i| i as f32 * 0.25 - 3.0).collect();
        let of = |numbers: &[f32]| hash([numbers, &[1.0]]);
        let all = of(&numbers);
        for i in 0..numbers.len() {
            let mut other = numbers.clone();
            other[i] += 1e-6_f32.max(other[i].abs() * 1e-6);
            assert_ne!(of(&other), all, "{i}");
            other.clone_from(&numbers);
            other.swap(i, (i + 37) % 100);
            assert_ne!(of(&other), all, "{i}");
        }
        assert_ne!(of(&numbers[..99]), all);
        assert_ne!(hash([&numbers[..50], &numbers[50..]]), hash([&numbers[..58], &numbers[58..]]));
        assert_ne!(of(&[0.0]), of(&[-0.0]));
    }
}

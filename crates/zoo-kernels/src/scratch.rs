//! Buffers that training borrows for the length of a call.

use crate::memory::Aligned;

/// Buffers of training operations: packed weights, transformed tiles, partial sums.
///
/// Weights change with each step, so what inference packs once is packed anew; memory fresh from the system would cost as much
/// as the work. A call takes buffers and gives them back, so one `Scratch` serves all layers, and grows to what the largest
/// call needs.
#[derive(Clone, Default)]
pub struct Scratch {
    free: Vec<Aligned>,
}

impl Scratch {
    /// Bytes that are held.
    pub fn bytes(&self) -> usize {
        self.free.iter().map(Aligned::bytes).sum()
    }

    /// Frees them.
    pub fn clear(&mut self) {
        self.free.clear();
    }

    /// `len` floats of any value: the smallest buffer that is long enough, or a new one in place of the longest.
    pub(crate) fn take(&mut self, len: usize) -> Aligned {
        let fits = |buffer: &Aligned| buffer.bytes() >= len * 4;
        let by_size = |&(_, bytes): &(usize, usize)| bytes;
        let sizes = || self.free.iter().map(Aligned::bytes).enumerate();
        let chosen = sizes().filter(|&(i, _)| fits(&self.free[i])).min_by_key(by_size).or_else(|| sizes().max_by_key(by_size));
        let mut buffer = chosen.map(|(i, _)| self.free.swap_remove(i)).unwrap_or_default();
        buffer.set_len(len);
        buffer
    }

    pub(crate) fn give(&mut self, buffer: Aligned) {
        self.free.push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back() {
        let mut scratch = Scratch::default();
        let (a, b) = (scratch.take(100), scratch.take(1000));
        scratch.give(a);
        scratch.give(b);
        let held = scratch.bytes();
        let again = scratch.take(90);
        assert_eq!(again.len(), 90);
        assert!(again.bytes() < 1000, "the smaller one");
        scratch.give(again);
        assert_eq!(scratch.bytes(), held);
        let grown = scratch.take(2000);
        assert_eq!((grown.len(), scratch.free.len()), (2000, 1));
        scratch.clear();
        assert_eq!(scratch.bytes(), 0);
    }
}

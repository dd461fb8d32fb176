//! The entropy-coded bytes of a scan, and their bits.

use memchr::memchr;

/// Zeros behind each stretch, so that a read of eight bytes need not look where it ends.
const PADDING: usize = 16;

/// A scan's bytes without stuffing, cut at its restart markers.
pub(super) struct Stretches {
    bytes: Vec<u8>,
    ranges: Vec<[usize; 2]>,
}

impl Stretches {
    /// The scan at the beginning of `scan`, up to the first marker that is no restart.
    pub(super) fn of(mut scan: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(scan.len() + PADDING);
        let (mut ranges, mut start) = (Vec::new(), 0);
        loop {
            let end = memchr(0xFF, scan).unwrap_or(scan.len());
            bytes.extend_from_slice(&scan[..end]);
            let next = scan.get(end + 1).copied();
            match next {
                Some(0x00) => bytes.push(0xFF),
                // Fill bytes: the second 0xFF begins the marker.
                Some(0xFF) => {
                    scan = &scan[end + 1..];
                    continue;
                }
                marker => {
                    ranges.push([start, bytes.len()]);
                    bytes.extend_from_slice(&[0; PADDING]);
                    start = bytes.len();
                    if !matches!(marker, Some(0xD0..=0xD7)) {
                        return Self { bytes, ranges };
                    }
                }
            }
            scan = &scan[end + 2..];
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The bits of one stretch.
    pub(super) fn bits(&self, stretch: usize) -> Option<Bits<'_>> {
        let [start, end] = *self.ranges.get(stretch)?;
        Some(Bits { bytes: &self.bytes[start..end + PADDING], position: 0, bits: 0, count: 0 })
    }
}

/// Reads bits from the most significant one on.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
    /// The next bits, the first at the top. Below the `count` valid ones there may be some of the following bytes.
    bits: u64,
    count: u32,
}

impl Bits<'_> {
    /// Makes at least 56 bits available; behind the end they are zeros.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if let Some(chunk) = self.bytes.get(self.position..).and_then(|rest| rest.first_chunk::<8>()) {
            self.bits |= u64::from_be_bytes(*chunk) >> self.count;
        }
        let bytes = (63 - self.count) >> 3;
        self.position += bytes as usize;
        self.count += bytes * 8;
    }

    /// Whether a code and its value, of 27 bits at most, are available without [`Self::refill`].
    #[inline(always)]
    pub(super) fn is_low(&self) -> bool {
        self.count < 32
    }

    /// The next `count` bits, at least 1.
    #[inline(always)]
    pub(super) fn peek(&self, count: u32) -> usize {
        (self.bits >> (64 - count)) as usize
    }

    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.bits <<= count;
        self.count = self.count.wrapping_sub(count);
    }

    /// A number of `size` bits in JPEG's way (T.81, F.2.2.1): with a leading zero it is negative.
    #[inline(always)]
    pub(super) fn signed(&mut self, size: u32) -> i32 {
        if size == 0 {
            return 0;
        }
        let raw = self.peek(size) as i32;
        self.skip(size);
        if raw < 1 << (size - 1) { raw - (1 << size) + 1 } else { raw }
    }

    /// Whether more bits were read than there are.
    pub(super) fn is_overrun(&self) -> bool {
        let read = self.position as u64 * 8 - u64::from(self.count);
        read > (self.bytes.len() - PADDING) as u64 * 8
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn stuffing_goes_and_restarts_cut() {
        let scan = [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xFF, 0xD0, 0x56, 0xFF, 0xD9, 0x78];
        let stretches = Stretches::of(&scan);
        assert_eq!(stretches.len(), 2);
        let mut bits = stretches.bits(0).unwrap();
        bits.refill();
        assert_eq!(bits.peek(24), 0x12FF34);
        bits.skip(24);
        assert!(!bits.is_overrun());
        bits.skip(1);
        assert!(bits.is_overrun());
        let mut bits = stretches.bits(1).unwrap();
        bits.refill();
        assert_eq!((bits.signed(4), bits.signed(4)), (0b0101 - 15, 0b0110 - 15));
        assert!(stretches.bits(2).is_none());
        assert_eq!(Stretches::of(&[]).len(), 1);
    }

    #[test]
    fn bits_are_those_of_the_bytes_however_they_are_taken() {
        let bytes: Vec<u8> = (0..200u32).map(|n| (n * 37 % 251) as u8).collect();
        let stretches = Stretches::of(&bytes);
        let mut bits = stretches.bits(0).unwrap();
        let mut at = 0;
        while at < 1500 {
            let step = at % 16 + 1;
            if bits.is_low() {
                bits.refill();
            }
            let expected = (at..at + step).fold(0, |value, bit| value << 1 | usize::from(bytes[bit / 8] >> (7 - bit % 8) & 1));
            assert_eq!(bits.peek(step as u32), expected);
            bits.skip(step as u32);
            at += step;
        }
    }
}

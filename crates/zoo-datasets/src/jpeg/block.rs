//! The coefficients of one block.

use super::bits::Bits;
use super::huffman::{END, Table};

/// Coefficients in rows, and whether there is more than the first.
pub(super) struct Block {
    pub(super) values: [i16; 64],
    pub(super) is_flat: bool,
}

/// The order in which coefficients are stored (T.81, figure A.6).
#[rustfmt::skip]
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Tables of one component: codes of the first and of the other coefficients, and the steps of all, as stored.
pub(super) struct Coding<'a> {
    pub(super) first: &'a Table,
    pub(super) others: &'a Table,
    pub(super) steps: &'a [i32; 64],
}

impl Coding<'_> {
    /// Reads a block, whose first coefficient is given as the difference to that of the block before it. Without `block`,
    /// its coefficients are passed over. `None` where the bits are no block.
    #[inline(always)]
    pub(super) fn read(&self, bits: &mut Bits<'_>, before: &mut i32, block: Option<&mut Block>) -> Option<()> {
        bits.refill();
        let size = u32::from(self.first.symbol(bits)?);
        if size > 11 {
            return None;
        }
        *before = before.wrapping_add(bits.signed(size));
        match block {
            Some(block) => {
                block.values = [0; 64];
                block.values[0] = before.wrapping_mul(self.steps[0]) as i16;
                let mut is_flat = true;
                self.coefficients(bits, |position, value| {
                    is_flat = false;
                    block.values[usize::from(ZIGZAG[position]) & 63] = value.wrapping_mul(self.steps[position]) as i16;
                })?;
                block.is_flat = is_flat;
                Some(())
            }
            None => self.pass_over(bits),
        }
    }

    /// Reads to the end of the block, several coefficients at once.
    #[inline(always)]
    fn pass_over(&self, bits: &mut Bits<'_>) -> Option<()> {
        let mut position = 1;
        while position < 64 {
            if bits.is_low() {
                bits.refill();
            }
            let step = self.others.step(bits);
            let next = position + (step >> 8 & 0xFF);
            // Symbols behind the last coefficient are the next block's.
            if step != 0 && next < 64 {
                bits.skip(step & 0xFF);
                if step & END != 0 {
                    return Some(());
                }
                position = next;
                continue;
            }
            let symbol = self.others.symbol(bits)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 && run != 15 {
                return Some(());
            }
            bits.skip(size);
            position += run + 1;
            if size > 0 && position > 64 {
                return None;
            }
        }
        Some(())
    }

    /// Calls `store` with the position (below 64) and the value of each coefficient but the first.
    #[inline(always)]
    fn coefficients(&self, bits: &mut Bits<'_>, mut store: impl FnMut(usize, i32)) -> Option<()> {
        let mut position = 1;
        while position < 64 {
            if bits.is_low() {
                bits.refill();
            }
            let found = self.others.coefficient(bits);
            if found != 0 {
                bits.skip((found & 0xFF) as u32);
                position += (found >> 8 & 0xFF) as usize;
                if position > 63 {
                    return None;
                }
                store(position, found >> 16);
                position += 1;
                continue;
            }
            let symbol = self.others.symbol(bits)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if run != 15 {
                    return Some(()); // end of block
                }
                position += 16;
                continue;
            }
            position += run;
            let value = bits.signed(size);
            if position > 63 {
                return None;
            }
            store(position, value);
            position += 1;
        }
        Some(())
    }
}

//! Huffman tables that look up a code together with the number behind it.

use super::bits::Bits;

/// Codes of so many bits are found at once; longer ones are rare.
const LOOKUP: u32 = 10;

/// A code's symbol, and for coefficients all that follows from it.
pub(super) struct Table {
    /// By the next bits: `symbol << 8 | length`; 0 for longer codes.
    codes: Vec<u16>,
    /// By the next bits: a coefficient's `value << 16 | run << 8 | length`, where code and value fit; else 0.
    coefficients: Vec<i32>,
    /// By length: the first code behind those of that length, at the top of 16 bits.
    limits: [u32; 17],
    /// By length: what to add to a code for the position of its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// From the number of codes of each length, 1 to 16, and the symbols in their order (T.81, annex C). `None` where no
    /// code can be like that.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let (mut code, mut index) = (0u32, 0usize);
        let mut table = Self {
            codes: vec![0; 1 << LOOKUP],
            coefficients: vec![0; 1 << LOOKUP],
            limits: [0; 17],
            offsets: [0; 17],
            symbols: symbols.to_vec(),
        };
        for (length, &count) in (1u32..).zip(counts) {
            table.offsets[length as usize] = index as i32 - code as i32;
            for _ in 0..count {
                let symbol = *symbols.get(index)?;
                if code >= 1 << length {
                    return None;
                }
                if length <= LOOKUP {
                    table.fill(code, length, symbol);
                }
                code += 1;
                index += 1;
            }
            table.limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Some(table)
    }

    fn fill(&mut self, code: u32, length: u32, symbol: u8) {
        let spare = LOOKUP - length;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        for rest in 0..1u32 << spare {
            let position = (code << spare | rest) as usize;
            self.codes[position] = u16::from(symbol) << 8 | length as u16;
            if size > 0 && size <= spare {
                let raw = (rest >> (spare - size)) as i32;
                let value = if raw < 1 << (size - 1) { raw - (1 << size) + 1 } else { raw };
                self.coefficients[position] = value << 16 | (run << 8 | (length + size)) as i32;
            }
        }
    }

    /// The next symbol.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let code = self.codes[bits.peek(LOOKUP) & ((1 << LOOKUP) - 1)];
        if code != 0 {
            bits.skip(u32::from(code & 0xFF));
            return Some((code >> 8) as u8);
        }
        self.long_symbol(bits)
    }

    #[cold]
    fn long_symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let next = bits.peek(16) as u32;
        let length = (LOOKUP + 1..=16).find(|&length| next < self.limits[length as usize])?;
        let index = (next >> (16 - length)) as i32 + self.offsets[length as usize];
        bits.skip(length);
        self.symbols.get(usize::try_from(index).ok()?).copied()
    }

    /// A coefficient that was found at once: `value << 16 | run << 8 | length`, else 0.
    #[inline(always)]
    pub(super) fn coefficient(&self, bits: &Bits<'_>) -> i32 {
        self.coefficients[bits.peek(LOOKUP) & ((1 << LOOKUP) - 1)]
    }
}

//! Huffman tables that look up a code together with the number behind it.

use super::bits::Bits;

/// Codes of so many bits are found at once; longer ones are rare.
const LOOKUP: u32 = 10;

/// In a step: the block ends.
pub(super) const END: u32 = 1 << 31;

/// A code's symbol, and for coefficients all that follows from it.
pub(super) struct Table {
    /// By the next bits: `symbol << 8 | length`; 0 for longer codes.
    codes: Vec<u16>,
    /// By the next bits: a coefficient's `value << 16 | run << 8 | length`, where code and value fit; else 0.
    coefficients: Vec<i32>,
    /// By the next bits: where as many symbols as they hold lead, for blocks that are passed over; see [`Self::step`].
    steps: Vec<u32>,
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
            steps: Vec::new(),
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

    /// Makes [`Self::step`] possible.
    pub(super) fn with_steps(mut self) -> Self {
        self.steps = (0..1u32 << LOOKUP).map(|window| self.steps_of(window)).collect();
        self
    }

    fn steps_of(&self, window: u32) -> u32 {
        let (mut bits, mut ahead) = (0, 0);
        // The numbers behind a code are not looked at, and so need not be in the window; the code itself must be.
        while bits < LOOKUP {
            let found = self.codes[(window << bits & ((1 << LOOKUP) - 1)) as usize];
            let (length, symbol) = (u32::from(found & 0xFF), u32::from(found >> 8));
            if found == 0 || bits + length > LOOKUP {
                break;
            }
            let (run, size) = (symbol >> 4, symbol & 15);
            bits += length + size;
            match (run, size) {
                (15, 0) => ahead += 16,
                (_, 0) => return END | ahead << 8 | bits,
                _ => ahead += run + 1,
            }
        }
        ahead << 8 | bits
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

    /// Where the next symbols lead: `coefficients << 8 | bits`, with [`END`] where the block ends there; 0 for a code that is too
    /// long for it. At most 25 bits.
    #[inline(always)]
    pub(super) fn step(&self, bits: &Bits<'_>) -> u32 {
        self.steps.get(bits.peek(LOOKUP)).copied().unwrap_or(0)
    }

    /// A coefficient that was found at once: `value << 16 | run << 8 | length`, else 0.
    #[inline(always)]
    pub(super) fn coefficient(&self, bits: &Bits<'_>) -> i32 {
        self.coefficients[bits.peek(LOOKUP) & ((1 << LOOKUP) - 1)]
    }
}

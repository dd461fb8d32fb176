//! The rule that gives each block its width (Radosavovic et al. 2020, section 3.3, equations 2 to 4).

/// The parameters of a quantised linear width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Number of blocks (the paper's d).
    pub depth: usize,
    /// Width of the first block.
    pub w_0: usize,
    /// Slope: how much wider each block is before quantisation.
    pub w_a: f64,
    /// Factor from one quantised width to the next, above 1.
    pub w_m: f64,
    /// Channels of each group of the 3x3 convolutions (the paper's g).
    pub group_width: usize,
}

/// Blocks of one width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Number of blocks.
    pub depth: usize,
    /// Channels.
    pub width: usize,
    /// Channels of each group, a divisor of `width`.
    pub group_width: usize,
}

/// Quantised widths are multiples of this.
const QUANTUM: f64 = 8.0;

impl Rule {
    /// The stages. Block j has the width `w_0 + w_a j`, rounded to the nearest `w_0 w_m^s` for a whole number s (on a
    /// logarithmic scale) and then to a multiple of 8; blocks of the same width make a stage; and the width of a stage is
    /// rounded again, to a multiple of its group width.
    pub fn stages(&self) -> Vec<Stage> {
        let first = self.w_0 as f64;
        let block_width = |block: usize| {
            let steps = ((first + self.w_a * block as f64) / first).ln() / self.w_m.ln();
            let width = first * self.w_m.powf(steps.round_ties_even());
            ((width / QUANTUM).round_ties_even() * QUANTUM) as usize
        };
        let mut stages: Vec<Stage> = vec![];
        for width in (0..self.depth).map(block_width) {
            match stages.last_mut() {
                Some(stage) if stage.width == width => stage.depth += 1,
                _ => stages.push(Stage { depth: 1, width, group_width: self.group_width.min(width) }),
            }
        }
        let fitted = |stage: Stage| Stage { width: nearest_multiple(stage.width, stage.group_width), ..stage };
        stages.into_iter().map(fitted).collect()
    }
}

/// The nearest multiple of `divisor` that is not more than a tenth smaller.
fn nearest_multiple(width: usize, divisor: usize) -> usize {
    let nearest = divisor.max((width + divisor / 2) / divisor * divisor);
    if nearest * 10 < width * 9 { nearest + divisor } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_those_of_the_paper() {
        let stages = |depth, w_0, w_a, w_m, group_width| {
            let stages = Rule { depth, w_0, w_a, w_m, group_width }.stages();
            stages.into_iter().map(|s| (s.depth, s.width, s.group_width)).collect::<Vec<_>>()
        };
        // Figure 16, X-400MF and X-32GF; figure 17, Y-32GF.
        assert_eq!(stages(22, 24, 24.48, 2.54, 16), [(1, 32, 16), (2, 64, 16), (7, 160, 16), (12, 400, 16)]);
        assert_eq!(stages(23, 320, 69.86, 2.0, 168), [(2, 336, 168), (7, 672, 168), (13, 1344, 168), (1, 2520, 168)]);
        assert_eq!(stages(20, 232, 115.89, 2.53, 232), [(2, 232, 232), (5, 696, 232), (12, 1392, 232), (1, 3712, 232)]);
    }

    #[test]
    fn widths_are_not_cut_by_more_than_a_tenth() {
        assert_eq!(nearest_multiple(24, 16), 32);
        assert_eq!(nearest_multiple(23, 16), 32);
        assert_eq!(nearest_multiple(17, 16), 16);
        assert_eq!(nearest_multiple(8, 16), 16);
    }
}

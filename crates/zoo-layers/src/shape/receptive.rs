//! What part of the input one output sees.

use super::Window;

/// Receptive field of a stack of windows along one axis (Araujo, Norris and Sim 2019, "Computing receptive fields of
/// convolutional neural networks"), in pixels of the network's input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReceptiveField {
    /// Input pixels that one output can see, padding included.
    pub size: usize,
    /// Distance in input pixels between neighbouring outputs (the product of the strides).
    pub jump: usize,
    /// Padding that the whole stack has gathered on the first side, in input pixels: the first output's window begins
    /// this far before the picture.
    pub padding: usize,
}

impl ReceptiveField {
    /// The input itself: each pixel sees itself.
    pub const INPUT: Self = Self { size: 1, jump: 1, padding: 0 };

    /// The receptive field after one more window.
    #[must_use]
    pub const fn then(self, window: Window) -> Self {
        Self {
            size: self.size + (window.extent() - 1) * self.jump,
            jump: self.jump * window.stride,
            padding: self.padding + window.padding * self.jump,
        }
    }

    /// Of two branches that are added or concatenated: the larger window.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { size: self.size.max(other.size), jump: self.jump.max(other.jump), padding: self.padding.max(other.padding) }
    }

    /// The receptive field of a whole stack.
    pub fn of(stack: impl IntoIterator<Item = Window>) -> Self {
        stack.into_iter().fold(Self::INPUT, Self::then)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stacked_three_by_three() {
        let conv = Window::new(3).padding(1);
        assert_eq!(ReceptiveField::of([conv; 2]).size, 5);
        assert_eq!(ReceptiveField::of([conv; 3]).size, 7);
        assert_eq!(ReceptiveField::of([conv; 3]).padding, 3);
        // VGG-16's last pooling: 212 pixels, as in Araujo et al., table 1.
        let pool = Window::new(2).stride(2);
        let vgg16 = [2, 2, 3, 3, 3].into_iter().flat_map(|n| std::iter::repeat_n(conv, n).chain([pool]));
        assert_eq!(ReceptiveField::of(vgg16), ReceptiveField { size: 212, jump: 32, padding: 90 });
    }

    /// Follows one output back to the input, tap by tap.
    fn reach(stack: &[Window], outputs: (i64, i64)) -> (i64, i64) {
        stack.iter().rev().fold(outputs, |(first, last), w| {
            let start = |o: i64| o * w.stride as i64 - w.padding as i64;
            (start(first), start(last) + w.extent() as i64 - 1)
        })
    }

    proptest! {
        #[test]
        fn agrees_with_following_the_taps(raw in prop::collection::vec((1usize..6, 1usize..4, 0usize..3, 1usize..3), 1..6)) {
            let stack: Vec<_> = raw.iter().map(|&(k, s, p, d)| Window { kernel_size: k, stride: s, padding: p, dilation: d }).collect();
            let field = ReceptiveField::of(stack.iter().copied());
            let (first, last) = reach(&stack, (0, 0));
            prop_assert_eq!(field.size as i64, last - first + 1);
            prop_assert_eq!(field.padding as i64, -first);
            prop_assert_eq!(field.jump as i64, reach(&stack, (1, 1)).0 - first);
        }
    }
}

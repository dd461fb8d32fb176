//! Pixels one after the other.

/// Image, row and column of the pixels from `first` on. Divisions of 64 bits take tens of cycles, of which a narrow convolution
/// spends few on a pixel: there is one at the beginning.
pub(super) fn places(first: usize, [height, width]: [usize; 2]) -> impl Iterator<Item = [usize; 3]> {
    let (height, width) = (height.max(1), width.max(1));
    let line = first / width;
    std::iter::successors(Some([line / height, line % height, first % width]), move |&[image, y, x]| {
        Some(if x + 1 < width {
            [image, y, x + 1]
        } else if y + 1 < height {
            [image, y + 1, 0]
        } else {
            [image + 1, 0, 0]
        })
    })
}

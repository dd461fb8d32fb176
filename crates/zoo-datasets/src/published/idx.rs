//! The IDX format of MNIST and of what was made after its model: a magic number, the sizes, the bytes
//! (<http://yann.lecun.com/exdb/mnist/>, "FILE FORMATS FOR THE MNIST DATABASE").

use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::error::DataError;

use super::locate::{self, Source};
use super::packed::Packed;
use super::table::Published;
use super::wrong;

/// Unsigned bytes: 0x08 in the third byte of the magic number; the fourth is the number of dimensions.
const BYTES: [u8; 3] = [0, 0, 8];

/// Larger files are not those of a data set that fits into memory, and may be made to fill it.
const MAX_BYTES: usize = 512 << 20;

/// The training and the test pictures: the table has their four files in the order pictures, labels, pictures, labels.
pub(super) fn read(published: &Published, folder: &Path) -> Result<[Packed; 2], DataError> {
    let names: Vec<&str> = published.files.iter().map(|file| file.name).collect();
    let sources = locate::files(published, folder, &names)?;
    let part = |pictures: &Source, labels: &Source| {
        let ([count, height, width], pixels) = array::<3>(published, pictures)?;
        let ([label_count], found) = array::<1>(published, labels)?;
        if label_count != count {
            return Err(wrong(published, &labels.path, format!("it has {label_count} labels for {count} pictures")));
        }
        if [height, width] != published.size {
            let reason = format!("its pictures are {height}x{width} pixels (height x width)");
            return Err(wrong(published, &pictures.path, reason));
        }
        if let Some(label) = found.iter().find(|&&label| usize::from(label) >= published.classes.len()) {
            return Err(wrong(published, &labels.path, format!("it has label {label} for {} classes", published.classes.len())));
        }
        let packed = Packed::new(pixels, found, [height, width, 1]).filter(|packed| packed.len() > 0);
        packed.ok_or_else(|| wrong(published, &pictures.path, "it has no pictures"))
    };
    match sources.as_slice() {
        [a, b, c, d] => Ok([part(a, b)?, part(c, d)?]),
        _ => Err(wrong(published, folder, "it needs four files")),
    }
}

/// An array of bytes with `D` dimensions.
fn array<const D: usize>(published: &Published, source: &Source) -> Result<([usize; D], Vec<u8>), DataError> {
    let wrong = |reason: String| wrong(published, &source.path, reason);
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => wrong("it ends too early".to_owned()),
        ErrorKind::InvalidInput | ErrorKind::InvalidData => wrong(format!("it is damaged ({error})")),
        _ => DataError::Io { path: source.path.clone(), source: error },
    };
    let mut reader = source.open()?;
    let mut magic = [0; 4];
    reader.read_exact(&mut magic).map_err(failed)?;
    if magic[..3] != BYTES || usize::from(magic[3]) != D {
        return Err(wrong(format!("it begins with {magic:02x?}, not as an IDX file of bytes in {D} dimensions")));
    }
    let mut shape = [0; D];
    for size in &mut shape {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes).map_err(failed)?;
        *size = u32::from_be_bytes(bytes) as usize;
    }
    let length = shape.iter().try_fold(1usize, |area, &size| area.checked_mul(size)).filter(|&length| length <= MAX_BYTES);
    let length = length.ok_or_else(|| wrong(format!("its sizes {shape:?} are more than {MAX_BYTES} bytes together")))?;
    // Grows with what comes, not with what a damaged header promises.
    let mut values = Vec::new();
    reader.by_ref().take(length as u64 + 1).read_to_end(&mut values).map_err(failed)?;
    match values.len() {
        found if found < length => Err(wrong(format!("it ends after {found} of {length} bytes"))),
        found if found > length => Err(wrong("there is more in it than its sizes say".to_owned())),
        _ => Ok((shape, values)),
    }
}

//! From bytes to [`Image`], by the content and not by the file's extension.

use std::any::Any;
use std::fs;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::error::{DataError, DecodeError};
use crate::jpeg;
use crate::sample::Image;

/// Pictures with more pixels are refused: the number at which Pillow warns of a decompression bomb.
pub const MAX_PIXELS: u64 = 89_478_485;

/// What a decoder may allocate, in bytes.
const MAX_ALLOCATION: u64 = 512 << 20;

/// Longer files are refused before they are read.
const MAX_FILE_BYTES: u64 = 512 << 20;

/// Decodes a JPEG, PNG, WebP or BMP to 8 bits.
///
/// - The orientation in the file's metadata (EXIF) is applied.
/// - Grey stays one channel, everything else becomes RGB; alpha is dropped, as Pillow's `convert("RGB")` does.
/// - 16-bit values keep their upper 8 bits. Colour profiles are ignored. Of an animation, the first picture is read.
///
/// # Errors
/// Every variant of [`DecodeError`]. A truncated JPEG is one of them, and so is a picture of more than [`MAX_PIXELS`].
pub fn decode(bytes: &[u8]) -> Result<Image, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    // Decoders of others read hostile files here; a panic in one of them is a damaged picture and not the end.
    catch_unwind(AssertUnwindSafe(|| decode_known(bytes)))
        .unwrap_or_else(|panic| Err(DecodeError::Panicked { message: message(panic.as_ref()) }))
}

fn decode_known(bytes: &[u8]) -> Result<Image, DecodeError> {
    let format = image::guess_format(bytes).map_err(|_| DecodeError::UnknownFormat)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Bmp) {
        return Err(DecodeError::UnsupportedFormat { format: format!("{format:?}") });
    }
    if format == ImageFormat::Jpeg && !jpeg::is_complete(bytes) {
        return Err(DecodeError::Truncated);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(DecodeError::Image)?;

    let (width, height) = decoder.dimensions();
    let too_large = DecodeError::TooLarge { width, height, limit: MAX_PIXELS };
    if u64::from(width) * u64::from(height) > MAX_PIXELS || limits.reserve(decoder.total_bytes()).is_err() {
        return Err(too_large);
    }
    decoder.set_limits(limits).map_err(DecodeError::Image)?;

    // Damaged metadata is no reason to refuse the pixels.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| match error {
        ImageError::Limits(_) => too_large,
        error => DecodeError::Image(error),
    })?;
    picture.apply_orientation(orientation);
    to_image(picture)
}

fn to_image(picture: DynamicImage) -> Result<Image, DecodeError> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (channels, pixels) = match picture {
        DynamicImage::ImageLuma8(buffer) => (1, buffer.into_raw()),
        DynamicImage::ImageRgb8(buffer) => (3, buffer.into_raw()),
        DynamicImage::ImageLumaA8(buffer) => (1, without_alpha(&buffer.into_raw(), 2)),
        DynamicImage::ImageRgba8(buffer) => (3, without_alpha(&buffer.into_raw(), 4)),
        DynamicImage::ImageLuma16(buffer) => (1, upper_bytes(&buffer.into_raw())),
        DynamicImage::ImageRgb16(buffer) => (3, upper_bytes(&buffer.into_raw())),
        DynamicImage::ImageLumaA16(buffer) => (1, without_alpha(&upper_bytes(&buffer.into_raw()), 2)),
        DynamicImage::ImageRgba16(buffer) => (3, without_alpha(&upper_bytes(&buffer.into_raw()), 4)),
        // 32-bit floats: none of the four formats has them.
        other => (3, other.into_rgb8().into_raw()),
    };
    Ok(Image::new(height, width, channels, pixels)?)
}

fn upper_bytes(values: &[u16]) -> Vec<u8> {
    values.iter().map(|value| (value >> 8) as u8).collect()
}

fn without_alpha(values: &[u8], channels: usize) -> Vec<u8> {
    values.chunks_exact(channels).flat_map(|pixel| &pixel[..channels - 1]).copied().collect()
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

/// Reads and decodes a file; see [`decode`].
///
/// # Errors
/// [`DataError::Io`] and [`DataError::Decode`], both with the path.
pub fn read_image(path: &Path) -> Result<Image, DataError> {
    decode(&read_file(path)?).map_err(|source| DataError::Decode { path: path.to_owned(), source })
}

/// A file's bytes, unless there are more of them than any picture has.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, DataError> {
    let io = |source| DataError::Io { path: path.to_owned(), source };
    let mut file = fs::File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    if length > MAX_FILE_BYTES {
        return Err(io(std::io::Error::new(std::io::ErrorKind::FileTooLarge, format!("{length} bytes; at most {MAX_FILE_BYTES}"))));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

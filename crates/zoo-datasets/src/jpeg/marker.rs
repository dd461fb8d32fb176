//! Markers: where segments begin and end, as ITU T.81 annex B orders them.

use memchr::memchr;

pub(super) const START: u8 = 0xD8;
pub(super) const END: u8 = 0xD9;
pub(super) const SCAN: u8 = 0xDA;

/// Whether a JPEG has its end marker. The decoder fills the missing part of a truncated file with grey and reports success,
/// so a half-downloaded data set would train without a word. Pillow refuses such files, and so do we.
pub(crate) fn is_complete(bytes: &[u8]) -> bool {
    let mut position = 2; // behind the start marker
    loop {
        let Some(marker) = next(bytes, &mut position) else { return false };
        match marker {
            END => return true,
            marker if !has_length(marker) => {}
            _ => {
                let Some(segment) = segment(bytes, &mut position) else { return false };
                let _ = segment;
                if marker == SCAN {
                    skip_entropy_coded(bytes, &mut position);
                }
            }
        }
    }
}

/// All but TEM, RSTn, SOI and EOI.
pub(super) fn has_length(marker: u8) -> bool {
    !matches!(marker, 0x01 | 0xD0..=END)
}

/// The next marker's code; `position` then is behind it. Stray bytes in front are skipped, as decoders do.
pub(super) fn next(bytes: &[u8], position: &mut usize) -> Option<u8> {
    loop {
        *position += memchr(0xFF, bytes.get(*position..)?)?;
        *position += bytes.get(*position..)?.iter().position(|&byte| byte != 0xFF)?;
        let code = bytes[*position];
        *position += 1;
        if code != 0 {
            return Some(code);
        }
    }
}

/// What is in a segment, without its length; `position` then is behind it. A segment that reaches past the end is cut there.
pub(super) fn segment<'a>(bytes: &'a [u8], position: &mut usize) -> Option<&'a [u8]> {
    let &[high, low] = bytes.get(*position..*position + 2)?.first_chunk::<2>()?;
    let start = *position + 2;
    *position += usize::from(u16::from_be_bytes([high, low])).max(2);
    bytes.get(start..(*position).min(bytes.len()))
}

/// Stops at the next 0xFF that is neither stuffed (FF 00) nor a restart marker.
fn skip_entropy_coded(bytes: &[u8], position: &mut usize) {
    while let Some(offset) = bytes.get(*position..).and_then(|rest| memchr(0xFF, rest)) {
        *position += offset;
        match bytes.get(*position + 1) {
            Some(0x00 | 0xD0..=0xD7) => *position += 2,
            _ => return,
        }
    }
    *position = bytes.len();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_marker_inside_a_segment_does_not_count() {
        // APP1 with a thumbnail's end marker in it, a scan with a stuffed byte and a restart, then the end.
        let whole = [
            &[0xFF, 0xD8, 0xFF, 0xE1, 0x00, 0x06, 0xAA, 0xFF, 0xD9, 0xAA][..],
            &[0xFF, 0xDA, 0x00, 0x03, 0x01, 0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56],
            &[0xFF, 0xFF, 0xD9],
        ]
        .concat();
        assert!(is_complete(&whole));
        for end in 0..whole.len() {
            assert!(!is_complete(&whole[..end]), "first {end} bytes");
        }
    }
}

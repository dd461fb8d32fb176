//! Whether a JPEG is complete. The decoder fills the missing part of a truncated file with grey and reports success,
//! so a half-downloaded data set would train without a word. Pillow refuses such files, and so do we.

/// Walks the markers up to the end marker (EOI), as ITU T.81 annex B orders them. False where the file stops before it.
pub(crate) fn is_complete(bytes: &[u8]) -> bool {
    const END: u8 = 0xD9;
    const SCAN: u8 = 0xDA;
    let mut position = 2; // behind the start marker
    loop {
        let Some(marker) = next_marker(bytes, &mut position) else { return false };
        match marker {
            END => return true,
            // Without a length: TEM, RSTn, SOI.
            0x01 | 0xD0..=0xD8 => {}
            _ => {
                let Some(&[high, low]) = bytes.get(position..position + 2) else { return false };
                position += usize::from(u16::from_be_bytes([high, low])).max(2);
                if marker == SCAN {
                    skip_entropy_coded(bytes, &mut position);
                }
            }
        }
    }
}

/// The next marker's code; `position` then is behind it. Stray bytes in front are skipped, as decoders do.
fn next_marker(bytes: &[u8], position: &mut usize) -> Option<u8> {
    loop {
        *position += bytes.get(*position..)?.iter().position(|&byte| byte == 0xFF)?;
        *position += bytes.get(*position..)?.iter().position(|&byte| byte != 0xFF)?;
        let code = bytes[*position];
        *position += 1;
        if code != 0 {
            return Some(code);
        }
    }
}

/// Stops at the next 0xFF that is neither stuffed (FF 00) nor a restart marker.
fn skip_entropy_coded(bytes: &[u8], position: &mut usize) {
    while let Some(&byte) = bytes.get(*position) {
        match (byte, bytes.get(*position + 1)) {
            (0xFF, Some(0x00 | 0xD0..=0xD7)) => *position += 2,
            (0xFF, _) => return,
            _ => *position += 1,
        }
    }
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

//! TensorBoard's event files: TFRecords of `tensorflow.Event` messages, written by hand.
//!
//! A record is its length, a masked CRC-32C of that, the message, and a masked CRC-32C of it
//! (`tensorflow/core/lib/io/record_writer.cc`); a message holds fields 1 (wall time), 2 (step), and 3 (file version) or 5
//! (summary) of `tensorflow/core/util/event.proto`.

/// The first record of a file.
pub fn version_record(wall_time: f64) -> Vec<u8> {
    let mut event = head(wall_time, 0);
    bytes(&mut event, 3, b"brain.Event:2");
    record(&event)
}

/// A record with the values of some curves at a step. `wall_time` is in seconds since 1970.
pub fn scalars_record(wall_time: f64, step: u64, scalars: &[(&str, f64)]) -> Vec<u8> {
    let mut summary = vec![];
    for (tag, value) in scalars {
        let mut entry = vec![];
        bytes(&mut entry, 1, tag.as_bytes());
        key(&mut entry, 2, 5);
        entry.extend((*value as f32).to_le_bytes());
        bytes(&mut summary, 1, &entry);
    }
    let mut event = head(wall_time, step);
    bytes(&mut event, 5, &summary);
    record(&event)
}

fn head(wall_time: f64, step: u64) -> Vec<u8> {
    let mut event = vec![];
    key(&mut event, 1, 1);
    event.extend(wall_time.to_le_bytes());
    if step > 0 {
        key(&mut event, 2, 0);
        varint(&mut event, step);
    }
    event
}

/// A field's number and its wire type: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes.
fn key(out: &mut Vec<u8>, field: u64, wire: u64) {
    varint(out, field << 3 | wire);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    key(out, field, 2);
    varint(out, value.len() as u64);
    out.extend(value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn record(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    let mut out = length.to_vec();
    out.extend(masked(crc32c(&length)).to_le_bytes());
    out.extend(message);
    out.extend(masked(crc32c(message)).to_le_bytes());
    out
}

/// So that a checksum of data that holds checksums is no trivial one.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xA282_EAD8)
}

/// CRC-32C (Castagnoli), bit by bit: a record is some hundred bytes.
fn crc32c(data: &[u8]) -> u32 {
    let bit = |crc: u32, _| crc >> 1 ^ if crc & 1 == 1 { 0x82F6_3B78 } else { 0 };
    !data.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        // RFC 3720, B.4, and the usual check value.
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }

    /// What TensorBoard's own writer makes of the same events (`tensorboard.summary.writer.record_writer`).
    #[test]
    fn the_records_are_tensorboards() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(&version_record(1.5)), VERSION);
        assert_eq!(hex(&scalars_record(2.5, 300, &[("train/loss", 0.75), ("lr", 1e-3)])), SCALARS);
    }

    const VERSION: &str = "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c";
    const SCALARS: &str =
        "2c00000000000000f4aecc4509000000000000044010ac022a1e0a110a0a747261696e2f6c6f7373150000403f0a090a026c72156f12833a5300bf9c";
}

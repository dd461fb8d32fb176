//! The order that people expect: `img2` before `img10`.

use std::cmp::Ordering;

/// Digits compare as numbers, everything else by character; equal numbers by their leading zeros.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(first), Some(second)) = (left.chars().next(), right.chars().next()) {
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (number, other) = (take_digits(&mut left), take_digits(&mut right));
            // Without leading zeros, the longer number is the larger.
            number.len().cmp(&other.len()).then_with(|| number.cmp(other))
        } else {
            left = &left[first.len_utf8()..];
            right = &right[second.len_utf8()..];
            first.cmp(&second)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    // One of them has ended. The last comparison tells `01` from `1`.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

fn take_digits<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_names_as_people_do() {
        let sorted = [
            "",
            "0",
            "00",
            "01",
            "1",
            "2",
            "10",
            "99999999999999999999998",
            "99999999999999999999999",
            "a",
            "a1b",
            "a1c",
            "a2",
            "a10",
            "b",
            "é2",
            "é10",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
    }
}

//! Wildcards, and the order in which people sort names that hold numbers.

use std::cmp::Ordering;

/// Whether `name` matches `pattern`, in which `*` stands for any text and `?` for one character.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None; // after the last star: where in the pattern, and where in the name
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match retry {
                // Let the last star take one character more.
                Some((after, taken)) => {
                    retry = Some((after, taken + 1));
                    p = after;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Natural order: runs of digits compare as numbers, so `resnet18` comes before `resnet101`.
pub(crate) fn natural(left: &str, right: &str) -> Ordering {
    let (left_parts, right_parts) = (parts(left), parts(right));
    left_parts.cmp(&right_parts).then_with(|| left.cmp(right))
}

/// Text and number, in turn. A number is kept as its length and digits, so that none is too long.
fn parts(text: &str) -> Vec<(&str, usize, &str)> {
    let mut parts = vec![];
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
        let (number, after) = after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len()));
        let significant = number.trim_start_matches('0');
        parts.push((word, significant.len(), significant));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("vgg*", "vgg11_bn", true),
            ("*_bn", "vgg11_bn", true),
            ("vgg1?", "vgg11", true),
            ("vgg1?", "vgg1", false),
            ("vgg1?", "vgg11_bn", false),
            ("v*1*n", "vgg11_bn", true),
            ("*11*11*", "vgg11_bn", false),
            ("vgg11", "vgg11", true),
            ("", "vgg11", false),
            ("*?", "", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn numbers_sort_as_numbers() {
        let mut names = vec!["resnet101", "vgg16", "resnet18", "vgg9", "alexnet", "vgg11_bn", "alexnet2012", "vgg11", "vgg011"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["alexnet", "alexnet2012", "resnet18", "resnet101", "vgg9", "vgg011", "vgg11", "vgg11_bn", "vgg16"]);
    }
}

//! Class names.

use std::sync::LazyLock;

/// The 1,000 ImageNet class names in index order, as torchvision's weights name them. Some occur twice (`crane`).
pub fn imagenet_categories() -> &'static [&'static str] {
    static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("../data/imagenet_categories.txt").lines().collect());
    &NAMES
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_thousand_names_in_order() {
        let names = super::imagenet_categories();
        assert_eq!((names.len(), names[0], names[999]), (1000, "tench", "toilet tissue"));
    }
}

//! The section `[augment]`, whose keys may stand at the top as well: flags do.

/// The section's name.
const SECTION: &str = "augment";

/// Keys of [`zoo_datasets::AugmentConfig`]; a test holds them to it.
pub(super) const KEYS: &[&str] = &[
    "scale",
    "ratio",
    "pad_pixels",
    "hflip",
    "vflip",
    "auto_augment",
    "ra_num_ops",
    "ra_magnitude",
    "augmix_severity",
    "color_jitter",
    "color_jitter_prob",
    "grayscale_prob",
    "gaussian_blur_prob",
    "reprob",
    "remode",
    "recount",
    "mixup",
    "cutmix",
    "cutmix_minmax",
    "mixup_prob",
    "mixup_switch_prob",
    "mixup_mode",
    "mixup_off_epoch",
    "aug_repeats",
];

/// Moves keys of the section that stand at the top into it; there they win.
pub(super) fn into_section(mut table: toml::Table) -> toml::Table {
    let mut moved = toml::Table::new();
    for key in KEYS {
        if let Some(value) = table.remove(*key) {
            moved.insert((*key).to_owned(), value);
        }
    }
    if !moved.is_empty() {
        let mut section = toml::Table::new();
        section.insert(SECTION.to_owned(), moved.into());
        super::file::merge(&mut table, section);
    }
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use zoo_datasets::AugmentConfig;

    use super::*;

    #[test]
    fn the_keys_are_the_sections() {
        let full = AugmentConfig {
            scale: Some([0.1, 1.0]),
            auto_augment: Some("ra".parse().unwrap()),
            color_jitter: vec![0.4],
            cutmix_minmax: Some([0.2, 0.8]),
            ..AugmentConfig::default()
        };
        let table = toml::Table::try_from(&full).unwrap();
        let (mut found, mut expected): (Vec<_>, Vec<_>) = (table.keys().map(String::as_str).collect(), KEYS.to_vec());
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn keys_at_the_top_win() {
        let table = into_section("lr = 0.1\nhflip = 0.5\n[augment]\nhflip = 0.1\nmixup = 0.2".parse().unwrap());
        let expected: toml::Table = "lr = 0.1\n[augment]\nhflip = 0.5\nmixup = 0.2".parse().unwrap();
        assert_eq!(table, expected);
    }
}

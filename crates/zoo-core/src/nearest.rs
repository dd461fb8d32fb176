//! "Did you mean".

/// The up to three candidates nearest to what was typed, best first; empty where nothing is near.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let typed = typed.to_lowercase();
    let mut scored: Vec<_> = candidates
        .into_iter()
        .map(|c| {
            let bonus = if !typed.is_empty() && (c.starts_with(&typed) || typed.starts_with(c)) { 0.15 } else { 0.0 };
            (strsim::normalized_damerau_levenshtein(&typed, c) + bonus, c)
        })
        .filter(|(score, _)| *score >= 0.5)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(3).map(|(_, c)| c).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_first_and_nonsense_finds_nothing() {
        let names = ["vgg11", "vgg11_bn", "vgg16", "lenet5", "alexnet"];
        assert_eq!(nearest("vg11", names)[0], "vgg11");
        assert_eq!(nearest("VGG11-bn", names)[0], "vgg11_bn");
        assert!(nearest("xyzzy", names).is_empty());
    }
}

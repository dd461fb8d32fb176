//! Policies and their names.

use std::fmt;
use std::str::FromStr;

use super::timm::{self, AugMix, Choices, Levels, Posterize, Rand};
use super::{AutoAugment, Method, table};

/// A name that is no policy's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no augmentation policy: {reason}")]
pub struct PolicyError {
    /// The name.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Without sections, names and what they mean.
const NAMES: [&str; 13] = [
    "imagenet",
    "cifar10",
    "svhn",
    "ra",
    "ta_wide",
    "augmix",
    "3a",
    "original",
    "originalr",
    "v0",
    "v0r",
    "rand-m9-mstd0.5-inc1",
    "augmix-m3",
];

impl FromStr for AutoAugment {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let mut sections = text.split('-');
        let base = sections.next().unwrap_or("");
        let sections: Vec<&str> = sections.collect();
        let error = |reason: String| PolicyError { name: text.to_owned(), reason };
        let plain = |method: Method| match sections.first() {
            Some(section) => Err(error(format!("`{base}` has no sections such as `{section}`"))),
            None => Ok(method),
        };
        let method = match base {
            "imagenet" => plain(Method::Policy(&table::IMAGENET))?,
            "cifar10" => plain(Method::Policy(&table::CIFAR10))?,
            "svhn" => plain(Method::Policy(&table::SVHN))?,
            "ra" => plain(Method::Rand)?,
            "ta_wide" => plain(Method::TrivialWide)?,
            "augmix" if sections.is_empty() => Method::AugMix,
            "augmix" => augmix(&sections).map(timm::Method::AugMix).map(Method::Timm).map_err(error)?,
            "rand" => rand(&sections).map(timm::Method::Rand).map(Method::Timm).map_err(error)?,
            "3a" => Method::Timm(timm::Method::Three(levels(&sections, Levels::default()).map_err(error)?)),
            "original" | "originalr" | "v0" | "v0r" => {
                let policy = if base.starts_with('v') { &table::V0 } else { &table::IMAGENET };
                let posterize = match base {
                    "original" => Posterize::Original,
                    "v0" => Posterize::Tpu,
                    _ => Posterize::Increasing,
                };
                let levels = levels(&sections, Levels { posterize, ..Levels::default() }).map_err(error)?;
                Method::Timm(timm::Method::Auto { policy, levels })
            }
            _ => return Err(error(format!("known are {}", NAMES.join(", ")))),
        };
        Ok(Self { method, name: text.to_owned() })
    }
}

/// A section's key, and its number.
fn section(section: &str) -> Result<(&str, f64), String> {
    let digit = section.find(|c: char| c.is_ascii_digit()).unwrap_or(section.len());
    let (key, value) = section.split_at(digit);
    let number = value.parse().map_err(|_| format!("`{section}` is no letters and a number"))?;
    Ok((key, number))
}

fn whole(key: &str, value: f64, least: usize) -> Result<usize, String> {
    let fits = value.fract() == 0.0 && value >= least as f64 && value <= 1000.0;
    if fits { Ok(value as usize) } else { Err(format!("`{key}` must be a whole number from {least} to 1000, not {value}")) }
}

fn unknown<T>(key: &str, known: &str) -> Result<T, String> {
    Err(format!("no section is called `{key}`; there are {known}"))
}

fn levels(sections: &[&str], mut levels: Levels) -> Result<Levels, String> {
    for text in sections {
        match section(text)? {
            ("mstd", value) => levels.deviation = value,
            (key, _) => return unknown(key, "mstd"),
        }
    }
    Ok(levels)
}

fn rand(sections: &[&str]) -> Result<Rand, String> {
    let mut rand = Rand { magnitude: 10.0, layers: 2, probability: 0.5, choices: Choices::All, levels: Levels::default() };
    for text in sections {
        if let Some(choices) = text.strip_prefix('t') {
            rand.choices = match choices {
                "weights" => Choices::Weights,
                "3a" => Choices::Three,
                "3aw" => Choices::WeightedThree,
                _ => return Err(format!("`{text}` is no set of operations; there are tweights, t3a, t3aw")),
            };
            continue;
        }
        match section(text)? {
            ("m", value) => rand.magnitude = whole("m", value, 0)? as f64,
            ("n", value) => rand.layers = whole("n", value, 1)?,
            ("p", value) if value <= 1.0 => rand.probability = value,
            ("p", _) => return Err("`p` is a probability".to_owned()),
            ("mstd", value) => rand.levels.deviation = value,
            // timm takes 0 as no limit of its own.
            ("mmax", value) => rand.levels.most = if value == 0.0 { 10.0 } else { whole("mmax", value, 0)? as f64 },
            ("inc", value) => rand.levels.increasing = whole("inc", value, 0)? > 0,
            (key, _) => return unknown(key, "m, n, p, mstd, mmax, inc, t"),
        }
    }
    // The sets of their own have the increasing forms only.
    rand.levels.increasing |= rand.choices != Choices::All;
    if rand.levels.increasing {
        rand.levels.posterize = Posterize::Increasing;
    }
    match rand.choices.limit() {
        Some(limit) if rand.layers > limit => Err(format!("`n` is at most {limit} where no operation comes twice")),
        _ => Ok(rand),
    }
}

fn augmix(sections: &[&str]) -> Result<AugMix, String> {
    let levels =
        Levels { posterize: Posterize::Increasing, increasing: true, deviation: f64::INFINITY, translate: 0.3, ..Levels::default() };
    let mut augmix = AugMix { magnitude: 3.0, width: 3, depth: None, alpha: 1.0, levels };
    for text in sections {
        match section(text)? {
            ("m", value) => augmix.magnitude = whole("m", value, 0)? as f64,
            ("w", value) => augmix.width = whole("w", value, 1)?,
            ("d", value) => augmix.depth = Some(whole("d", value, 1)?),
            ("a", value) if value > 0.0 => augmix.alpha = value,
            ("a", _) => return Err("`a` must be positive".to_owned()),
            ("mstd", value) => augmix.levels.deviation = value,
            (key, _) => return unknown(key, "m, w, d, a, mstd"),
        }
    }
    Ok(augmix)
}

impl fmt::Display for AutoAugment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl TryFrom<String> for AutoAugment {
    type Error = PolicyError;

    fn try_from(text: String) -> Result<Self, PolicyError> {
        text.parse()
    }
}

impl From<AutoAugment> for String {
    fn from(policy: AutoAugment) -> Self {
        policy.name
    }
}

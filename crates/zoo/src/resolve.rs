//! From what was typed to a model.

use std::path::Path;

use burn::tensor::Device;
use burn_zoo::{AnyClassifier, BuildOptions};
use zoo_backend::Backend;

use zoo_cli::Failure;

/// The family that reads a definition.
const CUSTOM: &str = "custom";

/// A model's name, and what its family needs besides.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) definition: Option<String>,
}

/// A model's name as typed: one of the list, or the path of a `.toml` file that defines a custom one.
pub(crate) fn named(typed: &str) -> Result<Named, Failure> {
    if !typed.ends_with(".toml") {
        return Ok(Named { name: typed.to_owned(), definition: None });
    }
    let text = std::fs::read_to_string(Path::new(typed))
        .map_err(|error| Failure::Usage(format!("cannot read the model definition `{typed}`: {error}")))?;
    Ok(Named { name: CUSTOM.to_owned(), definition: Some(text) })
}

impl Named {
    /// Builds the model on a device; its weights are drawn at their first use.
    pub(crate) fn build(&self, options: BuildOptions, device: &Device) -> Result<AnyClassifier, Failure> {
        let options = BuildOptions { definition: self.definition.clone().or(options.definition), ..options };
        Ok(burn_zoo::build(&self.name, &options, device)?)
    }
}

/// A device for models that are only described.
pub(crate) fn any_device() -> Result<Device, Failure> {
    let backend = Backend::compiled().into_iter().next();
    let backend = backend.ok_or_else(|| Failure::Failed("this build has no backend; rebuild with `--features flex`".to_owned()))?;
    Ok(backend.open(None)?)
}

/// Reads `3x224x224` (channels, height, width), `224x224` or `224`.
pub(crate) fn parse_input(text: &str) -> Result<InputSize, String> {
    let numbers: Result<Vec<usize>, _> = text.split(['x', 'X', '×']).map(str::parse::<usize>).collect();
    match numbers.as_deref() {
        Ok(sizes) if sizes.contains(&0) => Err("every size must be at least 1".to_owned()),
        Ok(&[channels, height, width]) => Ok(InputSize { channels: Some(channels), size: [height, width] }),
        Ok(&[height, width]) => Ok(InputSize { channels: None, size: [height, width] }),
        Ok(&[side]) => Ok(InputSize { channels: None, size: [side, side] }),
        _ => Err("give channels, height and width, as in 3x224x224".to_owned()),
    }
}

/// An input's size as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InputSize {
    pub(crate) channels: Option<usize>,
    /// `[height, width]` in pixels.
    pub(crate) size: [usize; 2],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(parse_input("3x224x192"), Ok(InputSize { channels: Some(3), size: [224, 192] }));
        assert_eq!(parse_input("224"), Ok(InputSize { channels: None, size: [224, 224] }));
        assert_eq!(parse_input("16x32"), Ok(InputSize { channels: None, size: [16, 32] }));
        for wrong in ["", "x", "0", "3x0x3", "1x3x224x224", "-1", "99999999999999999999999"] {
            assert!(parse_input(wrong).is_err(), "{wrong}");
        }
    }
}

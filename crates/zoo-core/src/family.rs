//! What a family of architectures must say; lookup, validation and errors are written once, here.

use burn::tensor::Device;

use crate::{BuildError, BuildOptions, Classifier, Setting, Weights, nearest};

/// Facts about one variant: a row of the zoo's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelInfo {
    /// Name, torchvision's where it has the model: `vgg11_bn`.
    pub name: &'static str,
    /// Trainable parameters with the default options.
    pub params: usize,
    /// The input it was designed for, `[channels, height, width]`.
    pub input: [usize; 3],
    /// Number of classes it was designed for.
    pub num_classes: usize,
    /// Where it is described: paper, section or table.
    pub source: &'static str,
}

/// A row of a family's table: the facts, and the data from which the network is made.
#[derive(Debug)]
pub struct Variant<S: 'static> {
    /// Facts for lists and defaults.
    pub info: ModelInfo,
    /// What the family builds it from.
    pub spec: S,
}

/// A family of architectures: one crate, one module type, a table of variants.
pub trait Family: Classifier + Sized + 'static {
    /// What distinguishes the variants.
    type Spec: 'static;

    /// The family's name: `vgg`.
    const NAME: &'static str;

    /// The table.
    const VARIANTS: &'static [Variant<Self::Spec>];

    /// Published weights, each model's default first.
    const WEIGHTS: &'static [Weights] = &[];

    /// Other names by which users know its variants (timm's), each with the name here.
    const ALIASES: &'static [(&'static str, &'static str)] = &[];

    /// The options that this family reads besides those that all have. Where only some variants have one,
    /// `from_variant` refuses it for the others with [`BuildError::Unsupported`].
    const SETTINGS: &'static [Setting] = &[];

    /// Builds one variant. `options` are [resolved](Family::resolve): `num_classes`, `in_channels` and
    /// `image_size` are set.
    ///
    /// # Errors
    /// What only the family can find wrong: an input size that its layers cannot take, a bad definition.
    fn from_variant(variant: &'static Variant<Self::Spec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError>;

    /// The variant with this name or alias.
    fn variant(name: &str) -> Option<&'static Variant<Self::Spec>> {
        let name = Self::ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
        Self::VARIANTS.iter().find(|v| v.info.name == name)
    }

    /// Fills in the variant's defaults and checks the values.
    ///
    /// # Errors
    /// [`BuildError::BadOption`] and [`BuildError::Unsupported`].
    fn resolve(info: &ModelInfo, options: &BuildOptions) -> Result<BuildOptions, BuildError> {
        let bad = |option, value: String, must_be| Err(BuildError::BadOption { option, value, must_be });
        if options.in_channels == Some(0) {
            return bad("in_channels", "0".into(), "at least 1");
        }
        for (option, rate) in [("dropout", options.dropout), ("drop_path", options.drop_path)] {
            if let Some(rate) = rate.filter(|rate| !(0.0..1.0).contains(rate)) {
                return bad(option, rate.to_string(), "at least 0 and less than 1");
            }
        }
        if let Some(width) = options.width.filter(|width| !(width.is_finite() && *width > 0.0 && *width <= 64.0)) {
            return bad("width", width.to_string(), "above 0 and at most 64");
        }
        for (option, number) in [("depth", options.depth), ("growth_rate", options.growth_rate)] {
            if let Some(number) = number.filter(|number| !(1..=4096).contains(number)) {
                return bad(option, number.to_string(), "from 1 to 4096");
            }
        }
        if let Some([h, w]) = options.image_size
            && (h == 0 || w == 0 || h > 65_536 || w > 65_536)
        {
            return bad("image_size", format!("{h}x{w}"), "between 1 and 65536 pixels");
        }
        if let Some(setting) = options.settings().into_iter().find(|setting| !Self::SETTINGS.contains(setting)) {
            return Err(BuildError::Unsupported { name: info.name, option: setting.name() });
        }
        Ok(BuildOptions {
            num_classes: Some(options.num_classes.unwrap_or(info.num_classes)),
            in_channels: Some(options.in_channels.unwrap_or(info.input[0])),
            image_size: Some(options.image_size.unwrap_or([info.input[1], info.input[2]])),
            ..options.clone()
        })
    }

    /// Builds a model by its name. Its weights are drawn lazily, at first use.
    ///
    /// # Errors
    /// [`BuildError`]: an unknown name (with near ones), an option out of range, an input too small.
    fn build(name: &str, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let variant = Self::variant(name).ok_or_else(|| BuildError::UnknownModel {
            name: name.to_owned(),
            nearest: nearest(name, Self::VARIANTS.iter().map(|v| v.info.name).chain(Self::ALIASES.iter().map(|(alias, _)| *alias)))
                .into_iter()
                .map(str::to_owned)
                .collect(),
        })?;
        let options = Self::resolve(&variant.info, options)?;
        let model = Self::from_variant(variant, &options, device)?;
        if let (Some(channels), Some([height, width])) = (options.in_channels, options.image_size) {
            model.check_input([channels, height, width])?;
        }
        Ok(model)
    }
}

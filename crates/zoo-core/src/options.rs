//! What a user may change about a model.

use serde::{Deserialize, Serialize};
use zoo_layers::{ActivationKind, GlobalPoolKind};

/// How a residual network's shortcut changes its number of channels (He et al. 2016, section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shortcut {
    /// The input subsampled, with zeros for the new channels: no parameters.
    A,
    /// A 1x1 convolution where the shape changes, the identity elsewhere.
    B,
    /// A 1x1 convolution everywhere.
    C,
}

/// An option that only some families, or some of their variants, have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setting {
    /// [`BuildOptions::drop_path`].
    DropPath,
    /// [`BuildOptions::global_pool`].
    GlobalPool,
    /// [`BuildOptions::activation`].
    Activation,
    /// [`BuildOptions::shortcut`].
    Shortcut,
    /// [`BuildOptions::width`].
    Width,
    /// [`BuildOptions::depth`].
    Depth,
    /// [`BuildOptions::growth_rate`].
    GrowthRate,
    /// [`BuildOptions::definition`].
    Definition,
}

impl Setting {
    /// The option's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DropPath => "drop_path",
            Self::GlobalPool => "global_pool",
            Self::Activation => "activation",
            Self::Shortcut => "shortcut",
            Self::Width => "width",
            Self::Depth => "depth",
            Self::GrowthRate => "growth_rate",
            Self::Definition => "definition",
        }
    }
}

/// What a user may change about a model. Everything has a default: the variant's own value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BuildOptions {
    /// Number of classes: width of the last layer. 0 leaves that layer out, and the model gives what it would have seen:
    /// the pooled features. Default: the variant's (1000 for ImageNet networks).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_classes: Option<usize>,
    /// Channels of the input picture. Default: the variant's (3, or 1 for LeNet).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_channels: Option<usize>,
    /// Dropout rate in `[0, 1)` of the fully connected layers. Default: the paper's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// Rate in `[0, 1)` of stochastic depth at the last block; it grows from zero at the first. Default: the paper's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_path: Option<f64>,
    /// How the last feature map is pooled. Default: the average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_pool: Option<GlobalPoolKind>,
    /// Activation in place of the family's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation: Option<ActivationKind>,
    /// Shortcuts of a residual network. Default: the variant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<Shortcut>,
    /// Factor by which all channels are multiplied. Default: the variant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// Number of layers, where a family is defined for many. Default: the variant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
    /// Channels that each layer of a densely connected network adds. Default: the variant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth_rate: Option<usize>,
    /// Input size `[height, width]` in pixels, for families whose fully connected layers are made for one size
    /// (LeNet, AlexNet 2012, custom stacks). Others take any size and only check that it is large enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_size: Option<[usize; 2]>,
    /// The text that defines the model, for the family that reads one (`custom`: TOML). Others refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

impl BuildOptions {
    /// The settings that are set, of those that only some families have.
    pub fn settings(&self) -> Vec<Setting> {
        let set = [
            (Setting::DropPath, self.drop_path.is_some()),
            (Setting::GlobalPool, self.global_pool.is_some()),
            (Setting::Activation, self.activation.is_some()),
            (Setting::Shortcut, self.shortcut.is_some()),
            (Setting::Width, self.width.is_some()),
            (Setting::Depth, self.depth.is_some()),
            (Setting::GrowthRate, self.growth_rate.is_some()),
            (Setting::Definition, self.definition.is_some()),
        ];
        set.into_iter().filter(|(_, set)| *set).map(|(setting, _)| setting).collect()
    }

    /// The same options with another number of classes.
    #[must_use]
    pub fn with_num_classes(self, num_classes: usize) -> Self {
        Self { num_classes: Some(num_classes), ..self }
    }

    /// The same options with another number of input channels.
    #[must_use]
    pub fn with_in_channels(self, in_channels: usize) -> Self {
        Self { in_channels: Some(in_channels), ..self }
    }

    /// The same options with another dropout rate.
    #[must_use]
    pub fn with_dropout(self, dropout: f64) -> Self {
        Self { dropout: Some(dropout), ..self }
    }

    /// The same options with another rate of stochastic depth.
    #[must_use]
    pub fn with_drop_path(self, drop_path: f64) -> Self {
        Self { drop_path: Some(drop_path), ..self }
    }

    /// The same options with another global pooling.
    #[must_use]
    pub fn with_global_pool(self, global_pool: GlobalPoolKind) -> Self {
        Self { global_pool: Some(global_pool), ..self }
    }

    /// The same options with another input size `[height, width]`.
    #[must_use]
    pub fn with_image_size(self, image_size: [usize; 2]) -> Self {
        Self { image_size: Some(image_size), ..self }
    }

    /// The same options with a definition's text.
    #[must_use]
    pub fn with_definition(self, definition: impl Into<String>) -> Self {
        Self { definition: Some(definition.into()), ..self }
    }
}

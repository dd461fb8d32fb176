//! What a user may change about a model.

use serde::{Deserialize, Serialize};

/// What a user may change about a model. Everything has a default: the variant's own value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BuildOptions {
    /// Number of classes: width of the last layer. Default: the variant's (1000 for ImageNet networks).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_classes: Option<usize>,
    /// Channels of the input picture. Default: the variant's (3, or 1 for LeNet).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_channels: Option<usize>,
    /// Dropout rate in `[0, 1)` of the fully connected layers. Default: the paper's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// Input size `[height, width]` in pixels, for families whose fully connected layers are made for one size
    /// (LeNet, AlexNet 2012, custom stacks). Others take any size and only check that it is large enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_size: Option<[usize; 2]>,
    /// The text that defines the model, for the family that reads one (`custom`: TOML). Others refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

impl BuildOptions {
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

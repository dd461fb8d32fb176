//! Published weights: where they are, and how their pictures are prepared.

/// How pixels between pixels are found when a picture is resized; antialiased, as Pillow does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    /// Linear in both directions.
    Bilinear,
    /// Cubic in both directions, a = -0.5.
    Bicubic,
}

/// Where a file of weights lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Among torchvision's files; its name ends in the first eight hex digits or more of its SHA-256.
    TorchVision,
    /// In this folder (an address that ends in `/`), under a name that ends in the first eight hex digits of its SHA-256.
    Address(&'static str),
    /// In this repository of the Hugging Face hub, `organisation/name`.
    HuggingFace(&'static str),
}

/// Published weights of one model: a row of its family's table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// The model's name in the zoo.
    pub model: &'static str,
    /// Which of the model's weights: `IMAGENET1K_V1` of torchvision, `a1_in1k` of timm.
    pub tag: &'static str,
    /// The file's name.
    pub file: &'static str,
    /// Where it is.
    pub origin: Origin,
    /// Width of the last layer.
    pub num_classes: usize,
    /// Top-1 and top-5 accuracy in per cent on the validation part of ImageNet-1k, as published with the file.
    pub accuracy: Option<[f64; 2]>,
    /// Length of the picture's short side after resizing.
    pub resize: usize,
    /// Side of the square cut from its centre: the model's input.
    pub crop: usize,
    /// How it is resized.
    pub interpolation: Interpolation,
    /// Mean of each channel, of values from 0 to 1.
    pub mean: [f32; 3],
    /// Standard deviation of each channel.
    pub std: [f32; 3],
    /// How it was trained, or where it comes from.
    pub recipe: &'static str,
    /// Licence of the file, by its SPDX identifier.
    pub license: &'static str,
}

/// Mean of ImageNet's channels.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Standard deviation of ImageNet's channels.
const STD: [f32; 3] = [0.229, 0.224, 0.225];

impl Weights {
    /// A file of torchvision's.
    pub const fn torchvision(
        model: &'static str,
        tag: &'static str,
        file: &'static str,
        [resize, crop]: [usize; 2],
        interpolation: Interpolation,
        accuracy: [f64; 2],
        recipe: &'static str,
    ) -> Self {
        let row = Self::timm(model, tag, file, Origin::TorchVision, [resize, crop]);
        Self { interpolation, accuracy: Some(accuracy), recipe, license: "BSD-3-Clause", ..row }
    }

    /// A file of timm's.
    pub const fn timm(model: &'static str, tag: &'static str, file: &'static str, origin: Origin, [resize, crop]: [usize; 2]) -> Self {
        Self {
            model,
            tag,
            file,
            origin,
            num_classes: 1000,
            accuracy: None,
            resize,
            crop,
            interpolation: Interpolation::Bicubic,
            mean: MEAN,
            std: STD,
            recipe: "https://github.com/huggingface/pytorch-image-models",
            license: "Apache-2.0",
        }
    }

    /// With another mean and standard deviation.
    #[must_use]
    pub const fn normalised(self, mean: [f32; 3], std: [f32; 3]) -> Self {
        Self { mean, std, ..self }
    }

    /// Resized bilinearly.
    #[must_use]
    pub const fn bilinear(self) -> Self {
        Self { interpolation: Interpolation::Bilinear, ..self }
    }

    /// Under another licence.
    #[must_use]
    pub const fn licensed(self, license: &'static str) -> Self {
        Self { license, ..self }
    }

    /// Only the body is trained: the last layers hold nothing of use.
    #[must_use]
    pub const fn features_only(self) -> Self {
        Self { accuracy: None, ..self }
    }

    /// Whether a user's `tag` means these: in any case, with or without torchvision's `ResNet50_Weights.` before it.
    pub fn has_tag(&self, tag: &str) -> bool {
        let bare = tag.rsplit_once("_Weights.").map_or(tag, |(_, bare)| bare);
        self.tag.eq_ignore_ascii_case(bare)
    }
}

//! Burn Zoo: image-classification models for [Burn](https://burn.dev), every family behind one entry point.
//!
//! ```ignore
//! let options = burn_zoo::BuildOptions::default().with_num_classes(10);
//! let model = burn_zoo::build("vgg16", &options, &device)?;
//! let logits = model.forward(images); // [batch, 10] of [batch, 3, height, width]
//! ```
//!
//! The families are crates of their own (`zoo-vgg`, `zoo-lenet`, ...): a program that needs one depends on it alone.

#[macro_use]
mod registry;
mod labels;
#[cfg(feature = "pretrained")]
mod pretrained;

pub use labels::imagenet_categories;
#[cfg(feature = "pretrained")]
pub use pretrained::{Preparation, PretrainedError, Published, fetch, find_weights, pretrained};
pub use registry::Listed;
pub use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, InputError, Intermediate, Interpolation, ModelInfo, Node, Origin,
    Setting, Shortcut, Stage, Weights, nearest, params,
};

families! {
    LeNet(zoo_lenet::LeNet),
    LeNet1989(zoo_lenet::LeNet1989),
    AlexNet(zoo_alexnet::AlexNet),
    Vgg(zoo_vgg::Vgg),
    DenseNet(zoo_densenet::DenseNet),
    SqueezeNet(zoo_squeezenet::SqueezeNet),
    ResNet(zoo_resnet::ResNet),
    SeResNet(zoo_senet::SeResNet),
    SeNet(zoo_senet::SeNet),
    ShuffleNetV2(zoo_shufflenet::ShuffleNetV2),
    ConvNeXt(zoo_convnext::ConvNeXt),
    RegNet(zoo_regnet::RegNet),
    Vit(zoo_vit::VisionTransformer),
    Swin(zoo_swin::SwinTransformer),
    MaxVit(zoo_maxvit::MaxVit),
    GoogLeNet(zoo_googlenet::GoogLeNet),
    Inception(zoo_inception::InceptionV3),
    MobileNetV1(zoo_mobilenet::MobileNetV1),
    MobileNet(zoo_mobilenet::MobileNet),
    MnasNet(zoo_mnasnet::MnasNet),
    MnasNetA1(zoo_mnasnet::MnasNetA1),
    EfficientNet(zoo_efficientnet::EfficientNet),
    Custom(zoo_custom::Custom),
}

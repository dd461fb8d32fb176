//! Burn Zoo: image-classification models for [Burn](https://burn.dev), every family behind one entry point.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), burn_zoo::BuildError> {
//! use burn_zoo::{BuildOptions, Classifier};
//! let model = burn_zoo::build("vgg16", &BuildOptions::default().with_num_classes(10), device)?;
//! let logits = model.forward(images); // [batch, 10] of [batch, 3, height, width]
//! # Ok(())
//! # }
//! ```
//!
//! The families are crates of their own (`zoo-vgg`, `zoo-lenet`, ...): a program that needs one depends on it alone. What a
//! program can do with a model is told in [`zoo_core`], and for each family in its crate; here for all alike:
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use burn_zoo::{BuildError, BuildOptions, Classifier, GlobalPoolKind, params::freeze_up_to};
//!
//! let options = BuildOptions::default().with_num_classes(10).with_in_channels(1).with_global_pool(GlobalPoolKind::Max);
//! // What a model does not have it refuses.
//! let refused = burn_zoo::build("vgg16", &options, device);
//! assert!(matches!(refused, Err(BuildError::Unsupported { option: "global_pool", .. })));
//!
//! let training = device.clone().autodiff().gradient_checkpointing();
//! let mut model = burn_zoo::build("resnet18", &options, &training)?;
//! for (stage, map) in model.stages([1, 224, 224])?.iter().zip(model.forward_intermediates(images)) {
//!     // layer3: 256 channels, an input's pixels by 16, [batch, 256, 14, 14]
//!     println!("{}: {} channels, by {}, {:?}", stage.name, stage.channels, stage.reduction, map.features.dims());
//! }
//! model.reset_classifier(5, &training);
//! let (model, frozen) = freeze_up_to(model, "layer3");
//! println!("{frozen} parameters are frozen");
//!
//! // The whole list, without building anything.
//! for listed in burn_zoo::models() {
//!     println!("{} ({}): {} parameters", listed.info.name, listed.family, listed.info.params);
//! }
//! # Ok(())
//! # }
//! ```

#[macro_use]
mod registry;
mod labels;
#[cfg(feature = "pretrained")]
mod pretrained;

pub use labels::imagenet_categories;
#[cfg(feature = "pretrained")]
pub use pretrained::{Preparation, PretrainedError, Published, fetch, find_weights, pretrained, says_weights};
pub use registry::Listed;
pub use zoo_core::{
    ActivationKind, BuildError, BuildOptions, Classifier, Describe, Family, Features, GlobalPoolKind, InputError, Intermediate,
    Interpolation, ModelInfo, Node, Origin, Setting, Shortcut, Stage, Weights, nearest, params,
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
    ConvMixer(zoo_convmixer::ConvMixer),
    RegNet(zoo_regnet::RegNet),
    Vit(zoo_vit::VisionTransformer),
    Swin(zoo_swin::SwinTransformer),
    MaxVit(zoo_maxvit::MaxVit),
    Mixer(zoo_mixer::MlpMixer),
    GoogLeNet(zoo_googlenet::GoogLeNet),
    Inception(zoo_inception::InceptionV3),
    InceptionV4(zoo_inception_v4::InceptionV4),
    InceptionResNet(zoo_inception_resnet::InceptionResNetV2),
    LegacyXception(zoo_xception::LegacyXception),
    Xception(zoo_xception::Xception),
    MobileNetV1(zoo_mobilenet::MobileNetV1),
    MobileNet(zoo_mobilenet::MobileNet),
    MnasNet(zoo_mnasnet::MnasNet),
    MnasNetA1(zoo_mnasnet::MnasNetA1),
    EfficientNet(zoo_efficientnet::EfficientNet),
    Custom(zoo_custom::Custom),
}

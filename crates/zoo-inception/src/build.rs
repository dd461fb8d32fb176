//! From the row of the table to the network.

use burn::nn::DropoutConfig;
use burn::nn::pool::MaxPool2dConfig;
use burn::tensor::Device;
use zoo_core::{BuildError, BuildOptions, Classifier, Family, Setting, Variant, Weights};
use zoo_layers::GlobalPool;
use zoo_layers::shape::Window;

use crate::aux_head::InceptionAux;
use crate::block::{InceptionA, InceptionB, InceptionC, InceptionD, InceptionE};
use crate::config::{InceptionSpec, VARIANTS};
use crate::mixed::{HALVE, conv, same};
use crate::model::InceptionV3;
use crate::weights::WEIGHTS;

impl Family for InceptionV3 {
    type Spec = InceptionSpec;
    const NAME: &'static str = "inception";
    const VARIANTS: &'static [Variant<InceptionSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<InceptionSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let spec = &variant.spec;
        let pool = options.global_pool.unwrap_or_default();
        let max_pool = || MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init();
        let [pool_5b, pool_5c, pool_5d] = spec.pool_features;
        let [c7_6b, c7_6c, c7_6d, c7_6e] = spec.channels_7x7;
        let after_5d = 224 + pool_5d;
        let mut model = Self {
            Conv2d_1a_3x3: conv(in_channels, 32, HALVE, device),
            Conv2d_2a_3x3: conv(32, 32, [Window::new(3); 2], device),
            Conv2d_2b_3x3: conv(32, 64, same(3, 3), device),
            maxpool1: max_pool(),
            Conv2d_3b_1x1: conv(64, 80, same(1, 1), device),
            Conv2d_4a_3x3: conv(80, 192, [Window::new(3); 2], device),
            maxpool2: max_pool(),
            Mixed_5b: InceptionA::new(192, pool_5b, device),
            Mixed_5c: InceptionA::new(224 + pool_5b, pool_5c, device),
            Mixed_5d: InceptionA::new(224 + pool_5c, pool_5d, device),
            Mixed_6a: InceptionB::new(after_5d, device),
            Mixed_6b: InceptionC::new(480 + after_5d, c7_6b, device),
            Mixed_6c: InceptionC::new(768, c7_6c, device),
            Mixed_6d: InceptionC::new(768, c7_6d, device),
            Mixed_6e: InceptionC::new(768, c7_6e, device),
            AuxLogits: InceptionAux::new(768, device),
            Mixed_7a: InceptionD::new(768, device),
            Mixed_7b: InceptionE::new(1280, device),
            Mixed_7c: InceptionE::new(2048, device),
            avgpool: GlobalPool::new(pool),
            dropout: DropoutConfig::new(options.dropout.unwrap_or(spec.dropout)).init(),
            fc: None,
            num_features: pool.features(2048),
            in_channels,
            num_classes,
            transform_input: false,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Tensor;
    use zoo_core::{Describe, params};
    use zoo_layers::GlobalPoolKind;

    fn build(options: BuildOptions) -> InceptionV3 {
        InceptionV3::build("inception_v3", &options.with_num_classes(3), &Device::flex()).unwrap()
    }

    #[test]
    fn training_leaves_the_auxiliary_head_out_of_small_pictures_and_of_models_without_classes() {
        let device = Device::flex();
        let mut model = build(BuildOptions::default());
        let size = model.smallest_input().unwrap().size;
        assert_eq!(size, 75);
        let (logits, auxiliary) = model.forward_train(Tensor::ones([1, 3, size, size], &device));
        assert_eq!((logits.dims(), auxiliary.len()), ([1, 3], 0));

        let head = |model: &InceptionV3, size| model.AuxLogits.forward(Tensor::ones([2, 768, size, 17], &device)).map(|y| y.dims());
        assert_eq!([16, 17, 30].map(|size| head(&model, size)), [None, Some([2, 3]), Some([2, 3])]);
        assert_eq!(model.classifier_names(), ["AuxLogits.fc", "fc"]);
        model.reset_classifier(0, &device);
        assert_eq!(head(&model, 17), None);
    }

    #[test]
    fn pooling_by_average_and_maximum_doubles_the_features() {
        let model = build(BuildOptions::default().with_global_pool(GlobalPoolKind::CatAvgMax));
        assert_eq!(model.num_features(), 4096);
        let fc = params::param_table(&model).into_iter().find(|p| p.name == "fc.weight").unwrap();
        assert_eq!(fc.shape, [3, 4096]);
    }

    #[test]
    fn the_input_is_transformed_on_request_alone() {
        let with = build(BuildOptions::default()).with_transform_input().unwrap();
        assert_eq!(with.describe().trace([3, 75, 75]).unwrap().layers[0].kind, "TransformInput");
        let grey = build(BuildOptions::default().with_in_channels(1)).with_transform_input();
        assert!(matches!(grey, Err(BuildError::BadOption { .. })));
    }
}

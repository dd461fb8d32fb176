//! From a row of the table to the network.

use burn::nn::DropoutConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::Device;
use zoo_core::{BuildError, BuildOptions, Classifier, Family, Setting, Variant, Weights};
use zoo_layers::shape::Window;
use zoo_layers::{CrossChannelNorm, GlobalPool};

use crate::aux_head::AuxHead;
use crate::block::Inception;
use crate::config::{GoogLeNetSpec, InceptionSpec, VARIANTS};
use crate::model::GoogLeNet;
use crate::weights::WEIGHTS;

/// Local response normalisation as in BVLC's Caffe model: n 5, alpha 1e-4 (divided by n), beta 0.75, k 1.
const LRN: CrossChannelNorm = CrossChannelNorm::new(5, 1e-4, 0.75, 1.0);

/// Max pooling with stride 2 that rounds sizes up.
fn max_pool(kernel_size: usize) -> MaxPool2d {
    MaxPool2dConfig::new([kernel_size; 2]).with_strides([2, 2]).with_ceil_mode(true).init()
}

impl Family for GoogLeNet {
    type Spec = GoogLeNetSpec;
    const NAME: &'static str = "googlenet";
    const VARIANTS: &'static [Variant<GoogLeNetSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<GoogLeNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let spec = &variant.spec;
        let (modules, style) = (spec.modules, spec.style);
        let pool = options.global_pool.unwrap_or_default();
        let lrn = || spec.lrn.then_some(LRN);
        let dropout_aux = options.dropout.unwrap_or(spec.dropout_aux);
        let aux = |channels| spec.aux.map(|pool| AuxHead::new(channels, pool, dropout_aux, style, device));
        let mut channels = 192;
        let mut inception = |spec: &InceptionSpec| {
            let module = Inception::new(channels, spec, style, device);
            channels = spec.out_channels(channels);
            (module, channels)
        };
        let (inception3a, _) = inception(&modules.inception3a);
        let (inception3b, _) = inception(&modules.inception3b);
        let inception3c = modules.inception3c.as_ref().map(|spec| inception(spec).0);
        let (inception4a, at_4a) = inception(&modules.inception4a);
        let (inception4b, _) = inception(&modules.inception4b);
        let (inception4c, _) = inception(&modules.inception4c);
        let (inception4d, at_4d) = inception(&modules.inception4d);
        let (inception4e, _) = inception(&modules.inception4e);
        let (inception5a, _) = inception(&modules.inception5a);
        let (inception5b, channels) = inception(&modules.inception5b);
        let mut model = Self {
            conv1: style.conv(in_channels, 64, Window::new(7).stride(2).padding(3), device),
            maxpool1: max_pool(3),
            norm1: lrn(),
            conv2: style.conv(64, 64, Window::POINT, device),
            conv3: style.conv(64, 192, Window::new(3).padding(1), device),
            norm2: lrn(),
            maxpool2: max_pool(3),
            inception3a,
            inception3b,
            inception3c,
            maxpool3: spec.pools.map(|[kernel_size, _]| max_pool(kernel_size)),
            inception4a,
            inception4b,
            inception4c,
            inception4d,
            inception4e,
            maxpool4: spec.pools.map(|[_, kernel_size]| max_pool(kernel_size)),
            inception5a,
            inception5b,
            aux1: aux(at_4a),
            aux2: aux(at_4d),
            avgpool: GlobalPool::new(pool),
            dropout: DropoutConfig::new(options.dropout.unwrap_or(spec.dropout)).init(),
            fc: None,
            style,
            num_features: pool.features(channels),
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

    fn build(name: &str, options: BuildOptions) -> GoogLeNet {
        GoogLeNet::build(name, &options.with_num_classes(3), &Device::flex()).unwrap()
    }

    #[test]
    fn training_adds_the_auxiliary_heads_at_any_size_that_passes() {
        let device = Device::flex();
        for (name, heads) in [("googlenet", 2), ("googlenet2014", 2), ("bn_inception", 0)] {
            let mut model = build(name, BuildOptions::default());
            let size = model.smallest_input().unwrap().size;
            let images = Tensor::<4>::ones([2, 3, size, size], &device);
            let (logits, auxiliary) = model.forward_train(images.clone());
            assert_eq!(logits.dims(), [2, 3]);
            assert_eq!(auxiliary.iter().map(|(weight, logits)| (*weight, logits.dims())).collect::<Vec<_>>(), vec![(0.3, [2, 3]); heads]);
            assert_eq!(model.classifier_names().len(), 1 + heads);
            model.reset_classifier(0, &device);
            let (features, auxiliary) = model.forward_train(images);
            assert_eq!((features.dims(), auxiliary.len()), ([2, model.num_features()], 0), "{name}");
        }
    }

    #[test]
    fn the_given_dropout_holds_for_all_heads() {
        let rates = |options| {
            let print = build("googlenet2014", options).describe().to_torch();
            print.lines().filter(|l| l.contains("Dropout")).map(|l| l.trim().to_owned()).collect::<Vec<_>>()
        };
        let line = |p| format!("(dropout): Dropout(p={p}, inplace=False)");
        assert_eq!(rates(BuildOptions::default()), [line(0.7), line(0.7), line(0.4)]);
        assert_eq!(rates(BuildOptions::default().with_dropout(0.1)), [line(0.1), line(0.1), line(0.1)]);
    }

    #[test]
    fn pooling_by_average_and_maximum_doubles_the_features() {
        let model = build("bn_inception", BuildOptions::default().with_global_pool(GlobalPoolKind::CatAvgMax));
        assert_eq!(model.num_features(), 2048);
        let fc = params::param_table(&model).into_iter().find(|p| p.name == "fc.weight").unwrap();
        assert_eq!(fc.shape, [3, 2048]);
        assert_eq!(model.describe().trace([3, 64, 64]).unwrap().output, [3]);
    }

    #[test]
    fn the_input_is_transformed_on_request_alone() {
        let device = Device::flex();
        let model = build("googlenet", BuildOptions::default());
        let images = Tensor::<4>::ones([1, 3, 32, 32], &device);
        let want = model.forward(zoo_layers::TransformInput.forward(images.clone()));
        let with = model.clone().with_transform_input().unwrap();
        assert_eq!(with.forward(images.clone()).into_data(), want.clone().into_data());
        assert_ne!(model.forward(images).into_data(), want.into_data());
        assert_eq!(with.describe().trace([3, 32, 32]).unwrap().output, [3]);
        let grey = build("googlenet", BuildOptions::default().with_in_channels(1)).with_transform_input();
        assert!(matches!(grey, Err(BuildError::BadOption { .. })));
    }
}

//! The network.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights, pooled_head,
};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::maps::After;
use zoo_layers::{ActivationKind, FullyConnected, GlobalPool};

use crate::body::Body;
use crate::config::{DenseNetSpec, VARIANTS};
use crate::plan::Plan;
use crate::weights::WEIGHTS;

/// DenseNet, output stride 32 (4 for 32x32 pictures).
#[derive(Module, Debug)]
pub struct DenseNet {
    features: Body,
    pool: GlobalPool,
    classifier: Option<FullyConnected>,
    num_features: usize,
    in_channels: usize,
    num_classes: usize,
}

impl Classifier for DenseNet {
    pooled_head! {
        pool: pool,
        last: classifier,
        fresh: |net, classes, device| {
            let bound = 1.0 / (net.num_features as f64).sqrt();
            FullyConnected::uniform(net.num_features, classes, bound, device)
        }
    }

    /// The last block's maps after normalisation and ReLU.
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.features.forward(images, ActivationKind::Relu.into(), None))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let mut maps = vec![];
        self.features.forward(images, After::Nothing, Some(&mut |map| maps.push(map)));
        self.stage_names().into_iter().zip(maps).map(|(name, features)| Intermediate { name, features }).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        self.features.stage_names().into_iter().map(|name| format!("features.{name}")).collect()
    }

    fn num_features(&self) -> usize {
        self.num_features
    }

    /// Published files are from a time when names had dots: `denselayer1.norm.1.weight`.
    fn rename_key(&self, published: &str) -> Option<String> {
        let (module, leaf) = published.rsplit_once('.')?;
        let (path, number) = module.rsplit_once('.')?;
        let (layer, kind) = path.rsplit_once('.')?;
        let of_layer = layer.rsplit('.').next().is_some_and(|name| name.starts_with("denselayer"));
        let dotted = ["norm", "conv"].contains(&kind) && ["1", "2"].contains(&number);
        (of_layer && dotted).then(|| format!("{path}{number}.{leaf}"))
    }
}

impl Family for DenseNet {
    type Spec = DenseNetSpec;
    const NAME: &'static str = "densenet";
    const VARIANTS: &'static [Variant<DenseNetSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::GlobalPool, Setting::Depth, Setting::GrowthRate];

    fn from_variant(variant: &'static Variant<DenseNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let plan = Plan::new(variant, options)?;
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let (features, channels) = Body::new(&plan, in_channels, options.dropout.unwrap_or(0.0), device);
        let kind = options.global_pool.unwrap_or_default();
        let num_features = kind.features(channels);
        let mut model = Self { features, pool: GlobalPool::new(kind), classifier: None, num_features, in_channels, num_classes };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for DenseNet {
    fn describe(&self) -> Node {
        let classifier = self.classifier.as_ref().map(|layer| ("classifier", layer.describe()));
        let relu = Flow::op("relu", ops::Activation(ActivationKind::Relu));
        let pool = Flow::op("pool", self.pool.operation());
        let flow = [Flow::Child(0), relu, pool, Flow::op("flatten", ops::Flatten)]
            .into_iter()
            .chain(classifier.is_some().then_some(Flow::Child(1)));
        let flow = Flow::Chain(flow.collect());
        Node::tree("DenseNet", [("features", self.features.describe())].into_iter().chain(classifier)).with_flow(flow)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_core::params;
    use zoo_layers::GlobalPoolKind;

    fn small(name: &str, depth: usize, growth_rate: usize) -> Result<DenseNet, BuildError> {
        let options = BuildOptions { depth: Some(depth), growth_rate: Some(growth_rate), ..BuildOptions::default() };
        DenseNet::build(name, &options, &Device::flex())
    }

    #[test]
    fn parameters_equal_the_papers_table_2() {
        for (name, depth, growth_rate, count, millions) in [
            ("densenet_cifar", 40, 12, 1_019_722, "1.0"),
            ("densenet_cifar", 100, 12, 6_979_642, "7.0"),
            ("densenet_cifar", 100, 24, 27_249_082, "27.2"),
            ("densenet_bc_cifar", 100, 12, 769_162, "0.8"),
            ("densenet_bc_cifar", 250, 24, 15_324_406, "15.3"),
            ("densenet_bc_cifar", 190, 40, 25_624_430, "25.6"),
        ] {
            let model = small(name, depth, growth_rate).unwrap();
            let params = params::num_trainable(&model);
            assert_eq!((params, model.describe().params()), (count, count), "{name} {depth}-{growth_rate}");
            assert_eq!(format!("{:.1}", params as f64 / 1e6), millions, "{name} {depth}-{growth_rate}");
        }
    }

    #[test]
    fn what_does_not_come_out_even_or_is_fixed_is_refused() {
        assert!(matches!(small("densenet_cifar", 42, 12), Err(BuildError::BadOption { option: "depth", .. })));
        assert!(matches!(small("densenet_bc_cifar", 43, 12), Err(BuildError::BadOption { option: "depth", .. })));
        assert!(matches!(small("densenet121", 121, 32), Err(BuildError::Unsupported { name: "densenet121", option: "depth" })));
    }

    #[test]
    fn old_keys_get_their_new_names() {
        let model = small("densenet_bc_cifar", 10, 4).unwrap();
        let rename = |key: &str| model.rename_key(key);
        let new = rename("features.denseblock1.denselayer16.norm.2.running_var");
        assert_eq!(new.as_deref(), Some("features.denseblock1.denselayer16.norm2.running_var"));
        assert_eq!(
            rename("features.denseblock1.denselayer1.conv.1.weight").as_deref(),
            Some("features.denseblock1.denselayer1.conv1.weight")
        );
        for kept in ["features.denseblock1.denselayer1.norm1.weight", "features.transition1.norm.weight", "classifier.weight"] {
            assert_eq!(rename(kept), None, "{kept}");
        }
    }

    #[test]
    fn every_pooling_has_its_number_of_features() {
        let device = Device::flex();
        let both = BuildOptions { depth: Some(10), ..BuildOptions::default() }.with_global_pool(GlobalPoolKind::CatAvgMax);
        let model = DenseNet::build("densenet_bc_cifar", &both, &device).unwrap();
        let images = Tensor::ones([2, 3, 8, 8], &device);
        let features = model.forward_features(images);
        assert_eq!(model.forward_head(features.clone(), true).dims(), [2, model.num_features()]);
        assert_eq!(model.forward_head(features, false).dims(), [2, 10]);
    }

    #[test]
    fn dropout_follows_every_convolution_but_the_first_or_each_layers_last() {
        let rows = |name: &str, depth: Option<usize>| {
            let options = BuildOptions { depth, ..BuildOptions::default() }.with_dropout(0.2);
            let model = DenseNet::build(name, &options, &Device::flex()).unwrap();
            let trace = model.describe().trace(if depth.is_some() { [3, 32, 32] } else { [3, 64, 64] }).unwrap();
            let count = |kind| trace.layers.iter().filter(|row| row.kind == kind).count();
            (count("Conv2d"), count("Dropout"))
        };
        assert_eq!(rows("densenet_bc_cifar", Some(16)), (15, 14));
        assert_eq!(rows("densenet_cifar", Some(10)), (9, 8));
        assert_eq!(rows("densenet121", None), (120, 58));
    }
}

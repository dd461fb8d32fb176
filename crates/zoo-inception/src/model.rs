//! The network.
#![allow(non_snake_case, reason = "fields have torchvision's names")]

use burn::module::Module;
use burn::nn::Dropout;
use burn::nn::pool::MaxPool2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, Classifier, Describe, Features, Intermediate, Node};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::{BasicConv2d, FullyConnected, GlobalPool, TransformInput, maps};

use crate::aux_head::InceptionAux;
use crate::block::{InceptionA, InceptionB, InceptionC, InceptionD, InceptionE};

/// Weight of the auxiliary head in the loss.
const AUX_WEIGHT: f64 = 0.3;

/// Units that give the last map of each resolution.
const STAGES: [&str; 5] = ["Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7c"];

/// The unit after which the auxiliary head looks, and before which it stands in the tree.
const AUX_AFTER: &str = "Mixed_6e";

/// Inception v3, output stride 32.
#[derive(Module, Debug)]
pub struct InceptionV3 {
    pub(crate) Conv2d_1a_3x3: BasicConv2d,
    pub(crate) Conv2d_2a_3x3: BasicConv2d,
    pub(crate) Conv2d_2b_3x3: BasicConv2d,
    pub(crate) maxpool1: MaxPool2d,
    pub(crate) Conv2d_3b_1x1: BasicConv2d,
    pub(crate) Conv2d_4a_3x3: BasicConv2d,
    pub(crate) maxpool2: MaxPool2d,
    pub(crate) Mixed_5b: InceptionA,
    pub(crate) Mixed_5c: InceptionA,
    pub(crate) Mixed_5d: InceptionA,
    pub(crate) Mixed_6a: InceptionB,
    pub(crate) Mixed_6b: InceptionC,
    pub(crate) Mixed_6c: InceptionC,
    pub(crate) Mixed_6d: InceptionC,
    pub(crate) Mixed_6e: InceptionC,
    pub(crate) AuxLogits: InceptionAux,
    pub(crate) Mixed_7a: InceptionD,
    pub(crate) Mixed_7b: InceptionE,
    pub(crate) Mixed_7c: InceptionE,
    pub(crate) avgpool: GlobalPool,
    pub(crate) dropout: Dropout,
    pub(crate) fc: Option<FullyConnected>,
    pub(crate) num_features: usize,
    pub(crate) in_channels: usize,
    pub(crate) num_classes: usize,
    pub(crate) transform_input: bool,
}

/// A layer or module of the body.
trait Unit: Describe {
    fn run(&self, x: Tensor<4>) -> Tensor<4>;
}

macro_rules! units {
    ($($module:ty),+) => {
        $(impl Unit for $module {
            fn run(&self, x: Tensor<4>) -> Tensor<4> {
                self.forward(x)
            }
        })+
    };
}
units!(BasicConv2d, InceptionA, InceptionB, InceptionC, InceptionD, InceptionE);

impl Unit for MaxPool2d {
    fn run(&self, x: Tensor<4>) -> Tensor<4> {
        maps::max_pool2d(self, x)
    }
}

impl InceptionV3 {
    /// Takes pictures normalised with ImageNet's mean and standard deviation to the scale of torchvision's published
    /// weights, within the network: torchvision's `transform_input`.
    ///
    /// # Errors
    /// [`BuildError::BadOption`] where the input has not three channels.
    pub fn with_transform_input(self) -> Result<Self, BuildError> {
        if self.in_channels == 3 {
            return Ok(Self { transform_input: true, ..self });
        }
        let value = format!("used with {} input channels", self.in_channels);
        Err(BuildError::BadOption { option: "transform_input", value, must_be: "used with 3" })
    }

    /// The body in order of execution, under the fields' names.
    fn units(&self) -> [(&'static str, &dyn Unit); 18] {
        [
            ("Conv2d_1a_3x3", &self.Conv2d_1a_3x3),
            ("Conv2d_2a_3x3", &self.Conv2d_2a_3x3),
            ("Conv2d_2b_3x3", &self.Conv2d_2b_3x3),
            ("maxpool1", &self.maxpool1),
            ("Conv2d_3b_1x1", &self.Conv2d_3b_1x1),
            ("Conv2d_4a_3x3", &self.Conv2d_4a_3x3),
            ("maxpool2", &self.maxpool2),
            ("Mixed_5b", &self.Mixed_5b),
            ("Mixed_5c", &self.Mixed_5c),
            ("Mixed_5d", &self.Mixed_5d),
            ("Mixed_6a", &self.Mixed_6a),
            ("Mixed_6b", &self.Mixed_6b),
            ("Mixed_6c", &self.Mixed_6c),
            ("Mixed_6d", &self.Mixed_6d),
            ("Mixed_6e", &self.Mixed_6e),
            ("Mixed_7a", &self.Mixed_7a),
            ("Mixed_7b", &self.Mixed_7b),
            ("Mixed_7c", &self.Mixed_7c),
        ]
    }

    /// Runs the body; what each unit gives goes through `show`.
    fn run(&self, images: Tensor<4>, mut show: impl FnMut(&'static str, Tensor<4>) -> Tensor<4>) -> Tensor<4> {
        let images = if self.transform_input { TransformInput.forward(images) } else { images };
        self.units().into_iter().fold(images, |x, (name, unit)| show(name, unit.run(x)))
    }
}

impl Classifier for InceptionV3 {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.run(images, |_, x| x))
    }

    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let pooled = self.avgpool.forward(features.into_map());
        match &self.fc {
            Some(fc) if !pre_logits => fc.forward(self.dropout.forward(pooled)),
            _ => pooled,
        }
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let mut kept = vec![];
        self.run(images, |name, x| {
            if STAGES.contains(&name) {
                kept.push(Intermediate { name: name.to_owned(), features: x.clone() });
            }
            x
        });
        kept
    }

    fn stage_names(&self) -> Vec<String> {
        STAGES.map(str::to_owned).to_vec()
    }

    /// The auxiliary head sees the map of module 6e and weighs 0.3. It is left out where that map has less than 17 pixels
    /// along an axis, and where the model has no classes.
    fn forward_train(&self, images: Tensor<4>) -> (Tensor<2>, Vec<(f64, Tensor<2>)>) {
        let mut auxiliary = vec![];
        let features = self.run(images, |name, x| {
            if name != AUX_AFTER {
                return x;
            }
            let [x, seen] = maps::fork(x);
            auxiliary.extend(self.AuxLogits.forward(seen).map(|logits| (AUX_WEIGHT, logits)));
            x
        });
        (self.forward_head(Features::Map(features), false), auxiliary)
    }

    fn classifier_names(&self) -> Vec<String> {
        vec!["AuxLogits.fc".into(), "fc".into()]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        self.AuxLogits.reset(num_classes, device);
        self.fc = (num_classes > 0).then(|| FullyConnected::normal(self.num_features, num_classes, 0.1, 0.0, device));
        self.num_classes = num_classes;
    }

    fn num_features(&self) -> usize {
        self.num_features
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }
}

impl Describe for InceptionV3 {
    fn describe(&self) -> Node {
        let mut children = vec![];
        // The auxiliary head stands in the tree, but inference does not pass it.
        let mut flow: Vec<_> = self.transform_input.then(|| Flow::op("transform_input", TransformInput)).into_iter().collect();
        for (name, unit) in self.units() {
            flow.push(Flow::Child(children.len()));
            children.push((name, unit.describe()));
            if name == AUX_AFTER {
                children.push(("AuxLogits", self.AuxLogits.describe()));
            }
        }
        let head = children.len();
        children.extend([("avgpool", self.avgpool.describe()), ("dropout", self.dropout.describe())]);
        // torchvision drops before it flattens.
        flow.extend([Flow::Child(head), Flow::Child(head + 1), Flow::op("flatten", ops::Flatten)]);
        if let Some(fc) = &self.fc {
            flow.push(Flow::Child(children.len()));
            children.push(("fc", fc.describe()));
        }
        Node::tree("Inception3", children).with_flow(Flow::Chain(flow))
    }
}

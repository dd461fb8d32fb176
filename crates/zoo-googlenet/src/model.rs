//! The network.

use burn::module::Module;
use burn::nn::Dropout;
use burn::nn::pool::MaxPool2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, Classifier, Describe, Features, Intermediate, Node};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::{BasicConv2d, CrossChannelNorm, FullyConnected, GlobalPool, TransformInput, maps};

use crate::aux_head::AuxHead;
use crate::block::Inception;
use crate::style::Style;

/// Weight of each auxiliary head in the loss: section 5 of the 2014 paper.
const AUX_WEIGHT: f64 = 0.3;

/// GoogLeNet, output stride 32.
#[derive(Module, Debug)]
pub struct GoogLeNet {
    pub(crate) conv1: BasicConv2d,
    pub(crate) maxpool1: MaxPool2d,
    pub(crate) norm1: Option<CrossChannelNorm>,
    pub(crate) conv2: BasicConv2d,
    pub(crate) conv3: BasicConv2d,
    pub(crate) norm2: Option<CrossChannelNorm>,
    pub(crate) maxpool2: MaxPool2d,
    pub(crate) inception3a: Inception,
    pub(crate) inception3b: Inception,
    pub(crate) inception3c: Option<Inception>,
    pub(crate) maxpool3: Option<MaxPool2d>,
    pub(crate) inception4a: Inception,
    pub(crate) inception4b: Inception,
    pub(crate) inception4c: Inception,
    pub(crate) inception4d: Inception,
    pub(crate) inception4e: Inception,
    pub(crate) maxpool4: Option<MaxPool2d>,
    pub(crate) inception5a: Inception,
    pub(crate) inception5b: Inception,
    pub(crate) aux1: Option<AuxHead>,
    pub(crate) aux2: Option<AuxHead>,
    pub(crate) avgpool: GlobalPool,
    pub(crate) dropout: Dropout,
    pub(crate) fc: Option<FullyConnected>,
    #[module(skip)]
    pub(crate) style: Style,
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
units!(BasicConv2d, CrossChannelNorm, Inception);

impl Unit for MaxPool2d {
    fn run(&self, x: Tensor<4>) -> Tensor<4> {
        maps::max_pool2d(self, x)
    }
}

impl GoogLeNet {
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
    fn units(&self) -> Vec<(&'static str, &dyn Unit)> {
        fn some<T: Unit>(unit: &Option<T>) -> Option<&dyn Unit> {
            unit.as_ref().map(|unit| unit as &dyn Unit)
        }
        let all: [(&'static str, Option<&dyn Unit>); 19] = [
            ("conv1", Some(&self.conv1)),
            ("maxpool1", Some(&self.maxpool1)),
            ("norm1", some(&self.norm1)),
            ("conv2", Some(&self.conv2)),
            ("conv3", Some(&self.conv3)),
            ("norm2", some(&self.norm2)),
            ("maxpool2", Some(&self.maxpool2)),
            ("inception3a", Some(&self.inception3a)),
            ("inception3b", Some(&self.inception3b)),
            ("inception3c", some(&self.inception3c)),
            ("maxpool3", some(&self.maxpool3)),
            ("inception4a", Some(&self.inception4a)),
            ("inception4b", Some(&self.inception4b)),
            ("inception4c", Some(&self.inception4c)),
            ("inception4d", Some(&self.inception4d)),
            ("inception4e", Some(&self.inception4e)),
            ("maxpool4", some(&self.maxpool4)),
            ("inception5a", Some(&self.inception5a)),
            ("inception5b", Some(&self.inception5b)),
        ];
        all.into_iter().filter_map(|(name, unit)| Some((name, unit?))).collect()
    }

    /// Runs the body; what each unit gives goes through `show`.
    fn run(&self, images: Tensor<4>, mut show: impl FnMut(&'static str, Tensor<4>) -> Tensor<4>) -> Tensor<4> {
        let images = if self.transform_input { TransformInput.forward(images) } else { images };
        self.units().into_iter().fold(images, |x, (name, unit)| show(name, unit.run(x)))
    }

    /// Names of the units that give the last map of each resolution.
    fn stages(&self) -> [&'static str; 5] {
        // Without pooling, 4e itself has the stride.
        let at_sixteen = if self.maxpool4.is_some() { "inception4e" } else { "inception4d" };
        ["conv1", "conv3", "inception3b", at_sixteen, "inception5b"]
    }
}

impl Classifier for GoogLeNet {
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
        let stages = self.stages();
        let mut kept = vec![];
        self.run(images, |name, x| {
            if stages.contains(&name) {
                kept.push(Intermediate { name: name.to_owned(), features: x.clone() });
            }
            x
        });
        kept
    }

    fn stage_names(&self) -> Vec<String> {
        self.stages().map(str::to_owned).to_vec()
    }

    /// The auxiliary heads see the maps of modules 4a and 4d; they weigh 0.3 each. They are left out where the model has no
    /// classes.
    fn forward_train(&self, images: Tensor<4>) -> (Tensor<2>, Vec<(f64, Tensor<2>)>) {
        let mut auxiliary = vec![];
        let features = self.run(images, |name, x| {
            let head = match name {
                "inception4a" => &self.aux1,
                "inception4d" => &self.aux2,
                _ => return x,
            };
            let Some(head) = head else { return x };
            let [x, seen] = maps::fork(x);
            auxiliary.extend(head.forward(seen).map(|logits| (AUX_WEIGHT, logits)));
            x
        });
        (self.forward_head(Features::Map(features), false), auxiliary)
    }

    fn classifier_names(&self) -> Vec<String> {
        let auxiliary = [("aux1.fc2", &self.aux1), ("aux2.fc2", &self.aux2)];
        auxiliary.into_iter().filter(|(_, head)| head.is_some()).map(|(name, _)| name).chain(["fc"]).map(str::to_owned).collect()
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        for head in [&mut self.aux1, &mut self.aux2].into_iter().flatten() {
            head.reset(num_classes, self.style, device);
        }
        self.fc = (num_classes > 0).then(|| self.style.linear(self.num_features, num_classes, device));
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

impl Describe for GoogLeNet {
    fn describe(&self) -> Node {
        let units = self.units();
        let auxiliary = [("aux1", &self.aux1), ("aux2", &self.aux2)];
        let auxiliary: Vec<_> = auxiliary.into_iter().filter_map(|(name, head)| Some((name, head.as_ref()?.describe()))).collect();
        let head = [("avgpool", self.avgpool.describe()), ("dropout", self.dropout.describe())];
        let fc = self.fc.as_ref().map(|fc| ("fc", fc.describe()));
        // Auxiliary heads stand in the tree, but inference does not pass them.
        let avgpool = units.len() + auxiliary.len();
        let transform = self.transform_input.then(|| Flow::op("transform_input", TransformInput));
        let pooled = [Flow::Child(avgpool), Flow::op("flatten", ops::Flatten), Flow::Child(avgpool + 1)];
        let last = fc.is_some().then_some(Flow::Child(avgpool + 2));
        let flow = transform.into_iter().chain((0..units.len()).map(Flow::Child)).chain(pooled).chain(last).collect();
        let units = units.into_iter().map(|(name, unit)| (name, unit.describe()));
        Node::tree("GoogLeNet", units.chain(auxiliary).chain(head).chain(fc)).with_flow(Flow::Chain(flow))
    }
}

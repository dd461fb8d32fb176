//! The network.

use burn::module::Module;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, AvgPool2dConfig, MaxPool2dConfig};
use burn::nn::{DropoutConfig, PaddingConfig2d};
use burn::tensor::Device;
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, InputError, ModelInfo, Node, Parts, Sequential, Setting, Variant};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{Activation, ConvNormAct, FullyConnected, HeadLayer, Layer, init, smallest_input};

use crate::definition::{Activated, Block, Definition, LECTURE_CNN, Padding, Pool, PoolKind};

/// A stack of blocks and a fully connected head.
#[derive(Module, Debug)]
pub struct Custom {
    features: Vec<Layer>,
    avgpool: Option<AdaptiveAvgPool2d>,
    classifier: Vec<HeadLayer>,
    in_channels: usize,
    num_classes: usize,
    /// Index of the last layer in `classifier`, and number of its inputs.
    last: usize,
    width: usize,
}

fn wrong(problem: impl Into<String>) -> BuildError {
    BuildError::Definition { name: "custom", problem: problem.into() }
}

impl Block {
    fn layers(&self, number: usize, in_channels: usize, device: &Device) -> Result<Vec<Layer>, BuildError> {
        let place = |what: &str| wrong(format!("has a bad definition: block {number}: {what}"));
        let sizes = [self.out_channels, self.kernel_size, self.stride, self.dilation, self.groups];
        if sizes.contains(&0) {
            return Err(place("out_channels, kernel_size, stride, dilation and groups must be at least 1"));
        }
        if !in_channels.is_multiple_of(self.groups) || !self.out_channels.is_multiple_of(self.groups) {
            let message = format!("groups = {} must divide the {in_channels} input and {} output channels", self.groups, self.out_channels);
            return Err(place(&message));
        }
        let window = Window::new(self.kernel_size).stride(self.stride).dilation(self.dilation);
        let padding = match self.padding {
            Padding::Pixels(pixels) => pixels,
            Padding::Same => window.same_padding().ok_or_else(|| place("padding = \"same\" needs an odd kernel_size"))?,
        };
        let conv = ConvNormAct {
            groups: self.groups,
            norm: self.norm,
            activation: match self.activation {
                Activated::By(kind) => Some(kind),
                Activated::None => None,
            },
            ..ConvNormAct::new(in_channels, self.out_channels, window.padding(padding))
        };
        let mut layers = conv.layers(|conv| init::kaiming_fan_out(conv, device), device);
        if let Some(pool) = &self.pool {
            layers.push(pool.layer().map_err(place)?);
        }
        Ok(layers)
    }
}

impl Pool {
    fn layer(&self) -> Result<Layer, &'static str> {
        let stride = self.stride.unwrap_or(self.kernel_size);
        if self.kernel_size == 0 || stride == 0 {
            return Err("the pool's kernel_size and stride must be at least 1");
        }
        if self.padding > self.kernel_size / 2 {
            return Err("the pool's padding must be at most half its kernel_size");
        }
        let p = self.padding;
        let padding = if p == 0 { PaddingConfig2d::Valid } else { PaddingConfig2d::Explicit(p, p, p, p) };
        let (kernel, stride) = ([self.kernel_size; 2], [stride; 2]);
        Ok(match self.kind {
            PoolKind::Max => Layer::MaxPool(MaxPool2dConfig::new(kernel).with_strides(stride).with_padding(padding).init()),
            PoolKind::Avg => Layer::AvgPool(AvgPool2dConfig::new(kernel).with_strides(stride).with_padding(padding).init()),
        })
    }
}

impl Custom {
    fn from_definition(definition: &Definition, options: &BuildOptions, info: &ModelInfo, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(info.input[0]);
        let num_classes = options.num_classes.unwrap_or(info.num_classes);
        let [height, width] = options.image_size.unwrap_or([info.input[1], info.input[2]]);
        if definition.blocks.is_empty() {
            return Err(wrong("has a bad definition: it needs at least one [[blocks]] entry"));
        }
        let head = &definition.head;
        let rate = options.dropout.unwrap_or(head.dropout);
        if !(0.0..1.0).contains(&rate) {
            return Err(wrong(format!("has a bad definition: head.dropout is {rate}, but must be at least 0 and less than 1")));
        }
        if head.hidden.contains(&0) || head.pool == Some(0) {
            return Err(wrong("has a bad definition: head.hidden and head.pool must be at least 1"));
        }
        let mut channels = in_channels;
        let mut features = vec![];
        for (index, block) in definition.blocks.iter().enumerate() {
            features.extend(block.layers(index + 1, channels, device)?);
            channels = block.out_channels;
        }
        let node = features.describe();
        let output = node.trace([in_channels, height, width]).map_err(|cause| match smallest_input(&node, in_channels) {
            Some(found) => InputError::TooSmall { actual: [height, width], smallest: found.size },
            None => InputError::Shape { actual: [height, width], cause },
        })?;
        let mut width = head.pool.map_or_else(|| output.output.iter().product(), |side| channels * side * side);
        let mut classifier = vec![];
        for hidden in &head.hidden {
            classifier.push(HeadLayer::Linear(FullyConnected::new(width, *hidden, device)));
            classifier.push(HeadLayer::Activation(Activation::new(head.activation, device)));
            classifier.push(HeadLayer::Dropout(DropoutConfig::new(rate).init()));
            width = *hidden;
        }
        let avgpool = head.pool.map(|side| AdaptiveAvgPool2dConfig::new([side, side]).init());
        let last = classifier.len();
        let mut model = Self { features, avgpool, classifier, in_channels, num_classes, last, width };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Sequential for Custom {
    fn parts(&self) -> Parts<'_> {
        Parts {
            features: &self.features,
            avgpool: self.avgpool.as_ref(),
            classifier: &self.classifier,
            last: self.last,
            width: self.width,
            dropout: None,
            in_channels: self.in_channels,
            num_classes: self.num_classes,
        }
    }

    fn head_mut(&mut self) -> (&mut Vec<HeadLayer>, &mut usize) {
        (&mut self.classifier, &mut self.num_classes)
    }

    fn last_layer(&self, in_features: usize, num_classes: usize, device: &Device) -> FullyConnected {
        FullyConnected::new(in_features, num_classes, device)
    }
}

impl Family for Custom {
    type Spec = &'static str;
    const NAME: &'static str = "custom";
    const SETTINGS: &'static [Setting] = &[Setting::Definition];
    const VARIANTS: &'static [Variant<&'static str>] = &[Variant {
        info: ModelInfo {
            name: "custom",
            params: 357_258,
            input: [3, 32, 32],
            num_classes: 10,
            source: "the lecture's own CNN, or a definition",
        },
        spec: LECTURE_CNN,
    }];

    fn from_variant(variant: &'static Variant<&'static str>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let text = options.definition.as_deref().unwrap_or(variant.spec);
        let definition: Definition = toml::from_str(text).map_err(|e| wrong(format!("has a bad definition: {e}")))?;
        Self::from_definition(&definition, options, &variant.info, device)
    }
}

impl Describe for Custom {
    fn describe(&self) -> Node {
        let avgpool = self.avgpool.as_ref().map(|pool| ("avgpool", pool.describe()));
        let children =
            [("features", self.features.describe())].into_iter().chain(avgpool).chain([("classifier", self.classifier.describe())]);
        let last = 1 + usize::from(self.avgpool.is_some());
        let body = (0..last).map(Flow::Child).chain([Flow::op("flatten", ops::Flatten), Flow::Child(last)]);
        Node::tree("Custom", children).with_flow(Flow::Chain(body.collect()))
    }
}

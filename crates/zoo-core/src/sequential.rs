//! Networks that are one row of layers and a fully connected head: LeNet, AlexNet, VGG, custom stacks.

use burn::module::Module;
use burn::nn::Dropout;
use burn::nn::pool::AdaptiveAvgPool2d;
use burn::tensor::{Device, Tensor};
use zoo_layers::describe::{Describe, Node};
use zoo_layers::{FullyConnected, HeadLayer, Layer, forward_head, forward_intermediates, forward_layers, maps};

use crate::{Classifier, Features, Intermediate};

/// The parts of a sequential network, under the field names `features`, `avgpool` and `classifier`.
#[derive(Debug)]
pub struct Parts<'a> {
    /// Layers on maps.
    pub features: &'a [Layer],
    /// Pooling before the head, where there is one.
    pub avgpool: Option<&'a AdaptiveAvgPool2d>,
    /// Layers on vectors; the last one, at index `last`, gives the logits.
    pub classifier: &'a [HeadLayer],
    /// Index of the last layer, which is left out where `num_classes` is 0.
    pub last: usize,
    /// Number of features that the last layer sees.
    pub width: usize,
    /// Dropout before the last layer that is no entry of `classifier`.
    pub dropout: Option<&'a Dropout>,
    /// Channels of the input.
    pub in_channels: usize,
    /// Number of classes.
    pub num_classes: usize,
}

/// A network of this kind: it says what its parts are, and is a [`Classifier`].
pub trait Sequential: Module + Describe {
    /// Its parts.
    fn parts(&self) -> Parts<'_>;

    /// The layers of its head, and its number of classes.
    fn head_mut(&mut self) -> (&mut Vec<HeadLayer>, &mut usize);

    /// A fresh last layer.
    fn last_layer(&self, in_features: usize, num_classes: usize, device: &Device) -> FullyConnected;
}

/// The index of the last layer of each resolution, in order of execution.
fn stage_indices(features: &[Layer], in_channels: usize) -> Vec<usize> {
    let node = Node::sequential(features.iter().map(Describe::describe));
    // Any picture that passes tells; the smallest is found in microseconds.
    let Some(smallest) = zoo_layers::smallest_input(&node, in_channels) else { return vec![] };
    let size = if smallest.only { smallest.size } else { smallest.size.max(224) };
    let Ok(trace) = node.trace([in_channels, size, size]) else { return vec![] };
    let sizes: Vec<_> = trace.layers.iter().map(|row| row.output[1..].to_vec()).collect();
    (0..sizes.len()).filter(|&i| sizes.get(i + 1) != Some(&sizes[i])).collect()
}

impl<T: Sequential> Classifier for T {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(forward_layers(self.parts().features, images))
    }

    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let parts = self.parts();
        let map = features.into_map();
        let pooled = match parts.avgpool {
            Some(pool) => maps::adaptive_avg_pool2d(pool, map),
            None => map,
        };
        let (hidden, last) = parts.classifier.split_at(parts.last.min(parts.classifier.len()));
        let hidden = forward_head(hidden, pooled.flatten(1, 3));
        if pre_logits {
            return hidden;
        }
        let hidden = match parts.dropout {
            Some(dropout) => dropout.forward(hidden),
            None => hidden,
        };
        forward_head(last, hidden)
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        forward_intermediates(self.parts().features, images)
            .into_iter()
            .map(|(index, features)| Intermediate { name: format!("features.{index}"), features })
            .collect()
    }

    fn stage_names(&self) -> Vec<String> {
        let parts = self.parts();
        stage_indices(parts.features, parts.in_channels).into_iter().map(|index| format!("features.{index}")).collect()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec![format!("classifier.{}", self.parts().last)]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        let parts = self.parts();
        let (last, width) = (parts.last, parts.width);
        let fresh = (num_classes > 0).then(|| HeadLayer::Linear(self.last_layer(width, num_classes, device)));
        let (layers, classes) = self.head_mut();
        layers.truncate(last);
        layers.extend(fresh);
        *classes = num_classes;
    }

    fn num_features(&self) -> usize {
        self.parts().width
    }

    fn in_channels(&self) -> usize {
        self.parts().in_channels
    }

    fn num_classes(&self) -> usize {
        self.parts().num_classes
    }
}

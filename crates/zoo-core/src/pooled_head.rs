//! The commonest head: a pool, dropout, and one fully connected layer.

/// The part of an `impl Classifier` that such a head decides: `forward_head`, `classifier_names`, `reset_classifier`,
/// `in_channels` and `num_classes`. A macro, because a struct of its own would show in the parameters' names.
///
/// `pool`, `dropout` (may be left out) and `last` (an `Option<FullyConnected>`) are paths of fields; the model has fields
/// `in_channels` and `num_classes` besides. `fresh` makes a last layer of the model, the number of classes and the device.
///
/// ```
/// # use burn::{module::Module, nn::Dropout, tensor::{Device, Tensor}};
/// # use zoo_core::{Classifier, Describe, Features, Intermediate, Node, pooled_head};
/// # use zoo_layers::{FullyConnected, GlobalPool};
/// # #[derive(Module, Debug)]
/// # struct Net { avgpool: GlobalPool, dropout: Dropout, fc: Option<FullyConnected>, in_channels: usize, num_classes: usize }
/// # impl Describe for Net { fn describe(&self) -> Node { Node::sequential([]) } }
/// impl Classifier for Net {
///     pooled_head! {
///         pool: avgpool,
///         dropout: dropout,
///         last: fc,
///         fresh: |net, classes, device| FullyConnected::new(net.num_features(), classes, device)
///     }
/// #   fn forward_features(&self, images: Tensor<4>) -> Features { Features::Map(images) }
/// #   fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> { vec![] }
/// #   fn stage_names(&self) -> Vec<String> { vec![] }
/// #   fn num_features(&self) -> usize { 3 }
///     // forward_features, forward_intermediates, stage_names, num_features
/// }
/// ```
#[macro_export]
macro_rules! pooled_head {
    (pool: $($pool:ident).+, $(dropout: $($dropout:ident).+,)? last: $($last:ident).+, fresh: $fresh:expr) => {
        fn forward_head(&self, features: $crate::Features, pre_logits: bool) -> ::burn::tensor::Tensor<2> {
            let pooled = self.$($pool).+.forward(features.into_map());
            match &self.$($last).+ {
                Some(last) if !pre_logits => {
                    $(let pooled = self.$($dropout).+.forward(pooled);)?
                    last.forward(pooled)
                }
                _ => pooled,
            }
        }

        fn classifier_names(&self) -> Vec<String> {
            vec![[$(stringify!($last)),+].join(".")]
        }

        fn reset_classifier(&mut self, num_classes: usize, device: &::burn::tensor::Device) {
            let fresh: fn(&Self, usize, &::burn::tensor::Device) -> ::zoo_layers::FullyConnected = $fresh;
            self.$($last).+ = (num_classes > 0).then(|| fresh(self, num_classes, device));
            self.num_classes = num_classes;
        }

        fn in_channels(&self) -> usize {
            self.in_channels
        }

        fn num_classes(&self) -> usize {
            self.num_classes
        }
    };
}

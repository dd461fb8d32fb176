//! What comes before the head: the first convolution, the dense blocks and the transitions.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::maps::{self, After};
use zoo_layers::shape::Window;
use zoo_layers::{ActivationKind, BatchNorm2d};

use crate::block::{DenseBlock, DropRates, Transition, conv, dense_block, describe_block, forward_block, relu};
use crate::plan::Plan;

/// The layers that torchvision calls `features`, in its order. Output stride 32, or 4 in a network for 32x32 pictures,
/// which has no `norm0`, `pool0` and fourth block.
#[derive(Module, Debug)]
pub(crate) struct Body {
    conv0: Conv2d,
    norm0: Option<BatchNorm2d>,
    pool0: Option<MaxPool2d>,
    denseblock1: DenseBlock,
    transition1: Transition,
    denseblock2: DenseBlock,
    transition2: Transition,
    denseblock3: DenseBlock,
    transition3: Option<Transition>,
    denseblock4: Option<DenseBlock>,
    norm5: BatchNorm2d,
}

/// Blocks and transitions while their number of feature maps grows.
struct Growing<'a> {
    plan: &'a Plan,
    drop: DropRates,
    channels: usize,
    device: &'a Device,
}

impl Growing<'_> {
    fn block(&mut self, num_layers: usize) -> DenseBlock {
        let Plan { growth_rate, bc, .. } = *self.plan;
        let block = dense_block(self.channels, num_layers, growth_rate, bc, self.drop, self.device);
        self.channels += num_layers * growth_rate;
        block
    }

    fn transition(&mut self) -> Transition {
        let out_channels = if self.plan.bc { self.channels / 2 } else { self.channels };
        let transition = Transition::new(self.channels, out_channels, self.drop, self.device);
        self.channels = out_channels;
        transition
    }
}

impl Body {
    /// The body, and its number of output channels.
    pub fn new(plan: &Plan, in_channels: usize, drop_rate: f64, device: &Device) -> (Self, usize) {
        let window = if plan.small { Window::new(3).padding(1) } else { Window::new(7).stride(2).padding(3) };
        let pool = || MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init();
        // The paper drops after every convolution but the first; torchvision after each layer's last.
        let drop = DropRates { layer: drop_rate, others: if plan.small { drop_rate } else { 0.0 } };
        let channels = plan.num_init_features;
        let [first, second, third] = plan.blocks;
        let mut growing = Growing { plan, drop, channels, device };
        // Fields are evaluated in the order in which they are written.
        let body = Self {
            conv0: conv(in_channels, channels, window, device),
            norm0: (!plan.small).then(|| BatchNorm2d::new(channels, device)),
            pool0: (!plan.small).then(pool),
            denseblock1: growing.block(first),
            transition1: growing.transition(),
            denseblock2: growing.block(second),
            transition2: growing.transition(),
            denseblock3: growing.block(third),
            transition3: plan.fourth_block.map(|_| growing.transition()),
            denseblock4: plan.fourth_block.map(|num_layers| growing.block(num_layers)),
            norm5: BatchNorm2d::new(growing.channels, device),
        };
        (body, growing.channels)
    }

    /// The blocks with their names, each behind its transition.
    fn stages(&self) -> impl Iterator<Item = (Option<&Transition>, &'static str, &DenseBlock)> {
        let three = [
            (None, "denseblock1", &self.denseblock1),
            (Some(&self.transition1), "denseblock2", &self.denseblock2),
            (Some(&self.transition2), "denseblock3", &self.denseblock3),
        ];
        three.into_iter().chain(self.denseblock4.as_ref().map(|block| (self.transition3.as_ref(), "denseblock4", block)))
    }

    /// Where [`Body::forward`] shows a map: the end of each block, of the last one after its normalisation.
    pub fn stage_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.stages().map(|(_, name, _)| name).collect();
        if let Some(last) = names.last_mut() {
            *last = "norm5";
        }
        names
    }

    /// Shows `see`, where there is one, the maps of [`Body::stage_names`] on the way; `after` follows the last.
    ///
    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, channels, height / stride, width / stride]`
    pub fn forward(&self, images: Tensor<4>, after: After<'_>, mut see: Option<&mut dyn FnMut(Tensor<4>)>) -> Tensor<4> {
        let mut x = maps::conv2d(&self.conv0, images);
        if let (Some(norm), Some(pool)) = (&self.norm0, &self.pool0) {
            x = maps::max_pool2d(pool, norm.forward_then(x, ActivationKind::Relu));
        }
        let mut maps = forward_block(&self.denseblock1, x);
        for (transition, _, block) in self.stages().skip(1) {
            if let Some(see) = &mut see {
                see(maps.cat());
            }
            let x = match transition {
                Some(transition) => transition.forward(&maps),
                None => maps.cat(),
            };
            maps = forward_block(block, x);
        }
        let last = self.norm5.forward_then(maps.cat(), after);
        if let Some(see) = see {
            see(last.clone());
        }
        last
    }
}

impl Describe for Body {
    fn describe(&self) -> Node {
        let mut children = vec![("conv0", self.conv0.describe())];
        if let (Some(norm), Some(pool)) = (&self.norm0, &self.pool0) {
            children.extend([("norm0", norm.describe()), ("relu0", relu()), ("pool0", pool.describe())]);
        }
        for (before, (transition, name, block)) in ["", "transition1", "transition2", "transition3"].into_iter().zip(self.stages()) {
            children.extend(transition.map(|transition| (before, transition.describe())));
            children.push((name, describe_block(block)));
        }
        children.push(("norm5", self.norm5.describe()));
        Node::tree("Sequential", children)
    }
}

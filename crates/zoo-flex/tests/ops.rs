//! Each operation's values and gradients against Burn's own.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2dConfig, AvgPool2dConfig, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};
use common::{Results, agree, agree_on, tensor, values};
use proptest::prelude::*;
use zoo_layers::maps::{self, Stack};
use zoo_layers::{Activation, ActivationKind, BatchNorm2d};

/// The result of maps of these shapes, and the gradients of all of them for a sum with fixed weights.
fn results<const N: usize>(device: &Device, shapes: [[usize; 4]; N], run: impl Fn([Tensor<4>; N]) -> Tensor<4>) -> Results {
    let mut salt = 0;
    let inputs = shapes.map(|shape| {
        salt += 1;
        tensor(salt, shape, device).require_grad()
    });
    let y = run(inputs.clone());
    let weights = tensor::<4>(99, y.dims(), device);
    let gradients = (y.clone() * weights).sum().backward();
    let mut all = vec![("output".to_owned(), values(y))];
    for (i, input) in inputs.into_iter().enumerate() {
        all.push((format!("gradient {i}"), values(input.grad(&gradients).unwrap())));
    }
    all
}

const KINDS: &[ActivationKind] = &[
    ActivationKind::Relu,
    ActivationKind::Relu6,
    ActivationKind::LeakyRelu,
    ActivationKind::Sigmoid,
    ActivationKind::Tanh,
    ActivationKind::Silu,
    ActivationKind::HardSigmoid,
    ActivationKind::HardSwish,
    ActivationKind::Gelu,
];

fn kind() -> impl Strategy<Value = Option<ActivationKind>> {
    prop_oneof![Just(None), proptest::sample::select(KINDS).prop_map(Some)]
}

/// With weights that do not come from the device's generator, which all tests share.
fn drawn(config: Conv2dConfig, device: &Device) -> Conv2d {
    let conv = config.init(device);
    let bias = conv.bias.as_ref().map(|bias| Param::from_tensor(tensor(12, bias.dims(), device)));
    Conv2d { weight: Param::from_tensor(tensor(11, conv.weight.dims(), device)), bias, ..conv }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn convolutions(
        batch in 1usize..3, groups in 1usize..4, inputs in 1usize..5, outputs in 1usize..5, height in 3usize..10, width in 3usize..10,
        kernel in prop::array::uniform2(1usize..4), stride in prop::array::uniform2(1usize..3), padding in 0usize..2,
        dilation in 1usize..2, bias: bool, after in kind(),
    ) {
        let name = format!("{batch} {groups} {inputs} {outputs} {height} {width} {kernel:?} {stride:?} {padding} {dilation} {bias} {after:?}");
        agree(&name, |device| {
            let layer = Conv2dConfig::new([inputs * groups, outputs * groups], kernel)
                .with_stride(stride)
                .with_padding(PaddingConfig2d::Explicit(padding, 0, padding, 1))
                .with_dilation([dilation; 2])
                .with_groups(groups)
                .with_bias(bias);
            let layer = drawn(layer, device);
            let weight = layer.weight.val();
            let shape = [batch, inputs * groups, height, width];
            let x = tensor(1, shape, device).require_grad();
            let y = maps::conv2d_then(&layer, x.clone(), after);
            let gradients = (y.clone() * tensor::<4>(99, y.dims(), device)).sum().backward();
            let mut all = vec![
                ("output".to_owned(), values(y)),
                ("map".to_owned(), values(x.grad(&gradients).unwrap())),
                ("weight".to_owned(), values(weight.grad(&gradients).unwrap())),
            ];
            if let Some(bias) = &layer.bias {
                all.push(("bias".to_owned(), values(bias.val().grad(&gradients).unwrap())));
            }
            all
        });
    }

    #[test]
    fn batch_norms(
        batch in 1usize..4, channels in 1usize..20, height in 1usize..8, width in 2usize..8, residual: bool, frozen: bool, after in kind(),
    ) {
        let name = format!("{batch} {channels} {height} {width} {residual} {frozen} {after:?}");
        // One value a channel, less than a few: its deviation is rounding.
        prop_assume!(batch * height * width > 3);
        agree_on(&name, &Device::flex().autodiff(), 2e-4, |device| {
            let layer = BatchNorm2d::new(channels, device);
            layer.running_var.update(Tensor::full([channels], 0.3, device));
            layer.running_var.value_sync();
            let layer = if frozen { burn::module::Module::freeze(layer) } else { layer };
            let shape = [batch, channels, height, width];
            let x = tensor(1, shape, device).require_grad();
            let other = tensor(2, shape, device).require_grad();
            let y = match residual {
                true => layer.forward_add(x.clone(), other.clone(), after),
                false => layer.forward_then(x.clone(), after),
            };
            let gradients = (y.clone() * tensor::<4>(99, shape, device)).sum().backward();
            let mut all = vec![
                ("output".to_owned(), values(y)),
                ("map".to_owned(), values(x.grad(&gradients).unwrap())),
                ("mean".to_owned(), values(layer.running_mean.value_sync())),
                ("variance".to_owned(), values(layer.running_var.value_sync())),
            ];
            if residual {
                all.push(("residual".to_owned(), values(other.grad(&gradients).unwrap())));
            }
            for (name, parameter) in [("weight", &layer.weight), ("bias", &layer.bias)] {
                all.extend(parameter.val().grad(&gradients).map(|gradient| (name.to_owned(), values(gradient))));
            }
            all
        });
    }

    #[test]
    fn norms_before_convolutions(
        batch in 1usize..4, channels in 1usize..40, out_channels in 1usize..40, height in 3usize..8, width in 3usize..8,
        kernel_size in 1usize..3, stride in 1usize..3, bias: bool, frozen: bool, recompute: bool, after in kind(),
    ) {
        let name = format!("{batch} {channels} {out_channels} {height} {width} {kernel_size} {stride} {bias} {frozen} {recompute} {after:?}");
        let device = Device::flex().autodiff();
        let device = if recompute { device.gradient_checkpointing() } else { device };
        agree_on(&name, &device, 2e-4, |device| {
            let norm = BatchNorm2d::new(channels, device);
            norm.running_var.update(Tensor::full([channels], 0.3, device));
            norm.running_var.value_sync();
            let norm = if frozen { burn::module::Module::freeze(norm) } else { norm };
            let conv = Conv2dConfig::new([channels, out_channels], [kernel_size; 2]).with_stride([stride; 2]).with_bias(bias);
            let conv = drawn(conv, device);
            let x = tensor(1, [batch, channels, height, width], device).require_grad();
            let y = maps::norm_conv2d(&norm, after, &conv, x.clone());
            let gradients = (y.clone() * tensor::<4>(99, y.dims(), device)).sum().backward();
            let mut all = vec![
                ("output".to_owned(), values(y)),
                ("map".to_owned(), values(x.grad(&gradients).unwrap())),
                ("mean".to_owned(), values(norm.running_mean.value_sync())),
                ("variance".to_owned(), values(norm.running_var.value_sync())),
                ("kernel".to_owned(), values(conv.weight.val().grad(&gradients).unwrap())),
            ];
            all.extend(conv.bias.iter().map(|bias| ("bias".to_owned(), values(bias.val().grad(&gradients).unwrap()))));
            for (name, parameter) in [("scale", &norm.weight), ("shift", &norm.bias)] {
                all.extend(parameter.val().grad(&gradients).map(|gradient| (name.to_owned(), values(gradient))));
            }
            all
        });
    }

    #[test]
    fn pools(
        batch in 1usize..3, channels in 1usize..20, height in 4usize..10, width in 4usize..10, kernel in 1usize..4, stride in 1usize..4,
        padding in 0usize..2, ceil_mode: bool, count: bool, side in prop::array::uniform2(1usize..8),
    ) {
        prop_assume!(2 * padding <= kernel);
        let shape = [batch, channels, height, width];
        let name = format!("{shape:?} {kernel} {stride} {padding} {ceil_mode} {count} {side:?}");
        let padding = PaddingConfig2d::Explicit(padding, padding, padding, padding);
        let max = MaxPool2dConfig::new([kernel; 2]).with_strides([stride; 2]).with_padding(padding.clone()).with_ceil_mode(ceil_mode).init();
        let mean = AvgPool2dConfig::new([kernel; 2]).with_strides([stride; 2]).with_padding(padding).with_ceil_mode(ceil_mode)
            .with_count_include_pad(count).init();
        let adaptive = AdaptiveAvgPool2dConfig::new(side).init();
        agree(&format!("max {name}"), |device| results(device, [shape], |[x]| maps::max_pool2d(&max, x)));
        agree(&format!("mean {name}"), |device| results(device, [shape], |[x]| maps::avg_pool2d(&mean, x)));
        agree(&format!("adaptive {name}"), |device| results(device, [shape], |[x]| maps::adaptive_avg_pool2d(&adaptive, x)));
        agree(&format!("global {name}"), |device| results(device, [shape], |[x]| maps::global_avg_pool2d(x)));
    }

    #[test]
    fn elementwise(batch in 1usize..3, channels in 1usize..20, height in 1usize..8, width in 1usize..8, after in kind()) {
        let shape = [batch, channels, height, width];
        let name = format!("{shape:?} {after:?}");
        let pool = AvgPool2dConfig::new([1, 1]).init();
        agree(&name, |device| results(device, [shape; 2], |[a, b]| maps::add(a, b, after)));
        agree(&name, |device| results(device, [shape, [batch, channels, 1, 1]], |[x, gate]| maps::scale(x, gate)));
        if let Some(kind) = after {
            // Channels last, and as Burn has it.
            agree(&name, |device| results(device, [shape], |[x]| Activation::new(kind, device).forward(maps::avg_pool2d(&pool, x))));
            agree(&name, |device| results(device, [shape], |[x]| kind.forward(x)));
            agree(&name, |device| results(device, [shape], |[x]| kind.forward(x.permute([0, 3, 1, 2]))));
        }
    }

    #[test]
    fn concatenations(batch in 1usize..3, channels in prop::collection::vec(1usize..7, 1..12), height in 1usize..5, width in 1usize..5) {
        agree(&format!("{batch} {channels:?} {height} {width}"), |device| {
            let maps: Vec<_> = channels.iter().map(|&c| tensor::<4>(c as u64, [batch, c, height, width], device).require_grad()).collect();
            let y = maps::cat(maps.clone());
            // A gradient that lies channels last, and a slice of it.
            let y = ActivationKind::Tanh.forward(maps::global_avg_pool2d(y.clone()) + y);
            let gradients = (y.clone() * tensor::<4>(99, y.dims(), device)).sum().backward();
            let parts = maps.into_iter().enumerate().map(|(i, map)| (format!("{i}"), values(map.grad(&gradients).unwrap())));
            [("output".to_owned(), values(y.clone()))].into_iter().chain(parts).collect()
        });
    }
}

#[test]
fn a_map_may_be_used_twice_or_not_at_all() {
    let shape = [2, 5, 4, 3];
    agree("both of a fork", |device| {
        results(device, [shape], |[x]| {
            let [a, b] = maps::fork(ActivationKind::Relu.forward(x));
            maps::add(ActivationKind::Tanh.forward(a), b, None)
        })
    });
    agree("one of a fork", |device| {
        results(device, [shape], |[x]| {
            let [a, _b, c] = maps::fork(ActivationKind::Relu.forward(x));
            // An operation of Burn's on a branch, and a branch twice.
            a * c.clone() + c
        })
    });
    agree("without a fork", |device| {
        results(device, [shape], |[x]| {
            let x = ActivationKind::Relu.forward(x);
            maps::add(x.clone(), x.clone(), ActivationKind::Relu) + x
        })
    });
    agree("a fork's source beside it", |device| {
        results(device, [shape], |[x]| {
            let x = ActivationKind::Relu.forward(x);
            let [a, b] = maps::fork(x.clone());
            maps::add(a, b, ActivationKind::Relu) + x
        })
    });
}

/// A dense block of convolutions of this size, with room for as many channels, and perhaps a map that nobody reads.
fn stack(device: &Device, kernel_size: usize, capacity: usize, unread: bool) -> Results {
    let x = tensor(1, [2, 4, 5, 6], device).require_grad();
    let mut stack = Stack::with_capacity(ActivationKind::Tanh.forward(x.clone()), capacity);
    let mut all = vec![];
    let mut kept = vec![];
    let mut layer = |stack: &Stack, i: usize, channels| {
        let norm = BatchNorm2d::new(channels, device);
        let padding = PaddingConfig2d::Explicit(kernel_size / 2, kernel_size / 2, kernel_size / 2, kernel_size / 2);
        let conv = Conv2dConfig::new([channels, 3], [kernel_size; 2]).with_padding(padding).with_bias(i == 1);
        let conv = drawn(conv, device);
        let new = stack.norm_conv(&norm, ActivationKind::Relu, &conv);
        kept.push((norm, conv));
        new
    };
    for (i, channels) in [4, 7, 10].into_iter().enumerate() {
        let new = layer(&stack, i, channels);
        stack = stack.push(new);
    }
    let mut y = stack.cat();
    if unread {
        let new = layer(&stack, 3, 13);
        y = maps::cat(vec![y, new.clone()]);
        let _ = stack.push(new);
    }
    let gradients = (y.clone() * tensor::<4>(99, y.dims(), device)).sum().backward();
    all.push(("output".to_owned(), values(y)));
    all.push(("input".to_owned(), values(x.grad(&gradients).unwrap())));
    for (i, (norm, conv)) in kept.iter().enumerate() {
        all.push((format!("weight {i}"), values(conv.weight.val().grad(&gradients).unwrap())));
        all.extend(conv.bias.iter().map(|bias| (format!("bias {i}"), values(bias.val().grad(&gradients).unwrap()))));
        all.push((format!("scale {i}"), values(norm.weight.val().grad(&gradients).unwrap())));
        all.push((format!("shift {i}"), values(norm.bias.val().grad(&gradients).unwrap())));
        all.push((format!("mean {i}"), values(norm.running_mean.value_sync())));
        all.push((format!("variance {i}"), values(norm.running_var.value_sync())));
    }
    all
}

#[test]
fn a_dense_block_need_not_be_concatenated() {
    let checkpointing = Device::flex().autodiff().gradient_checkpointing();
    for (kernel_size, capacity, unread) in [(3, 13, false), (1, 13, false), (1, 5, false), (3, 4, true), (1, 16, true)] {
        let name = format!("kernel {kernel_size}, capacity {capacity}, a map that nobody reads: {unread}");
        agree(&name, |device| stack(device, kernel_size, capacity, unread));
        agree_on(&format!("{name}, recomputed"), &checkpointing, 1e-4, |device| stack(device, kernel_size, capacity, unread));
    }
}

#[test]
fn other_types_are_left_to_burn() {
    zoo_flex::register();
    let device = Device::flex();
    let x = tensor::<4>(1, [1, 2, 3, 3], &device).cast(burn::tensor::FloatDType::F64);
    assert_eq!(ActivationKind::Relu.forward(x).dtype(), burn::tensor::DType::F64);
}

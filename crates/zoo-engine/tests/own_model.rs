//! A model that is not in the zoo: two inputs joined, odd shapes, dilation, groups, an order of operations of its own.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::{mish, relu, sigmoid, softmax};
use burn::tensor::{Device, Distribution, Tensor};
use zoo_engine::{Caches, Engine, EngineError, EngineOptions, Winograd};

#[derive(Module, Debug)]
struct TwoInputs {
    picture: Conv2d,
    norm: BatchNorm,
    dilated: Conv2d,
    grouped: Conv2d,
    pool: MaxPool2d,
    numbers: Linear,
    gate: Linear,
    head: Linear,
}

impl TwoInputs {
    fn new(device: &Device) -> Self {
        let init = Initializer::Normal { mean: 0.0, std: 0.2 };
        let conv = |channels: [usize; 2], kernel: [usize; 2]| Conv2dConfig::new(channels, kernel).with_initializer(init.clone());
        let mut norm = BatchNormConfig::new(10).init(device);
        norm.running_var = burn::module::RunningState::new(Tensor::random([10], Distribution::Uniform(0.5, 2.0), device));
        norm.running_mean = burn::module::RunningState::new(Tensor::random([10], Distribution::Uniform(-0.5, 0.5), device));
        Self {
            picture: conv([3, 10], [3, 5]).with_padding(PaddingConfig2d::Explicit(1, 2, 1, 2)).init(device),
            norm,
            dilated: conv([10, 10], [3, 3]).with_dilation([2, 3]).with_padding(PaddingConfig2d::Explicit(2, 3, 2, 3)).init(device),
            grouped: conv([10, 15], [3, 3]).with_groups(5).with_stride([2, 1]).init(device),
            pool: MaxPool2dConfig::new([3, 2]).with_strides([2, 1]).init(),
            numbers: LinearConfig::new(7, 15).init(device),
            gate: LinearConfig::new(15, 15).init(device),
            head: LinearConfig::new(15, 4).init(device),
        }
    }

    /// A picture `[batch, 3, height, width]` and numbers `[batch, 7]` give `[batch, 4]`.
    fn forward(&self, picture: Tensor<4>, numbers: Tensor<2>) -> Tensor<2> {
        let x = self.norm.forward(self.picture.forward(picture));
        // The sum comes before the activation, and the activation is one that has no kernel.
        let x = mish(self.dilated.forward(relu(x.clone())) + x);
        let x = self.pool.forward(self.grouped.forward(x));
        let numbers = self.numbers.forward(numbers);
        let gate = sigmoid(self.gate.forward(numbers.clone())).reshape([-1, 15, 1, 1]);
        let x = Tensor::cat(vec![x.clone() * gate, x.clone().sin(), x.cumsum(3)], 2);
        let pooled: Tensor<2> = x.mean_dim(2).mean_dim(3).flatten(1, 3);
        softmax(self.head.forward(pooled.clone() - pooled.max_dim(1) + numbers), 1)
    }
}

fn compile(model: &TwoInputs, picture: &[usize], numbers: &[usize], options: &EngineOptions) -> Engine {
    let forward = |model: &TwoInputs, inputs: &[zoo_graph::Input]| vec![model.forward(inputs[0].tensor(), inputs[1].tensor()).into()];
    Engine::compile_module(model, &[picture, numbers], forward, options).unwrap()
}

fn agree(model: &TwoInputs, engine: &Engine, batch: usize, height: usize, width: usize) {
    let device = Device::flex();
    let picture = Tensor::<4>::random([batch, 3, height, width], Distribution::Normal(0.0, 1.0), &device);
    let numbers = Tensor::<2>::random([batch, 7], Distribution::Normal(0.0, 1.0), &device);
    let wanted = model.forward(picture.clone(), numbers.clone()).into_data().try_to_vec::<f32>().unwrap();
    let (picture, numbers) = (picture.into_data().try_into_vec::<f32>().unwrap(), numbers.into_data().try_into_vec::<f32>().unwrap());
    let inputs: [(&[usize], &[f32]); 2] = [(&[batch, 3, height, width], &picture), (&[batch, 7], &numbers)];
    let (shape, got) = engine.run_slices(&inputs).unwrap().remove(0);
    assert_eq!(shape, [batch, 4]);
    for (got, wanted) in got.iter().zip(&wanted) {
        assert!((got - wanted).abs() < 1e-5, "{got} where Flex has {wanted}");
    }
}

#[test]
fn it_agrees_with_flex_at_any_shape() {
    let model = TwoInputs::new(&Device::flex());
    // In caches of no size everything that can be is done picture by picture.
    let none = Caches { near: 0, far: 0 };
    for (reference, caches) in [(true, None), (false, None), (false, Some(none)), (true, Some(none))] {
        let options = EngineOptions { reference, caches, ..EngineOptions::default() };
        let engine = compile(&model, &[2, 3, 17, 23], &[2, 7], &options);
        agree(&model, &engine, 2, 17, 23);
        agree(&model, &engine, 1, 11, 14);
        agree(&model, &engine, 2, 17, 23);
    }
}

#[test]
fn without_replanning_another_shape_is_an_error() {
    let model = TwoInputs::new(&Device::flex());
    let engine = compile(&model, &[1, 3, 9, 9], &[1, 7], &EngineOptions { replan: false, ..EngineOptions::default() });
    let (picture, numbers) = (vec![0.0; 3 * 100], vec![0.0; 7]);
    let error = engine.run_slices(&[(&[1, 3, 10, 10], &picture), (&[1, 7], &numbers)]).unwrap_err();
    assert!(matches!(error, EngineError::Shapes { .. }), "{error}");
}

#[test]
fn many_threads_share_one_engine() {
    let model = TwoInputs::new(&Device::flex());
    let engine = compile(&model, &[1, 3, 12, 12], &[1, 7], &EngineOptions::default());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| agree(&model, &engine, 1, 12, 12)));
        }
    });
}

#[test]
fn what_is_not_finite_stays_so() {
    let device = Device::flex();
    let init = Initializer::Normal { mean: 0.1, std: 0.2 };
    let conv = Conv2dConfig::new([8, 8], [3, 3]).with_padding(PaddingConfig2d::Same).with_initializer(init).init(&device);
    for winograd in [Winograd::Off, Winograd::F2, Winograd::F4] {
        let options = EngineOptions { winograd, ..EngineOptions::default() };
        let forward = |conv: &Conv2d, inputs: &[zoo_graph::Input]| vec![relu(conv.forward(inputs[0].tensor::<4>())).into()];
        let engine = Engine::compile_module(&conv, &[&[1, 8, 20, 20]], forward, &options).unwrap();
        for bad in [f32::NAN, f32::INFINITY] {
            let mut picture = vec![0.5; 8 * 400];
            picture[3 * 400 + 10 * 20 + 10] = bad;
            let input = Tensor::<4>::from_data(burn::tensor::TensorData::new(picture, [1, 8, 20, 20]), &device);
            let wanted = relu(conv.forward(input.clone())).into_data().try_into_vec::<f32>().unwrap();
            let got = engine.run::<4, 4>(input).unwrap().into_data().try_into_vec::<f32>().unwrap();
            for (index, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
                // A tile of Winograd's may spread it; it may hide nowhere. Zero comes of relu(-inf).
                assert!(!wanted.is_nan() || got.is_nan(), "{index}: {got} where Flex has {wanted}");
                assert!(!got.is_finite() || !wanted.is_infinite(), "{index}: {got} where Flex has {wanted}");
            }
        }
    }
}

//! Dropout and stochastic depth.

use burn::tensor::Device;
use burn_zoo::{BuildOptions, Classifier};

use super::*;

/// With the rate, training passes differ; without it they do not; in inference the rate changes nothing.
fn drops(kind: &str, with: &BuildOptions, without: &BuildOptions) {
    let (plain, autodiff) = (Device::flex(), Device::flex().autodiff());
    let shape = [8, 3, 32, 32];
    let training = |options: &BuildOptions| {
        let model = filled(kind, options, &autodiff);
        [0, 1].map(|_| values(model.forward(images(shape, &autodiff))))
    };
    let [first, second] = training(with);
    assert_ne!(first, second, "{kind}: {with:?}");
    let [first, second] = training(without);
    assert_eq!(first, second, "{kind}: {without:?}");
    let inference = |options: &BuildOptions| values(filled(kind, options, &plain).forward(images(shape, &plain)));
    assert_eq!(inference(with), inference(without), "{kind}");
    // A model made for training, as it is evaluated.
    assert_eq!(values(filled(kind, with, &autodiff).valid().forward(images(shape, &plain))), inference(with), "{kind}");
}

#[test]
fn dropout_acts_in_training_alone() {
    for kind in ["custom", "resnet20_cifar", "densenet_cifar", "mobilenet_v3_small", "tiny_vit"] {
        drops(kind, &options().with_dropout(0.5), &options().with_dropout(0.0));
    }
}

#[test]
fn stochastic_depth_acts_in_training_alone() {
    for kind in
        ["resnet20_cifar", "tiny_vit", "tiny_swin", "mobilenet_v2", "mobilenet_v3_small", "mnasnet0_5", "semnasnet_100", "regnet_y_400mf"]
    {
        let options = options().with_dropout(0.0);
        drops(kind, &options.clone().with_drop_path(0.5), &options.with_drop_path(0.0));
    }
}

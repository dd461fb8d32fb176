//! Feature maps from within, and what is said of them beforehand.

use burn::tensor::Device;
use burn_zoo::Classifier;

use super::*;

#[test]
fn stages_say_the_channels_and_the_reduction_of_the_maps() {
    let device = Device::flex();
    for kind in KINDS.into_iter().chain(["resnet18", "googlenet", "regnet_y_400mf", "squeezenet1_1"]) {
        // Position embeddings are for one size.
        let sizes: &[[usize; 2]] = if kind == "tiny_vit" { &[[32, 32]] } else { &[[32, 32], [64, 96]] };
        let model = build(kind, &options(), &device);
        for &[height, width] in sizes {
            let stages = model.stages([3, height, width]).unwrap();
            let maps = model.forward_intermediates(images([2, 3, height, width], &device));
            assert!(maps.len() >= 3, "{kind}");
            let said: Vec<_> = stages.iter().map(|stage| stage.name.as_str()).collect();
            assert_eq!(said, maps.iter().map(|map| map.name.as_str()).collect::<Vec<_>>(), "{kind}");
            for (stage, map) in stages.iter().zip(&maps) {
                let [batch, channels, rows, columns] = map.features.dims();
                assert_eq!((batch, channels), (2, stage.channels), "{kind}: {stage:?}");
                // SqueezeNet's first convolution has no padding, and its pooling keeps a partial window.
                let slack = usize::from(kind == "squeezenet1_1");
                for (side, found) in [(height, rows), (width, columns)] {
                    assert!(side.div_ceil(stage.reduction).abs_diff(found) <= slack, "{kind}: {stage:?}: {side} became {found}");
                }
            }
            assert!(stages.windows(2).all(|pair| pair[0].reduction <= pair[1].reduction), "{kind}: {stages:?}");
        }
    }
}

#[test]
fn the_last_map_is_what_the_head_pools() {
    let device = Device::flex();
    let images = images([2, 3, 32, 32], &device);
    for kind in ["custom", "resnet20_cifar", "mobilenet_v3_small"] {
        let model = filled(kind, &options(), &device);
        let last = model.forward_intermediates(images.clone()).pop().unwrap().features;
        assert_eq!(values(last), values(model.forward_features(images.clone()).into_map()), "{kind}");
    }
}

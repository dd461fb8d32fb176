//! Multiply-accumulates against the ResNet paper's table 1, which the lecture shows.
#![allow(clippy::unwrap_used, missing_docs)]

use burn_zoo::{BuildOptions, Describe, Shortcut};
use zoo_backend::Backend;

fn macs(name: &str, shortcut: Option<Shortcut>) -> f64 {
    let options = BuildOptions { shortcut, ..BuildOptions::default() };
    let model = burn_zoo::build(name, &options, &Backend::Flex.open(None).unwrap()).unwrap();
    model.describe().trace([3, 224, 224]).unwrap().macs as f64 / 1e9
}

/// He et al. 2016, table 1: 1.8, 3.6, 3.8, 7.6 and 11.3 billion. Two things differ from torchvision's networks, which ours are:
/// the paper drew its basic networks with option A, which computes nothing, and its bottlenecks stride in the first 1x1
/// convolution and not in the 3x3 one, which spares three quarters of that 1x1 convolution in three stages.
#[test]
fn resnets_compute_what_the_papers_table_says() {
    // Side of the map, channels in, channels out of those three 1x1 convolutions.
    let strided = [[56.0, 256.0, 128.0], [28.0, 512.0, 256.0], [14.0, 1024.0, 512.0f64]];
    let spared = strided.iter().map(|[side, from, to]| side * side * from * to * 0.75).sum::<f64>() / 1e9;
    assert!((spared - 0.2312).abs() < 1e-4);
    let basic = |name| macs(name, Some(Shortcut::A));
    let bottleneck = |name| macs(name, None) - spared;
    let ours = [basic("resnet18"), basic("resnet34"), bottleneck("resnet50"), bottleneck("resnet101"), bottleneck("resnet152")];
    // The paper cuts or rounds to one place, and does not say which layers it leaves out.
    for (ours, paper) in ours.into_iter().zip([1.8, 3.6, 3.8, 7.6, 11.3]) {
        assert!((ours - paper).abs() < 0.06, "{ours} for {paper}");
    }
}

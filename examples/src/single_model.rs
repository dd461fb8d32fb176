//! One model, from its own crate: this program needs `zoo-vgg` and `zoo-core`, and no other family is compiled.

use std::error::Error;
use std::io::Write;

use burn::tensor::{Device, Distribution, Tensor};
use zoo_core::{BuildOptions, Classifier, Family, params};
use zoo_vgg::Vgg;

/// Builds VGG-11 for ten classes and runs it on four pictures of noise.
pub fn run(device: &Device, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    device.seed(1);
    let options = BuildOptions::default().with_num_classes(10).with_image_size([32, 32]);
    let model = Vgg::build("vgg11_bn", &options, device)?;
    writeln!(out, "vgg11_bn for {} classes: {} parameters", model.num_classes(), params::num_trainable(&model))?;

    let images = Tensor::<4>::random([4, 3, 32, 32], Distribution::Normal(0.0, 1.0), device);
    let logits = model.forward(images);
    let [pictures, classes] = logits.dims();
    writeln!(out, "logits of {pictures} pictures, from random weights:")?;
    for row in logits.try_into_vec_as::<f32>()?.chunks(classes) {
        writeln!(out, "{}", row.iter().map(|logit| format!("{logit:7.4}")).collect::<Vec<_>>().join(" "))?;
    }
    Ok(())
}

//! What a network makes of a photograph on the way to its classes.
//!
//! The weights here are random, so the numbers mean little; `zoo_weights::load` puts trained ones in.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::{BuildOptions, Classifier};
use zoo_datasets::{Preprocess, Transform, read_image};

const MODEL: &str = "alexnet";
const PHOTOGRAPHS: [&str; 2] = ["china.jpg", "flower.jpg"];

/// Prints the feature maps of two photographs stage by stage, then their feature vectors and how alike those are.
pub fn run(device: &Device, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let transform = Transform::imagenet();
    let mut values = vec![];
    let mut shape = [0; 3];
    for name in PHOTOGRAPHS {
        let picture = read_image(&Path::new(env!("CARGO_MANIFEST_DIR")).join("images").join(name))?;
        shape = transform.apply(&picture, 0, &mut values)?;
        writeln!(out, "{name}: {}x{} pixels become {shape:?}", picture.height(), picture.width())?;
    }
    let [channels, height, width] = shape;
    let images = Tensor::<4>::from_data(TensorData::new(values, [PHOTOGRAPHS.len(), channels, height, width]), device);

    // No classes: the last layer is left out, and `forward` gives what it would have seen.
    device.seed(1);
    let model = burn_zoo::build(MODEL, &BuildOptions::default().with_num_classes(0), device)?;
    writeln!(out, "\n{:<12} {:>8} {:>9}  {:<18} mean of each picture", "stage", "channels", "reduction", "map of both")?;
    for (stage, map) in model.stages(shape)?.iter().zip(model.forward_intermediates(images.clone())) {
        let dims = format!("{:?}", map.features.dims());
        let means = map.features.mean_dims(&[1, 2, 3]).try_into_vec_as::<f32>()?;
        writeln!(out, "{:<12} {:>8} {:>9}  {dims:<18} {means:.7?}", stage.name, stage.channels, stage.reduction)?;
    }

    let vectors = model.forward(images);
    let [pictures, length] = vectors.dims();
    let vectors = vectors.try_into_vec_as::<f32>()?;
    let (china, flower) = vectors.split_at(length);
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let cosine = dot(china, flower) / (dot(china, china) * dot(flower, flower)).sqrt();
    writeln!(out, "\n{pictures} vectors of {length} features, cosine similarity {cosine:.4}")?;
    Ok(())
}

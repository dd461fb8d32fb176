//! A network of one's own, from a text; its summary comes from its description, without weights or a forward pass.

use std::error::Error;
use std::io::Write;

use burn::tensor::Device;
use burn_zoo::{BuildOptions, Describe};

const NETWORK: &str = r#"
[[blocks]]
out_channels = 16
kernel_size = 5
stride = 2
norm = "batch"

[[blocks]]
out_channels = 32
norm = "batch"
pool = { kind = "max", kernel_size = 2 }

[[blocks]]
out_channels = 32
groups = 32          # depthwise
dilation = 2
activation = "none"

[head]
hidden = [64]
dropout = 0.2
"#;

/// Builds the network and prints a row a layer: what it gives, its parameters, and how much of the picture it sees.
pub fn run(device: &Device, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let options = BuildOptions::default().with_definition(NETWORK).with_num_classes(7).with_image_size([64, 64]);
    let model = burn_zoo::build("custom", &options, device)?;
    let trace = model.describe().trace([3, 64, 64])?;
    writeln!(out, "{:<14} {:<18} {:<13} {:>10}  receptive field", "layer", "type", "output", "parameters")?;
    for layer in &trace.layers {
        let output = layer.output.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        let [height, width] = layer.receptive_field;
        writeln!(out, "{:<14} {:<18} {output:<13} {:>10}  {height}x{width}", layer.name, layer.kind, layer.params)?;
    }
    writeln!(out, "\n{} parameters, {} multiply-accumulates a picture", trace.params, trace.macs)?;
    Ok(())
}

//! Published weights, each model's default first.

use zoo_core::Origin::HuggingFace;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::timm("convmixer_768_32", "in1k", "model.safetensors", HuggingFace("timm/convmixer_768_32.in1k"), [233, 224]).licensed("MIT"),
    Weights::timm("convmixer_1024_20_ks9_p14", "in1k", "model.safetensors", HuggingFace("timm/convmixer_1024_20_ks9_p14.in1k"), [233, 224]).licensed("MIT"),
    Weights::timm("convmixer_1536_20", "in1k", "model.safetensors", HuggingFace("timm/convmixer_1536_20.in1k"), [233, 224]).licensed("MIT"),
];

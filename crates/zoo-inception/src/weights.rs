//! Published weights, each model's default first.
//! torchvision normalises as ImageNet and, in the model (`transform_input`), undoes it for a mean and deviation of 0.5: here the
//! pictures are normalised so from the start.

use zoo_core::Interpolation::Bilinear;
use zoo_core::Origin::HuggingFace;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("inception_v3", "IMAGENET1K_V1", "inception_v3_google-0cc3c7bd.pth", [342, 299], Bilinear, [77.294, 93.45], "https://github.com/pytorch/vision/tree/main/references/classification#inception-v3").normalised([0.5; 3], [0.5; 3]),
    Weights::timm("inception_v3", "gluon_in1k", "model.safetensors", HuggingFace("timm/inception_v3.gluon_in1k"), [341, 299]),
    Weights::timm("inception_v3", "tf_adv_in1k", "model.safetensors", HuggingFace("timm/inception_v3.tf_adv_in1k"), [341, 299]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("inception_v3", "tf_in1k", "model.safetensors", HuggingFace("timm/inception_v3.tf_in1k"), [341, 299]).normalised([0.5; 3], [0.5; 3]),
];

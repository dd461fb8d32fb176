//! MLP-Mixer (Tolstikhin et al. 2021, "MLP-Mixer: An all-MLP architecture for vision", <https://arxiv.org/abs/2105.01601>):
//! patches become tokens, and each block mixes first the places of every channel, then the channels of every place, by an
//! MLP that all of them share. Names and keys are timm's.
//!
//! | variant | patch | blocks | channels (C) | token MLP (D_S) | channel MLP (D_C) | parameters |
//! |---|---|---|---|---|---|---|
//! | `mixer_s32_224` | 32 | 8 | 512 | 256 | 2048 | 19.1 M |
//! | `mixer_s16_224` | 16 | 8 | 512 | 256 | 2048 | 18.5 M |
//! | `mixer_b32_224` | 32 | 12 | 768 | 384 | 3072 | 60.3 M |
//! | `mixer_b16_224` | 16 | 12 | 768 | 384 | 3072 | 59.9 M |
//! | `mixer_l32_224` | 32 | 24 | 1024 | 512 | 4096 | 206.9 M |
//! | `mixer_l16_224` | 16 | 24 | 1024 | 512 | 4096 | 208.2 M |
//!
//! The token-mixing layers are made for one picture size, [`BuildOptions::image_size`](zoo_core::BuildOptions), which must
//! be a multiple of the patch and may be oblong; weights for another size do not fit. The tokens are averaged before the
//! head, and there is no other pooling.
//!
//! Settings: `dropout` stands before the last layer alone, as timm's `drop_rate`; `drop_path` grows from zero at the first
//! block to the rate at the last, where timm has one rate in all blocks. Both are 0 by default.
//!
//! Initialisation is timm's: LeCun normal for the patches (timm draws anew what lies beyond two standard deviations and makes
//! up for it; here nothing is cut, at the same variance), Xavier uniform for the MLPs with biases of normal(0, 1e-6), zero for
//! the head. timm publishes weights of B/16 and L/16, and has no H/14, the largest of the paper's table.
//!
//! # In a program of one's own
//!
//! The head looks at the average of the tokens: there is nothing else to pool, and `global_pool` is refused. There are no batch
//! norms, and no positions to interpolate.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, Features, params::freeze_up_to};
//! use zoo_mixer::MlpMixer;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no head, `forward` gives [batch, 768]
//!     .with_in_channels(1)
//!     .with_dropout(0.1) // before the head
//!     .with_drop_path(0.1);
//! let mut model = MlpMixer::build("mixer_b16_224", &options, &device)?;
//! // timm's file: the patches' weight is summed over its channels, the head starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("jx_mixer_b16_224-76587d61.pth"))?)?;
//! assert_eq!(report.adapted, ["stem.proj.weight"]);
//!
//! let features = model.forward_features(images.clone()); // of [batch, 1, 224, 224]
//! let Features::Tokens(tokens) = &features else { unreachable!() };
//! assert_eq!(tokens.dims()[1..], [196, 768]);
//! assert_eq!(model.forward_head(features, true).dims()[1], 768);
//! // blocks.2, .5, .8 and .11: a quarter of the blocks each.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("blocks.11", 768, 16));
//! let maps = model.forward_intermediates(images); // [batch, 768, 14, 14] each
//!
//! model.reset_classifier(5, &device); // a fresh `head`
//! let (model, frozen) = freeze_up_to(model, "blocks.5"); // the patches too
//! // Another size is another network: its token-mixing layers are not those of a file for 224x224.
//! let oblong = MlpMixer::build("mixer_s32_224", &BuildOptions::default().with_image_size([64, 96]), &device)?;
//! # Ok(())
//! # }
//! ```

mod block;
mod config;
mod describe;
mod model;
mod weights;

pub use block::MixerBlock;
pub use config::MixerSpec;
pub use model::MlpMixer;

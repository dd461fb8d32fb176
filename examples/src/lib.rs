//! Short programs that use Burn Zoo as a library; each is one file here, and `cargo run -p zoo-examples --example NAME` runs it.
//!
//! | example | shows |
//! |---|---|
//! | [`single_model`] | a model from its own crate, without the facade |
//! | [`feature_extraction`] | features of photographs: the map of each stage, and one vector a picture |
//! | [`finetune_head`] | a frozen body and a fresh head, trained on classes that the body never saw |
//! | [`two_backends`] | one model with the same weights on two backends |
//! | [`custom_network`] | a network from a TOML text, and its summary without a forward pass |
//! | [`augmentations`] | a contact sheet of every augmentation |
//! | [`gallery`] | a picture of a run: its accuracy, its answers, its mistakes |
//!
//! A backend can be named after `--`: `cargo run -p zoo-examples --example single_model -- wgpu`; by default it is flex.

use std::error::Error;

use burn::tensor::Device;
use zoo_backend::Backend;

pub mod augmentations;
pub mod custom_network;
pub mod feature_extraction;
pub mod finetune_head;
pub mod gallery;
pub mod single_model;
pub mod two_backends;

/// The backend that the command line names, or `default`.
///
/// # Errors
/// Where this build does not have it.
pub fn backend(default: Backend) -> Result<Backend, Box<dyn Error>> {
    Ok(match std::env::args().nth(1) {
        Some(name) => name.parse()?,
        None => default,
    })
}

/// The device of the backend that the command line names, or of the first that this build has (flex, with the default features).
///
/// # Errors
/// Where this build does not have the backend, or the machine not the device.
pub fn device() -> Result<Device, Box<dyn Error>> {
    let first = Backend::compiled().first().copied().unwrap_or(Backend::Flex);
    Ok(backend(first)?.open(None)?)
}

//! Random changes for training. Nothing here runs unless asked for.

mod config;
mod pipeline;

pub use config::AugmentConfig;

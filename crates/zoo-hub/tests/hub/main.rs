//! Downloads from a server on this machine, and what is found without one. No test needs a network.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod caches;
mod fetch;
mod names;
mod processes;
mod redirects;
mod repository;
mod resume;
mod server;
mod support;
mod timm;

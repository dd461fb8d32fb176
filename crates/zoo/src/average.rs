//! `zoo average`: several weights of one model become their mean.

use burn_zoo::Classifier;
use zoo_cli::{Failure, output};
use zoo_weights::{encode, write_atomically};

use crate::cli::AverageArgs;
use crate::resolve::any_device;

pub(crate) fn run(args: &AverageArgs) -> Result<(), Failure> {
    let (tensors, meta) = zoo_recipes::average(&args.weights)?;
    // Integer buffers follow from the architecture, and are not averaged.
    let buffers = match &meta.model {
        Some(name) => burn_zoo::build(name, &meta.options.clone().unwrap_or_default(), &any_device()?)?.index_buffers(),
        None => vec![],
    };
    let failed = |e: std::io::Error| Failure::Failed(format!("cannot write `{}`: {e}", args.out.display()));
    let bytes = encode(&tensors, &buffers, &meta).map_err(failed)?;
    write_atomically(&args.out, &bytes).map_err(failed)?;
    output::write(&format!("the mean of {} files is in {}\n", args.weights.len(), args.out.display()))
}

//! `zoo convert`: any weights that a model takes, as `.safetensors` under PyTorch's keys.

use zoo_cli::{Failure, output};
use zoo_weights::WeightsMeta;

use crate::checkpoint::Checkpoint;
use crate::cli::ConvertArgs;

pub(crate) fn run(args: &ConvertArgs) -> Result<(), Failure> {
    if args.output.extension().is_none_or(|ending| ending != "safetensors") {
        return Err(Failure::Usage(format!("`{}` must end in .safetensors, which is what is written", args.output.display())));
    }
    let model = args.model.as_deref();
    let origin = args.trained.origin(model)?;
    let Checkpoint { name, model, options, transform, classes, data_seed, .. } = args.trained.load(origin, model, &args.compute.open()?)?;
    let seed = data_seed.map(|seed| (zoo_recipes::DATA_SEED.to_owned(), seed.into()));
    let meta = WeightsMeta {
        model: Some(name),
        options: Some(options),
        classes,
        transform: Some(serde_json::to_value(&transform).map_err(|e| Failure::failed(&e))?),
        extra: seed.into_iter().collect(),
        ..WeightsMeta::default()
    };
    zoo_weights::save(&model, &args.output, &meta)?;
    output::write(&format!("{}\n", args.output.display()))
}

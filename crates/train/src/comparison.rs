//! Several runs, one after the other.

use std::path::PathBuf;

use zoo_backend::Backend;
use zoo_cli::{Failure, output};
use zoo_recipes::{Compared, Comparison};

use crate::cli::Cli;
use crate::{fetch, interrupter, report, stamp};

pub(crate) fn train(cli: &Cli, mut comparison: Comparison) -> Result<(), Failure> {
    let Some(first) = comparison.runs.first() else { return Err(Failure::Usage("there is no run to train".to_owned())) };
    let device = Backend::parse(&first.recipe.backend)?.open(first.recipe.device)?;
    let resume = cli.resume.is_some();
    if !resume {
        comparison.runs.iter_mut().try_for_each(|run| fetch(cli, &mut run.recipe))?;
    }
    let folder = match (&cli.resume, &cli.output) {
        (Some(folder), _) | (None, Some(folder)) => folder.clone(),
        (None, None) => {
            let stem = cli.config.as_ref().and_then(|path| path.file_stem()).map_or("seeds".into(), |stem| stem.to_string_lossy());
            PathBuf::from("output/train").join(format!("{}-{stem}", stamp::now()))
        }
    };
    let compared = zoo_recipes::compare(&comparison, &folder, resume, &device, &interrupter()?, &mut report::Report::new())?;
    let folder = folder.display();
    output::write(&match compared {
        Compared::Finished(spreads) => {
            let lines: String = spreads.iter().map(|spread| format!("*** {spread}\n")).collect();
            format!("{lines}Results are in {folder}; look at {folder}/comparison.html\n")
        }
        Compared::Interrupted { run } => format!("Stopped in {run}; go on with --resume {folder}\n"),
    })
}

//! `zoo report`: runs as a page.

use std::path::{Path, PathBuf};

use zoo_cli::{Failure, output};
use zoo_report::{Run, files, page};
use zoo_weights::write_atomically;

use crate::cli::ReportArgs;

pub(crate) fn run(args: &ReportArgs) -> Result<(), Failure> {
    let runs: Vec<Run> = args.runs.iter().map(|folder| Run::read(folder)).collect::<Result<_, _>>()?;
    let path = match (&args.output, runs.as_slice()) {
        (None, [run]) => {
            for (name, bytes) in files(run)? {
                write(&run.folder.join(name), &bytes)?;
            }
            run.folder.join("report.html")
        }
        (path, runs) => {
            let path = path.clone().unwrap_or_else(|| PathBuf::from("comparison.html"));
            write(&path, page(runs).as_bytes())?;
            path
        }
    };
    output::write(&format!("{}\n", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_atomically(path, bytes).map_err(|e| Failure::Failed(format!("cannot write `{}`: {e}", path.display())))
}

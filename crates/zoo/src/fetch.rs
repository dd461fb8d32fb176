//! `zoo fetch`: published weights onto this machine.

use std::path::PathBuf;

use serde::Serialize;
use zoo_cli::{DownloadReport, Failure, output};

use crate::cli::FetchArgs;

/// A line of JSON.
#[derive(Debug, Serialize)]
struct Fetched<'a> {
    name: &'a str,
    model: &'static str,
    weights: String,
    path: PathBuf,
    license: Option<String>,
}

pub(crate) fn run(args: &FetchArgs) -> Result<(), Failure> {
    let hub = args.hub.open()?;
    let mut failed = false;
    for name in &args.names {
        match burn_zoo::fetch(name, None, &hub, &mut DownloadReport::default()) {
            Ok(published) if args.json => output::json_line(&Fetched {
                name,
                model: published.model,
                weights: published.origin,
                path: published.path,
                license: published.license,
            })?,
            Ok(published) => output::write(&format!("{}\n", published.path.display()))?,
            // What cannot be had does not keep the others from coming; a name that means nothing is told at once.
            Err(error) => match Failure::from(error) {
                Failure::Failed(message) => {
                    eprintln!("error: {message}");
                    failed = true;
                }
                other => return Err(other),
            },
        }
    }
    if failed { Err(Failure::Reported) } else { Ok(()) }
}

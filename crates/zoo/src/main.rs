//! `zoo`: the models of Burn Zoo on the command line. `train` trains them; everything else is here.

mod average;
mod bench;
mod checkpoint;
mod cli;
mod convert;
mod evaluate;
mod fetch;
mod forward;
mod graph;
mod list;
mod pattern;
mod predict;
mod report;
mod resolve;
mod summary;
mod table;
mod verify;

use std::process::ExitCode;

use cli::{Cli, Command};

fn main() -> ExitCode {
    zoo_cli::run(|cli: Cli| match &cli.command {
        Command::List(args) => list::run(args),
        Command::Summary(args) => summary::run(args),
        Command::Predict(args) => predict::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Average(args) => average::run(args),
        Command::Convert(args) => convert::run(args),
        Command::Fetch(args) => fetch::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Graph(args) => graph::run(args),
        Command::Report(args) => report::run(args),
    })
}

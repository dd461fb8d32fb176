//! `zoo`: the models of Burn Zoo on the command line. `train` trains them; everything else is here.

mod checkpoint;
mod cli;
mod evaluate;
mod failure;
mod list;
mod output;
mod pattern;
mod predict;
mod resolve;
mod score;
mod summary;
mod table;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    // A panic is our own mistake; its user still gets one sentence.
    std::panic::set_hook(Box::new(|panic| eprintln!("error: internal error, please report it: {}", one_line(&panic.to_string()))));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let result = match &cli.command {
        Command::List(args) => list::run(args),
        Command::Summary(args) => summary::run(args),
        Command::Predict(args) => predict::run(args),
        Command::Evaluate(args) => evaluate::run(args),
    };
    match result {
        Ok(()) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                eprintln!("error: {message}");
            }
            failure.exit_code()
        }
    }
}

/// What is wrong with the command line, in one sentence; help and version as clap writes them.
fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand as BareCommand;
    if !error.use_stderr() || error.kind() == BareCommand {
        let _closed_pipe = error.print();
        return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
    }
    let text = error.to_string();
    let said = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    eprintln!("{}", one_line(&said.collect::<Vec<_>>().join(" ")).replace(" tip: ", "; "));
    ExitCode::from(2)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

//! The frame of a program.

use std::process::ExitCode;

use clap::Parser;

use crate::{Failure, one_line};

/// Parses the command line, runs the program and turns what went wrong into a sentence and an exit code.
pub fn run<Cli: Parser>(main: impl FnOnce(Cli) -> Result<(), Failure>) -> ExitCode {
    // A panic is our own mistake; its user still gets one sentence.
    std::panic::set_hook(Box::new(|panic| eprintln!("error: internal error, please report it: {}", one_line(&panic.to_string()))));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match main(cli) {
        Ok(()) => ExitCode::SUCCESS,
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

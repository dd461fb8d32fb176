//! How a command ends when it does not end well.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use burn_zoo::{BuildError, InputError, PretrainedError};
use zoo_backend::BackendError;
use zoo_datasets::DataError;
use zoo_recipes::RecipeError;
use zoo_report::ReportError;
use zoo_weights::WeightsError;

/// Why a command stopped.
#[derive(Debug)]
pub enum Failure {
    /// The user asked for something that cannot be: exit code 2.
    Usage(String),
    /// It was well asked but did not work: exit code 1.
    Failed(String),
    /// As `Failed`, and everything was said already.
    Reported,
    /// Whoever read the output has read enough (`zoo list | head -1`): not an error.
    ClosedPipe,
}

impl Failure {
    /// A failure with its causes, in one sentence.
    pub fn failed(error: &dyn Error) -> Self {
        Self::Failed(sentence(error))
    }

    /// A usage error with its causes, in one sentence.
    pub fn usage(error: &dyn Error) -> Self {
        Self::Usage(without_quotation(&sentence(error)))
    }

    /// The sentence, where there is something left to say.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Usage(message) | Self::Failed(message) => Some(message),
            Self::Reported | Self::ClosedPipe => None,
        }
    }

    /// The program's exit code.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Failed(_) | Self::Reported => ExitCode::FAILURE,
            Self::ClosedPipe => ExitCode::SUCCESS,
        }
    }
}

/// An error and its causes, joined by colons; a cause that the message already holds is not repeated.
pub fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        source = cause.source();
    }
    text.trim_end().to_owned()
}

/// A message that quotes a file over several lines (as TOML's parser does), in one line and without the quotation.
fn without_quotation(text: &str) -> String {
    let is_quotation = |line: &str| line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|');
    text.lines().filter(|line| !is_quotation(line)).map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// All white space as single blanks.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::usage(&error)
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::usage(&error)
    }
}

impl From<WeightsError> for Failure {
    fn from(error: WeightsError) -> Self {
        Self::failed(&error)
    }
}

impl From<PretrainedError> for Failure {
    fn from(error: PretrainedError) -> Self {
        match error {
            PretrainedError::Hub(_) | PretrainedError::Weights(_) | PretrainedError::Description { .. } => Self::failed(&error),
            _ => Self::usage(&error),
        }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        RecipeError::from(error).into()
    }
}

impl From<RecipeError> for Failure {
    fn from(error: RecipeError) -> Self {
        if error.is_usage() { Self::usage(&error) } else { Self::failed(&error) }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::NotARun { .. } => Self::usage(&error),
            _ => Self::failed(&error),
        }
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::NoDevice { .. } => Self::failed(&error),
            _ => Self::usage(&error),
        }
    }
}

/// Errors of writing to standard output; reading has its own, which name the file.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Failed(format!("cannot write the output: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_is_left_out() {
        let text = "bad definition: TOML parse error at line 2, column 1\n  |\n2 | a = 4\n  | ^\nunknown field `a`\n";
        assert_eq!(without_quotation(text), "bad definition: TOML parse error at line 2, column 1 unknown field `a`");
    }
}

//! The dashboard on a terminal.

use std::io::{self, IsTerminal};

use zoo_cli::{Failure, output};
use zoo_recipes::{Dashboard, EpochReport, Interrupter, Progress, StartReport, StepReport};

/// Whether someone sits before a terminal that can show it.
pub(crate) fn wanted(plain: bool) -> bool {
    !plain && io::stdout().is_terminal() && io::stdin().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// A [`Dashboard`] under which Ctrl-C still stops the run.
pub(crate) struct Screen(Dashboard);

impl Screen {
    pub(crate) fn new(interrupter: &Interrupter) -> Self {
        Self(Dashboard::new(interrupter))
    }

    /// Gives the terminal back and says what was noted meanwhile.
    pub(crate) fn close(self) -> Result<(), Failure> {
        let notes = self.0.close();
        notes.iter().try_for_each(|note| output::write(&format!("{note}\n")))
    }
}

impl Progress for Screen {
    fn start(&mut self, report: &StartReport<'_>) {
        self.0.start(report);
    }

    fn note(&mut self, text: &str) {
        self.0.note(text);
    }

    fn step(&mut self, report: &StepReport) {
        // Its thread switches signals off at some time after it starts.
        keep_signals();
        self.0.step(report);
    }

    fn epoch(&mut self, report: &EpochReport<'_>) {
        self.0.epoch(report);
    }
}

/// The dashboard reads keys in raw mode, in which Ctrl-C is a key that it ignores: makes it a signal again.
#[cfg(unix)]
fn keep_signals() {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let terminal = io::stdin();
    // A terminal that refuses leaves the dashboard's own way out: `q`.
    if let Ok(mut modes) = tcgetattr(&terminal)
        && !modes.local_modes.contains(LocalModes::ISIG)
    {
        modes.local_modes.insert(LocalModes::ISIG);
        let _refused = tcsetattr(&terminal, OptionalActions::Now, &modes);
    }
}

#[cfg(not(unix))]
fn keep_signals() {}

//! How a run ended.

pub use zoo_report::Outcome;

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// All epochs were done, or nothing better came for long enough.
    Finished(Outcome),
    /// It was asked to stop, saved everything, and can go on.
    Interrupted {
        /// The epoch, from 0, in which it stopped.
        epoch: usize,
    },
}

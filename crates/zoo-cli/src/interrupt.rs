//! Ctrl-C, and what else asks a program to end.

use crate::Failure;

/// Calls `act` where the user or the system asks the program to stop, instead of stopping.
///
/// # Errors
/// [`Failure::Failed`] where the system does not tell.
pub fn on_interrupt(act: impl FnMut() + Send + 'static) -> Result<(), Failure> {
    ctrlc::set_handler(act).map_err(|e| Failure::Failed(format!("cannot listen for Ctrl-C: {e}")))
}

//! What the programs share: a command ends well, or with one sentence that says the cause and the remedy and an exit code
//! (2 for what was asked wrongly, 1 for what failed).

mod failure;
mod hub;
mod interrupt;
pub mod memory;
pub mod output;
mod program;

pub use failure::{Failure, one_line, sentence};
pub use hub::{DownloadReport, HubArgs};
pub use interrupt::on_interrupt;
pub use program::run;

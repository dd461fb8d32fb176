//! Standard output, in a way that a closed pipe is an error value and not a panic as with `println!`.

use std::io::{self, Write};

use serde::Serialize;

use crate::Failure;

/// Writes a text as it is.
///
/// # Errors
/// [`Failure::ClosedPipe`] where nobody reads any more, [`Failure::Failed`] where it cannot be written.
pub fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// A line about work in progress. Whether anyone reads it is no reason to stop the work.
pub fn say(to: &mut dyn Write, line: &str) {
    let _unread = writeln!(to, "{line}");
}

/// Writes a value as indented JSON.
///
/// # Errors
/// As [`write()`].
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::failed(&e))?;
    write(&(text + "\n"))
}

/// Writes a value as one line of JSON.
///
/// # Errors
/// As [`write()`].
pub fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|e| Failure::failed(&e))?;
    write(&(text + "\n"))
}

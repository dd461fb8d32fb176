//! The log as TensorBoard reads it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use zoo_report::{scalars_record, version_record};

use crate::RecipeError;
use crate::folder::Folder;
use crate::log::Line;

/// How the file's name begins; the second in which the run began follows.
const PREFIX: &str = "events.out.tfevents.";
const SUFFIX: &str = ".burn-zoo";

/// The event file of a run. It is made anew from the log where a run goes on, so that no event is there twice.
pub(crate) struct Events {
    path: PathBuf,
    file: File,
    /// Seconds since 1970 at which the run began; what it trained is added.
    begun: u64,
}

impl Events {
    /// The file of a run, with the lines that its log has already.
    pub(crate) fn open(folder: &Folder, lines: &[Line]) -> Result<Self, RecipeError> {
        let begun = |name: &String| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().ok();
        let before = folder.names()?.iter().find_map(begun);
        let begun = before.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()));
        let path = folder.path(&format!("{PREFIX}{begun}{SUFFIX}"));
        let file = OpenOptions::new().create(true).write(true).truncate(true).open(&path);
        let file = file.map_err(|source| RecipeError::Io { action: "write", path: path.clone(), source })?;
        let mut events = Self { path, file, begun };
        events.write(&version_record(begun as f64))?;
        lines.iter().try_for_each(|line| events.append(line))?;
        Ok(events)
    }

    /// Adds what a line of the log says.
    pub(crate) fn append(&mut self, line: &Line) -> Result<(), RecipeError> {
        let (step, seconds, scalars) = match *line {
            Line::Train { step, loss, top1, lr, images_per_second, seconds, .. } => {
                (step, seconds, vec![("train/loss", loss), ("train/top1", top1), ("lr", lr), ("images_per_second", images_per_second)])
            }
            Line::Epoch { step, seconds, train_loss, eval_loss, eval_top1, eval_top5, ema_loss, ema_top1, .. } => {
                let plain =
                    [("epoch/train_loss", train_loss), ("valid/loss", eval_loss), ("valid/top1", eval_top1), ("valid/top5", eval_top5)];
                let averaged = [ema_loss.map(|loss| ("ema/loss", loss)), ema_top1.map(|top1| ("ema/top1", top1))];
                (step, seconds, plain.into_iter().chain(averaged.into_iter().flatten()).collect())
            }
        };
        let record = scalars_record(self.begun as f64 + seconds, step as u64, &scalars);
        self.write(&record)
    }

    fn write(&mut self, record: &[u8]) -> Result<(), RecipeError> {
        let io = |source| RecipeError::Io { action: "write", path: self.path.clone(), source };
        self.file.write_all(record).map_err(io)
    }
}

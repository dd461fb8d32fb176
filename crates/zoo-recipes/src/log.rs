//! `metrics.jsonl`: a line of JSON for each logged step and each epoch; and the same for TensorBoard.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::RecipeError;
use crate::events::Events;
use crate::folder::Folder;

/// The file's name.
pub(crate) const NAME: &str = "metrics.jsonl";

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(crate) enum Line {
    /// A training step. `step` counts from 1 over the whole run, accuracies are fractions.
    Train { epoch: usize, step: usize, loss: f64, top1: f64, top5: f64, lr: f64, images_per_second: f64, data_wait: f64, seconds: f64 },
    /// An epoch, after its validation.
    Epoch {
        epoch: usize,
        step: usize,
        train_loss: f64,
        train_top1: f64,
        train_top5: f64,
        eval_loss: f64,
        eval_top1: f64,
        eval_top5: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ema_loss: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ema_top1: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ema_top5: Option<f64>,
        lr: f64,
        best: bool,
        images_per_second: f64,
        data_wait: f64,
        seconds: f64,
    },
}

/// The log, appended to.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    length: u64,
    events: Option<Events>,
}

impl Log {
    /// Opens the log and cuts it to what it was at a checkpoint, so that no line is there twice. Whether it was as long as that.
    pub(crate) fn open(folder: &Folder, length: u64, tensorboard: bool) -> Result<(Self, bool), RecipeError> {
        let path = folder.path(NAME);
        let io = |source| RecipeError::Io { action: "write", path: path.clone(), source };
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        let found = file.metadata().map_err(io)?.len();
        let (whole, length) = (length <= found, length.min(found));
        file.set_len(length).and_then(|()| file.seek(SeekFrom::Start(length))).map_err(io)?;
        let events = if tensorboard {
            let text = fs::read_to_string(&path).map_err(io)?;
            let lines: Vec<Line> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            Some(Events::open(folder, &lines)?)
        } else {
            None
        };
        Ok((Self { path, file, length, events }, whole))
    }

    pub(crate) fn append(&mut self, line: &Line) -> Result<(), RecipeError> {
        let mut text = serde_json::to_string(line).map_err(|e| RecipeError::Device(e.to_string()))?;
        text.push('\n');
        let io = |source| RecipeError::Io { action: "write", path: self.path.clone(), source };
        self.file.write_all(text.as_bytes()).map_err(io)?;
        self.length += text.len() as u64;
        self.events.as_mut().map_or(Ok(()), |events| events.append(line))
    }

    /// Bytes so far.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }
}

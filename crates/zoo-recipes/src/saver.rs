//! Writing checkpoints in a thread of their own: a step waits for no disk.

use std::fs::OpenOptions;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use burn_zoo::{AnyClassifier, Classifier};
use zoo_core::params::read_params;
use zoo_weights::{WeightsMeta, encode};

use crate::ema::Ema;
use crate::folder::Folder;
use crate::standing::Standing;
use crate::{Optimizer, RecipeError, checkpoint, log};

/// A run at one moment. Its tensors are handles: they are read by the thread, and cost memory only once the run has newer ones.
pub(crate) struct Snapshot {
    pub(crate) model: AnyClassifier,
    pub(crate) optimizer: Optimizer,
    pub(crate) ema: Option<Ema>,
    pub(crate) standing: Standing,
}

/// What an epoch's end writes besides the checkpoint.
pub(crate) struct EpochFiles {
    pub(crate) meta: WeightsMeta,
    /// Names that the weights get.
    pub(crate) weights: Vec<String>,
    /// Names that the average of the weights gets.
    pub(crate) averages: Vec<String>,
    /// Names that are not needed any more.
    pub(crate) obsolete: Vec<String>,
}

struct Job {
    snapshot: Snapshot,
    epoch: Option<EpochFiles>,
}

/// The thread. What it was given is on the disk when it is dropped, or an error was met.
pub(crate) struct Saver {
    /// Boxed: a model is many handles.
    jobs: Option<SyncSender<Box<Job>>>,
    thread: Option<JoinHandle<Result<(), RecipeError>>>,
    /// Jobs that are not done.
    open: Arc<AtomicUsize>,
}

impl Saver {
    pub(crate) fn start(folder: Folder) -> Result<Self, RecipeError> {
        // One is written and one waits: memory is bounded.
        let (jobs, receiver) = sync_channel(1);
        let open = Arc::new(AtomicUsize::new(0));
        let done = Arc::clone(&open);
        let work = move || work(&folder, &receiver, &done);
        let thread = std::thread::Builder::new().name("checkpoints".to_owned()).spawn(work);
        let thread = thread.map_err(|e| RecipeError::Device(format!("no thread for the checkpoints: {e}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), open })
    }

    /// Whether it would begin at once. A checkpoint within an epoch that comes too early is left out.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }

    /// Has a snapshot written; with files, they come first. It waits only where the disk is two snapshots behind.
    pub(crate) fn save(&mut self, snapshot: Snapshot, epoch: Option<EpochFiles>) -> Result<(), RecipeError> {
        self.open.fetch_add(1, Ordering::AcqRel);
        match self.jobs.as_ref().map(|jobs| jobs.send(Box::new(Job { snapshot, epoch }))) {
            Some(Ok(())) => Ok(()),
            _ => self.finish(),
        }
    }

    /// What went wrong so far.
    pub(crate) fn check(&mut self) -> Result<(), RecipeError> {
        if self.thread.as_ref().is_some_and(JoinHandle::is_finished) { self.finish() } else { Ok(()) }
    }

    /// Waits until everything is on the disk.
    pub(crate) fn finish(&mut self) -> Result<(), RecipeError> {
        self.jobs = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(RecipeError::Device("the thread that writes checkpoints failed".to_owned())),
            None => Ok(()),
        }
    }
}

impl Drop for Saver {
    fn drop(&mut self) {
        // Whoever drops it without `finish` has an error of its own to tell.
        let _told = self.finish();
    }
}

fn work(folder: &Folder, jobs: &Receiver<Box<Job>>, open: &AtomicUsize) -> Result<(), RecipeError> {
    for job in jobs {
        write(folder, &job)?;
        open.fetch_sub(1, Ordering::AcqRel);
    }
    Ok(())
}

fn write_weights(folder: &Folder, model: &AnyClassifier, names: &[String], meta: &WeightsMeta) -> Result<(), RecipeError> {
    let tensors = read_params(model).map_err(RecipeError::Device)?;
    let failed = |source| RecipeError::Io { action: "write", path: folder.root().to_owned(), source };
    let bytes = encode(&tensors, &model.index_buffers(), meta).map_err(failed)?;
    names.iter().try_for_each(|name| folder.write(name, &bytes))
}

/// The checkpoint comes last: a run that is killed before does the epoch again, and writes the same files.
fn write(folder: &Folder, job: &Job) -> Result<(), RecipeError> {
    let Snapshot { model, standing, ema, .. } = &job.snapshot;
    if let Some(files) = &job.epoch {
        write_weights(folder, model, &files.weights, &files.meta)?;
        if let Some(ema) = ema {
            write_weights(folder, &ema.model(model), &files.averages, &files.meta)?;
        }
        folder.write_rows(&standing.rows)?;
    }
    // The checkpoint says how long the log is, so that much must be there after a power cut.
    let path = folder.path(log::NAME);
    let log = OpenOptions::new().append(true).open(&path);
    log.and_then(|log| log.sync_all()).map_err(|source| RecipeError::Io { action: "write", path, source })?;
    checkpoint::write(folder, &job.snapshot)?;
    folder.remove(job.epoch.iter().flat_map(|files| files.obsolete.iter().cloned()));
    Ok(())
}

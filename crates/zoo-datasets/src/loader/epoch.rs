//! The iterator over an epoch's batches, and its threads.

use std::iter::FusedIterator;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::batch::Batch;
use crate::error::DataError;

use super::Skipped;
use super::make::Plan;

type Item = Result<Batch, DataError>;

/// The batches of one epoch, in order. Dropping it stops its threads and waits for the picture each is at.
pub struct Epoch {
    plan: Arc<Plan>,
    left: Range<usize>,
    workers: Vec<Worker>,
    next_worker: usize,
    stopped: Arc<AtomicBool>,
    start_error: Option<std::io::Error>,
    skipped: Skipped,
    waited: Duration,
}

/// Worker `w` of `n` makes batches `w`, `w + n`, `w + 2n`...: taking from one after the other gives the order back.
struct Worker {
    batches: Option<Receiver<Item>>,
    thread: Option<JoinHandle<()>>,
}

impl Epoch {
    pub(super) fn start(plan: Plan, batches: Range<usize>, workers: usize, prefetch: usize, skipped: Skipped) -> Self {
        // A worker holds one finished batch while it waits for room in its channel, hence the - 1.
        let workers = workers.min(prefetch).min(batches.len());
        let room = prefetch.checked_div(workers).map_or(0, |share| share - 1);
        let stopped = Arc::new(AtomicBool::new(false));
        let (plan, workers_list, waited) = (Arc::new(plan), Vec::new(), Duration::ZERO);
        let mut epoch = Self { plan, left: batches, workers: workers_list, next_worker: 0, stopped, start_error: None, skipped, waited };
        for first in 0..workers {
            match epoch.spawn(first, workers, room) {
                Ok(worker) => epoch.workers.push(worker),
                Err(error) => {
                    epoch.start_error = Some(error);
                    epoch.stop();
                    break;
                }
            }
        }
        epoch
    }

    /// How long the caller has waited for batches so far: the time that its own work did not hide. Without workers, all the
    /// time that batches took.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    fn spawn(&self, first: usize, step: usize, room: usize) -> std::io::Result<Worker> {
        let (sender, receiver) = sync_channel(room);
        let (plan, stopped) = (Arc::clone(&self.plan), Arc::clone(&self.stopped));
        let numbers = self.left.clone().skip(first).step_by(step);
        let work = move || run(&plan, numbers, &sender, &stopped);
        let thread = thread::Builder::new().name(format!("loader-{first}")).spawn(work)?;
        Ok(Worker { batches: Some(receiver), thread: Some(thread) })
    }

    fn stop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Without its receiver, a worker that waits for room wakes up.
        self.workers.iter_mut().for_each(|worker| worker.batches = None);
        for thread in self.workers.drain(..).filter_map(|worker| worker.thread) {
            // A worker catches the data set's panics; whatever else ended it has nobody left to hear of it.
            let _ = thread.join();
        }
    }

    fn receive(&mut self, number: usize) -> Item {
        let worker = &self.workers[self.next_worker];
        self.next_worker = (self.next_worker + 1) % self.workers.len();
        let lost = DataError::WorkerLost { batch: number };
        worker.batches.as_ref().and_then(|batches| batches.recv().ok()).unwrap_or(Err(lost))
    }
}

fn run(plan: &Plan, numbers: impl Iterator<Item = usize>, sender: &SyncSender<Item>, stopped: &AtomicBool) {
    for number in numbers {
        let Some(item) = plan.make(number, || stopped.load(Ordering::Relaxed)) else { return };
        if sender.send(item).is_err() {
            return;
        }
    }
}

impl Epoch {
    fn take(&mut self, number: usize) -> Option<Item> {
        if let Some(source) = self.start_error.take() {
            return Some(Err(DataError::Thread { source }));
        }
        if self.workers.is_empty() {
            // No worker asked for, or none to be had: the batch is made here.
            return self.plan.make(number, || false);
        }
        Some(self.receive(number))
    }
}

impl Iterator for Epoch {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let number = self.left.next()?;
        let begun = Instant::now();
        let item = self.take(number);
        self.waited += begun.elapsed();
        if let Some(Ok(batch)) = &item
            && !batch.skipped.is_empty()
        {
            let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
            for picture in &batch.skipped {
                skipped.entry(picture.index).or_insert_with(|| (picture.clone(), false));
            }
        }
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl ExactSizeIterator for Epoch {}
impl FusedIterator for Epoch {}

impl Drop for Epoch {
    fn drop(&mut self) {
        self.stop();
    }
}

//! Work shared by threads: tasks are numbers, of which each thread has its own range; who is done with that takes from the others'.
//!
//! So a thread mostly does the same part of layer after layer, whose input it has just computed: in its own cache.
//!
//! A layer of a small network takes tens of microseconds, which is what waking a sleeping thread costs.
//! So the helpers spin for a moment after each job, in which the next layer usually comes, before they sleep.
//! A job never waits for a helper that has not begun: on a busy machine the caller does the work itself. But a helper may have been
//! woken on the processor that its caller keeps busy while another one is idle, and Linux takes some milliseconds to part them, the
//! time of a whole network. So a caller to whom nobody comes for a while sleeps until one does, and a helper that finds itself on its
//! caller's processor leaves it.

use std::any::Any;
use std::cell::UnsafeCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::processors;

/// How long a helper looks for the next job before it sleeps.
const SPIN: Duration = Duration::from_micros(150);
/// How long a caller goes on with one job after the other to which no helper comes, and how long it sleeps at most.
const LATE: Duration = Duration::from_micros(50);
const SLEEP: Duration = Duration::from_micros(100);
/// How long it goes on after it slept in vain: the other processors have something else to do.
const ALONE: Duration = Duration::from_millis(10);

/// The gate's bits: the lowest says that a job is open, the next that a helper came to it, the next 14 count the helpers inside, the
/// rest number the jobs.
const OPEN: u64 = 1;
const CAME: u64 = 2;
const INSIDE: u64 = 4;
const INSIDE_MASK: u64 = 0xfffc;
const JOB: u64 = 1 << 16;

/// Which job it is.
fn number(gate: u64) -> u64 {
    gate & !(JOB - 1)
}

/// A number of threads, the caller's included. Clones share the same helpers.
#[derive(Clone)]
pub struct Threads(Arc<Handle>);

struct Handle {
    shared: Arc<Pool>,
    helpers: Vec<JoinHandle<()>>,
}

struct Pool {
    gate: AtomicU64,
    job: UnsafeCell<Option<Job>>,
    /// Held by the caller whose job it is.
    owner: Mutex<Option<Alone>>,
    sleepers: AtomicUsize,
    caller_sleeps: AtomicBool,
    lock: Mutex<()>,
    wake: Condvar,
    came: Condvar,
    /// Written by the holder of `owner` while nobody is inside.
    next: Vec<Next>,
    /// On which processor each worker was last seen.
    places: Vec<AtomicUsize>,
    stop: AtomicBool,
}

// SAFETY: `job` is written by the holder of `owner` while the gate is closed and no helper is inside, and read by helpers
// that are inside; entering and leaving are atomic operations on `gate` that order these accesses.
unsafe impl Sync for Pool {}
// SAFETY: as above; what `job` points to is `Sync`.
unsafe impl Send for Pool {}

type Task<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// No helper came to the last jobs.
struct Alone {
    /// When the last of them was done.
    done: Instant,
    /// When the caller's patience ends.
    patience: Instant,
}

#[derive(Clone, Copy)]
struct Job {
    work: *const Work<'static>,
}

struct Work<'a> {
    task: &'a Task<'a>,
    /// The next task of each worker's range.
    next: &'a [Next],
    tasks: usize,
    panicked: Mutex<Option<Box<dyn Any + Send>>>,
}

/// A counter in cache lines of its own.
#[repr(align(128))]
struct Next(AtomicUsize);

impl<'a> Work<'a> {
    fn new(task: &'a Task<'a>, tasks: usize, next: &'a [Next]) -> Self {
        let work = Self { task, next, tasks, panicked: Mutex::new(None) };
        next.iter().enumerate().for_each(|(i, next)| next.0.store(work.begin(i), Ordering::Relaxed));
        work
    }

    /// Where a worker's range begins, and the one before ends.
    fn begin(&self, worker: usize) -> usize {
        self.tasks * worker / self.next.len()
    }

    fn run(&self, worker: usize) {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            for whose in (worker..self.next.len()).chain(0..worker) {
                let (next, end) = (&self.next[whose].0, self.begin(whose + 1));
                // Looking first leaves the cache line with the others.
                while next.load(Ordering::Relaxed) < end {
                    let task = next.fetch_add(1, Ordering::Relaxed);
                    if task < end {
                        (self.task)(task, worker);
                    }
                }
            }
        }));
        if let Err(payload) = outcome {
            self.next.iter().for_each(|next| next.0.store(self.tasks, Ordering::Relaxed));
            *locked(&self.panicked) = Some(payload);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Threads {
    /// `count` threads, at least one: the caller's, and helpers that are started now. Where the system gives no more
    /// threads, there are fewer helpers.
    pub fn new(count: usize) -> Self {
        let count = count.clamp(1, 1024);
        let shared = Arc::new(Pool {
            gate: AtomicU64::new(0),
            job: UnsafeCell::new(None),
            owner: Mutex::new(None),
            sleepers: AtomicUsize::new(0),
            caller_sleeps: AtomicBool::new(false),
            lock: Mutex::new(()),
            wake: Condvar::new(),
            came: Condvar::new(),
            next: (0..count).map(|_| Next(AtomicUsize::new(0))).collect(),
            places: (0..count).map(|_| AtomicUsize::new(processors::UNKNOWN)).collect(),
            stop: AtomicBool::new(false),
        });
        let start = |worker: usize| {
            let pool = Arc::clone(&shared);
            std::thread::Builder::new().name(format!("zoo-kernels-{worker}")).spawn(move || pool.help(worker)).ok()
        };
        let helpers = (1..count).map_while(start).collect();
        Self(Arc::new(Handle { shared, helpers }))
    }

    /// As many as the machine offers this process.
    pub fn all() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// Threads, the caller's included.
    pub fn count(&self) -> usize {
        self.0.helpers.len() + 1
    }

    /// Calls `task(i, worker)` for each `i` below `tasks`, in any order and on any thread; `worker` is below
    /// [`Threads::count`], and no two calls with the same worker run at once. A panic in a task is passed on.
    ///
    /// While another thread uses these helpers, the caller does its work alone.
    pub fn run(&self, tasks: usize, task: impl Fn(usize, usize) + Sync) {
        let owner = if tasks > 1 && self.count() > 1 { self.0.shared.owner.try_lock().ok() } else { None };
        let Some(mut alone) = owner else {
            (0..tasks).for_each(|i| task(i, 0));
            return;
        };
        let work = Work::new(&task, tasks, &self.0.shared.next);
        self.0.shared.share(&work, &mut alone);
        drop(alone);
        if let Some(payload) = locked(&work.panicked).take() {
            resume_unwind(payload);
        }
    }
}

impl Pool {
    /// Opens the gate, works, closes it, and waits for those inside.
    fn share(&self, work: &Work<'_>, alone: &mut Option<Alone>) {
        // SAFETY: the lifetime is only forgotten, and nobody uses the reference after this function: at its end the gate
        // is closed and nobody is inside. `Work::run` catches panics, so the end is always reached.
        let work_ptr = unsafe { std::mem::transmute::<*const Work<'_>, *const Work<'static>>(std::ptr::from_ref(work)) };
        // SAFETY: the caller holds `owner`, the gate is closed and nobody is inside, so nobody reads `job` now.
        unsafe { *self.job.get() = Some(Job { work: work_ptr }) };
        self.is_at(0);
        let job = number(self.gate.load(Ordering::Relaxed)).wrapping_add(JOB);
        self.gate.store(job | OPEN, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            let _guard = locked(&self.lock);
            self.wake.notify_all();
        }
        let opened = Instant::now();
        // After a break helpers need their time to wake up.
        let patience = alone.take().filter(|alone| opened < alone.done + LATE).map_or(opened + LATE, |alone| alone.patience);
        let patience = match opened < patience {
            true => patience,
            false => opened + if self.sleep_until_one_comes() { LATE } else { ALONE },
        };
        work.run(0);
        if self.gate.fetch_and(!OPEN, Ordering::AcqRel) & CAME == 0 {
            *alone = Some(Alone { done: Instant::now(), patience });
        }
        let mut turns = 0_u32;
        while self.gate.load(Ordering::Acquire) & INSIDE_MASK != 0 {
            pause(&mut turns);
        }
    }

    /// Whether a helper came to the open job before this caller had slept enough.
    fn sleep_until_one_comes(&self) -> bool {
        let nobody = |(): &mut ()| self.gate.load(Ordering::SeqCst) & CAME == 0;
        self.caller_sleeps.store(true, Ordering::SeqCst);
        let (_guard, timeout) = self.came.wait_timeout_while(locked(&self.lock), SLEEP, nobody).unwrap_or_else(PoisonError::into_inner);
        self.caller_sleeps.store(false, Ordering::SeqCst);
        !timeout.timed_out()
    }

    /// Notes where the worker is.
    fn is_at(&self, worker: usize) -> usize {
        let now = processors::current();
        // Most often it is where it was, and a store would take the cache line from the others.
        if self.places[worker].load(Ordering::Relaxed) != now {
            self.places[worker].store(now, Ordering::Relaxed);
        }
        now
    }

    /// Takes a helper off its caller's processor.
    fn part(&self, worker: usize) {
        let now = self.is_at(worker);
        if now != processors::UNKNOWN && now == self.places[0].load(Ordering::Relaxed) {
            let taken: Vec<usize> = self.places.iter().map(|place| place.load(Ordering::Relaxed)).collect();
            processors::leave(&taken);
            self.is_at(worker);
        }
    }

    /// A helper's life.
    fn help(&self, worker: usize) {
        let mut seen = 0;
        while let Some(gate) = self.next_job(seen) {
            seen = number(gate);
            self.part(worker);
            let entered = self.gate.fetch_update(Ordering::SeqCst, Ordering::Acquire, |now| {
                let same_job = number(now) == seen && now & OPEN != 0;
                same_job.then_some((now + INSIDE) | CAME)
            });
            if entered.is_err() {
                continue;
            }
            if self.caller_sleeps.load(Ordering::SeqCst) {
                let _guard = locked(&self.lock);
                self.came.notify_one();
            }
            // SAFETY: inside the gate `job` is not written.
            let job = unsafe { *self.job.get() };
            if let Some(job) = job {
                // SAFETY: `share` does not return, and so keeps `work` alive, while a helper is inside.
                unsafe { (*job.work).run(worker) };
            }
            self.gate.fetch_sub(INSIDE, Ordering::Release);
        }
    }

    /// The gate as soon as it is open with a job other than `seen`; nothing at the end.
    fn next_job(&self, seen: u64) -> Option<u64> {
        let fresh = |gate: u64| gate & OPEN != 0 && number(gate) != seen;
        loop {
            let begin = Instant::now();
            let mut turns = 0_u32;
            loop {
                let gate = self.gate.load(Ordering::Acquire);
                if fresh(gate) {
                    return Some(gate);
                }
                if self.stop.load(Ordering::Relaxed) {
                    return None;
                }
                turns += 1;
                std::hint::spin_loop();
                if turns.is_multiple_of(64) && begin.elapsed() > SPIN {
                    break;
                }
            }
            let mut guard = locked(&self.lock);
            self.sleepers.fetch_add(1, Ordering::SeqCst);
            while !fresh(self.gate.load(Ordering::SeqCst)) && !self.stop.load(Ordering::SeqCst) {
                guard = self.wake.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            self.sleepers.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Waits a little; longer and longer waits give the processor away, as the one waited for may need it.
fn pause(turns: &mut u32) {
    *turns += 1;
    if *turns < 2000 { std::hint::spin_loop() } else { std::thread::yield_now() }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        drop(locked(&self.shared.lock));
        self.shared.wake.notify_all();
        for helper in self.helpers.drain(..) {
            // A helper cannot panic: it catches what tasks throw.
            let _ = helper.join();
        }
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Threads").field(&self.count()).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn every_task_runs_once() {
        for count in [1, 2, 3] {
            let threads = Threads::new(count);
            assert_eq!(threads.count(), count);
            for tasks in [0, 1, 2, 7, 100] {
                let hits: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                threads.run(tasks, |i, worker| {
                    assert!(worker < count);
                    hits[i].fetch_add(1, Ordering::Relaxed);
                });
                assert!(hits.iter().all(|h| h.load(Ordering::Relaxed) == 1));
            }
        }
    }

    #[test]
    fn helpers_wake_after_sleep_and_serve_several_callers() {
        let threads = Threads::new(2);
        let rounds = if cfg!(miri) { 2 } else { 200 };
        let total = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for round in 0..rounds {
                        threads.run(5, |_, _| {
                            total.fetch_add(1, Ordering::Relaxed);
                        });
                        if round % 50 == 0 {
                            std::thread::sleep(Duration::from_millis(1));
                        }
                    }
                });
            }
        });
        assert_eq!(total.load(Ordering::Relaxed), 3 * 5 * rounds);
    }

    #[cfg(all(target_os = "linux", not(miri)))]
    #[test]
    fn a_helper_leaves_its_callers_processor() {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

        let allowed = sched_getaffinity(None).unwrap();
        let threads = Threads::new(2);
        if allowed.count() < 2 || threads.count() < 2 {
            return;
        }
        let callers = processors::current();
        let mut one = CpuSet::new();
        one.set(callers);
        let helper_does = |what: &(dyn Fn() + Sync)| {
            let done = AtomicBool::new(false);
            threads.run(2, |_, worker| {
                if worker == 1 {
                    what();
                    done.store(true, Ordering::SeqCst);
                }
                while !done.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_micros(100));
                }
            });
        };
        sched_setaffinity(None, &one).unwrap();
        for _ in 0..20 {
            // The helper is brought to the caller's processor, and may go.
            helper_does(&|| {
                sched_setaffinity(None, &one).unwrap();
                sched_setaffinity(None, &allowed).unwrap();
            });
            helper_does(&|| {});
            assert_ne!(threads.0.shared.places[1].load(Ordering::SeqCst), callers);
        }
        sched_setaffinity(None, &allowed).unwrap();
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let threads = Threads::new(2);
        let result = catch_unwind(AssertUnwindSafe(|| threads.run(4, |i, _| assert!(i != 2, "task two"))));
        assert!(result.is_err());
        let count = AtomicUsize::new(0);
        threads.run(4, |_, _| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.load(Ordering::Relaxed), 4);
    }
}

//! On which processor a thread runs, and how it leaves one that another thread needs.
//!
//! Linux may leave a thread that it wakes on the processor that it ran on last, behind the thread that woke it, though another is idle: in
//! virtual machines often, where an idle processor may look taken (`vcpu_is_preempted`).

/// No processor.
pub(crate) const UNKNOWN: usize = usize::MAX;

/// The processor that runs this thread, or [`UNKNOWN`].
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) fn current() -> usize {
    rustix::thread::sched_getcpu()
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(crate) fn current() -> usize {
    UNKNOWN
}

/// Moves this thread to a processor that is not `taken`, or at least not the first of them, where there is one for each thread: `taken`
/// says where each of them is. Afterwards it may run wherever it could before.
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) fn leave(taken: &[usize]) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let Ok(allowed) = sched_getaffinity(None) else { return };
    if (allowed.count() as usize) < taken.len() {
        return;
    }
    let without = |taken: &[usize]| {
        let mut left = allowed;
        taken.iter().filter(|processor| **processor < CpuSet::MAX_CPU).for_each(|processor| left.unset(*processor));
        (left.count() > 0).then_some(left)
    };
    let left = without(taken).or_else(|| without(&taken[..taken.len().min(1)]));
    if let Some(left) = left
        && sched_setaffinity(None, &left).is_ok()
    {
        // It fails only where the system took all of these processors away meanwhile, and has chosen others itself.
        let _ = sched_setaffinity(None, &allowed);
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(crate) fn leave(_: &[usize]) {}

#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    use super::*;

    #[test]
    fn a_thread_leaves_a_processor_and_may_still_run_everywhere() {
        std::thread::spawn(|| {
            let allowed = sched_getaffinity(None).unwrap();
            let mut one = CpuSet::new();
            one.set(current());
            sched_setaffinity(None, &one).unwrap();
            // There is no other processor to go to.
            leave(&[current()]);
            assert_eq!(sched_getaffinity(None).unwrap(), one);

            sched_setaffinity(None, &allowed).unwrap();
            for _ in 0..20 {
                // Its own processor, and one that nobody knows.
                leave(&[current(), UNKNOWN]);
                assert_eq!(sched_getaffinity(None).unwrap(), allowed);
            }
        })
        .join()
        .unwrap();
    }
}

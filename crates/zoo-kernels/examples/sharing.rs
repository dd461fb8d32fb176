//! What it costs to share a small layer: jobs of eight tasks of a few microseconds each, as layer follows layer, on this crate's
//! threads, on rayon, and alone.
//!
//! `cargo run -p zoo-kernels --example sharing -- [THREADS] [MICROSECONDS OF A TASK]`
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use zoo_kernels::Threads;

const TASKS: usize = 8;
const JOBS: usize = 200;
const ROUNDS: usize = 25;

fn task(turns: usize) {
    let mut x = black_box(1.0_f32);
    for _ in 0..turns {
        x = x.mul_add(0.999, 0.001);
    }
    black_box(x);
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(f64::NAN, |t| t.as_secs_f64() / JOBS as f64 * 1e6)
}

fn main() {
    let number = |i: usize, default: usize| std::env::args().nth(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (count, microseconds) = (number(1, 2), number(2, 3));
    let threads = Threads::new(count);
    let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(count).build() else { return };
    // Turns that take a microsecond.
    let begin = Instant::now();
    task(1_000_000);
    let turns = (1_000_000.0 / begin.elapsed().as_secs_f64() / 1e6) as usize * microseconds;
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..ROUNDS {
        let mut measure = |i: usize, job: &(dyn Fn() + Sync)| {
            let begin = Instant::now();
            (0..JOBS).for_each(|_| job());
            if let Some(times) = times.get_mut(i) {
                times.push(begin.elapsed());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        measure(0, &|| (0..TASKS).for_each(|_| task(turns)));
        measure(1, &|| threads.run(TASKS, |_, _| task(turns)));
        // The scheme of the study: one counter, from which each of rayon's threads takes tasks.
        measure(2, &|| {
            let next = AtomicUsize::new(0);
            let work = |_: &rayon::Scope<'_>| {
                while next.fetch_add(1, Ordering::Relaxed) < TASKS {
                    task(turns);
                }
            };
            pool.scope(|scope| (0..count).for_each(|_| scope.spawn(work)));
        });
    }
    let [alone, ours, rayon] = times.map(median);
    println!("{TASKS} tasks of {microseconds} us, {count} threads: alone {alone:.1} us, zoo-kernels {ours:.1} us, rayon {rayon:.1} us");
}

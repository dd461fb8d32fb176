//! What all kernels run with.

use std::sync::{Mutex, OnceLock, PoisonError};

use zoo_kernels::{Isa, Scratch, Threads};

/// The best instruction set of this machine.
pub(crate) fn isa() -> Isa {
    static ISA: OnceLock<Isa> = OnceLock::new();
    *ISA.get_or_init(Isa::detect)
}

/// The threads, as many as Burn's Flex has: the variable `RAYON_NUM_THREADS`, or all that the machine offers.
pub(crate) fn threads() -> &'static Threads {
    static THREADS: OnceLock<Threads> = OnceLock::new();
    THREADS.get_or_init(|| {
        let wanted = std::env::var("RAYON_NUM_THREADS").ok().and_then(|number| number.parse().ok());
        match wanted {
            Some(number) if number > 0 => Threads::new(number),
            _ => Threads::all(),
        }
    })
}

/// Runs a kernel with scratch memory, of which there is one for each thread that computes at the same time.
pub(crate) fn scratch<T>(kernel: impl FnOnce(&mut Scratch) -> T) -> T {
    static IDLE: Mutex<Vec<Scratch>> = Mutex::new(vec![]);
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let found = idle().pop();
    let mut scratch = found.unwrap_or_default();
    let result = kernel(&mut scratch);
    idle().push(scratch);
    result
}

/// What a kernel gave.
///
/// # Panics
/// Where shapes do not fit: Burn's operations panic there too, as `forward` has no `Result`.
#[expect(clippy::panic, reason = "as Burn's operations")]
pub(crate) fn done<T>(result: zoo_kernels::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

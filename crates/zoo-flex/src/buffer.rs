//! Memory that goes round: what a tensor gives back when it is dropped is what the next one lies in.
//!
//! A training step makes and drops the same tensors each time. Fresh memory of the system has to be faulted in page by page,
//! which costs a step about a tenth of its time.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn_backend::{AllocationProperty, Bytes};

/// Shorter buffers are left to the system's allocator, which is good at them.
const SMALLEST: usize = 4096;

/// Idle buffers may take this part of the most that was ever in use at once, beyond that most.
const IDLE: usize = 8;

/// Buffers that nobody uses, by length; the floats in them, in the buffers that are in use, and in the most that ever were.
struct Free {
    buffers: BTreeMap<usize, Vec<Vec<f32>>>,
    idle: usize,
    used: usize,
    peak: usize,
}

static FREE: Mutex<Free> = Mutex::new(Free { buffers: BTreeMap::new(), idle: 0, used: 0, peak: 0 });

fn free() -> MutexGuard<'static, Free> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Free {
    /// The shortest buffer that is long enough and wastes no more than an eighth.
    fn take(&mut self, len: usize) -> Option<Vec<f32>> {
        let (&found, buffers) = self.buffers.range_mut(len..=len + len / 8).next()?;
        let buffer = buffers.pop();
        if buffers.is_empty() {
            self.buffers.remove(&found);
        }
        self.idle -= found;
        buffer
    }

    /// Counts a buffer as used.
    fn lend(&mut self, len: usize) {
        self.used += len;
        self.peak = self.peak.max(self.used);
    }

    /// Floats that have to go back to the system.
    ///
    /// Gradients have other lengths than maps, and each would displace some idle map that the next step then makes anew: so a
    /// little more is held than the peak, and in the end all that a step needs.
    fn surplus(&self) -> usize {
        (self.used + self.idle).saturating_sub(self.peak + self.peak / IDLE)
    }

    /// Gives as many floats back to the system, the longest buffers first.
    fn release(&mut self, mut floats: usize) {
        while let Some(mut last) = self.buffers.last_entry().filter(|_| floats > 0) {
            let len = *last.key();
            last.get_mut().pop();
            if last.get().is_empty() {
                last.remove();
            }
            self.idle -= len;
            floats = floats.saturating_sub(len);
        }
    }
}

/// A buffer of at least `len` floats; what is in them is anybody's guess.
fn take(len: usize) -> Vec<f32> {
    if len < SMALLEST {
        return vec![0.0; len];
    }
    let mut free = free();
    if let Some(buffer) = free.take(len) {
        free.lend(buffer.len());
        return buffer;
    }
    free.lend(len);
    let surplus = free.surplus();
    free.release(surplus);
    drop(free);
    vec![0.0; len]
}

/// Gives all idle buffers back to the system.
pub fn clear_buffers() {
    let mut free = free();
    free.release(usize::MAX);
    free.peak = free.used;
}

/// A buffer that is written before it becomes a tensor's.
#[derive(Debug)]
pub(crate) struct Buffer {
    floats: Vec<f32>,
    len: usize,
}

impl Buffer {
    /// Of `len` floats, with any contents.
    pub fn new(len: usize) -> Self {
        Self { floats: take(len), len }
    }

    /// The floats.
    pub fn as_mut(&mut self) -> &mut [f32] {
        &mut self.floats[..self.len]
    }

    /// The floats, to be read.
    pub fn as_ref(&self) -> &[f32] {
        &self.floats[..self.len]
    }

    /// A tensor's memory, which comes back when the tensor is dropped.
    pub fn into_bytes(self) -> Bytes {
        Bytes::from_shared(bytes::Bytes::from_owner(self), AllocationProperty::Other)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.floats[..self.len])
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let floats = std::mem::take(&mut self.floats);
        if floats.len() >= SMALLEST {
            let mut free = free();
            free.idle += floats.len();
            free.used -= floats.len();
            free.buffers.entry(floats.len()).or_default().push(floats);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_tensors_memory_is_used_again() {
        // A length that no other test has.
        let len = 123_457;
        let mut buffer = Buffer::new(len);
        buffer.as_mut().fill(7.0);
        let address = buffer.as_mut().as_ptr();
        drop(buffer.into_bytes());
        let mut again = Buffer::new(len - 1000);
        assert_eq!((again.as_mut().as_ptr(), again.as_mut().len()), (address, len - 1000));
    }
}

//! Memory that goes round: what a tensor gives back when it is dropped is what the next one lies in.
//!
//! A training step makes and drops the same tensors each time. Fresh memory of the system has to be faulted in page by page,
//! which costs a step about a tenth of its time.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn_backend::{AllocationProperty, Bytes};

/// Shorter buffers are left to the system's allocator, which is good at them.
const SMALLEST: usize = 4096;

/// Buffers that nobody uses, by length, and the floats in them.
struct Free {
    buffers: BTreeMap<usize, Vec<Vec<f32>>>,
    floats: usize,
}

static FREE: Mutex<Free> = Mutex::new(Free { buffers: BTreeMap::new(), floats: 0 });

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
        self.floats -= found;
        buffer
    }

    /// Gives as many floats back to the system, the longest buffers first: where a new buffer has to be made, memory that lies
    /// idle makes room for it, so that a step never holds more than its tensors' peak.
    fn release(&mut self, mut floats: usize) {
        while let Some(mut last) = self.buffers.last_entry().filter(|_| floats > 0) {
            let len = *last.key();
            last.get_mut().pop();
            if last.get().is_empty() {
                last.remove();
            }
            self.floats -= len;
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
    free.take(len).unwrap_or_else(|| {
        free.release(len);
        drop(free);
        vec![0.0; len]
    })
}

/// Gives all idle buffers back to the system.
pub fn clear_buffers() {
    free().release(usize::MAX);
}

/// A buffer that is written before it becomes a tensor's.
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
            free.floats += floats.len();
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

//! Weights of linear layers the other way round.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// A cache line of floats: what is moved at once is so many rows and columns.
const LINE: usize = 16;
/// Rows and columns whose pages and numbers stay in the caches until all of a block is moved.
const BLOCK: usize = 256;
/// Numbers for which more threads pay.
const MANY: usize = 1 << 20;

/// The columns `start..start + columns` of a row-major matrix as rows.
pub(crate) fn transposed_columns(values: &[f32], width: usize, start: usize, columns: usize) -> Vec<f32> {
    let rows = values.len() / width.max(1);
    let mut out = vec![0.0; rows * columns];
    let threads = if out.len() < MANY { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) };
    let share = columns.div_ceil(threads).max(1);
    let parts: Vec<_> = out.chunks_mut((share * rows).max(1)).enumerate().collect();
    let parts = Mutex::new(parts);
    let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let work = || {
        while let Some((i, part)) = next() {
            let first = start + i * share;
            transpose(values, width, first..first + part.len() / rows, part);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // Where the system gives no more threads, the others do it all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    out
}

/// Some columns to `[columns, rows]`.
fn transpose(values: &[f32], width: usize, columns: Range<usize>, out: &mut [f32]) {
    let rows = values.len() / width;
    for r0 in (0..rows).step_by(BLOCK) {
        for c0 in columns.clone().step_by(BLOCK) {
            for r in (r0..rows.min(r0 + BLOCK)).step_by(LINE) {
                for c in (c0..columns.end.min(c0 + BLOCK)).step_by(LINE) {
                    let (high, wide) = (LINE.min(rows - r), LINE.min(columns.end - c));
                    let from = values[r * width..].chunks(width).take(high).map(|row| &row[c..c + wide]);
                    let to = out[(c - columns.start) * rows..].chunks_mut(rows).take(wide);
                    turn(from, to.map(|row| &mut row[r..r + high]));
                }
            }
        }
    }
}

/// At most a cache line of rows to as many columns.
fn turn<'a>(rows: impl Iterator<Item = &'a [f32]>, columns: impl Iterator<Item = &'a mut [f32]>) {
    let mut tile = [[0.0; LINE]; LINE];
    for (i, row) in rows.enumerate() {
        tile.iter_mut().zip(row).for_each(|(line, value)| line[i] = *value);
    }
    columns.zip(&tile).for_each(|(to, line)| to.copy_from_slice(&line[..to.len()]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_rows() {
        for (rows, width, start, columns) in
            [(1, 1, 0, 1), (3, 5, 2, 3), (16, 16, 0, 16), (40, 33, 0, 33), (300, 290, 7, 270), (1300, 900, 0, 900)]
        {
            let values: Vec<f32> = (0..rows * width).map(|i| i as f32).collect();
            let out = transposed_columns(&values, width, start, columns);
            assert_eq!(out.len(), rows * columns);
            assert!(out.iter().enumerate().all(|(i, v)| *v == values[i % rows * width + start + i / rows]), "{rows} x {width}");
        }
        assert!(transposed_columns(&[], 4, 0, 4).is_empty());
        assert!(transposed_columns(&[], 0, 0, 0).is_empty());
    }
}

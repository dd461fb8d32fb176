//! CIFAR's binary version: records of one or two label bytes, then the red, green and blue planes of 32x32 pixels each
//! (<https://www.cs.toronto.edu/~kriz/cifar.html>).
//!
//! The archive is read as it is and never unpacked to the disk, so that no path in it leads anywhere.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::DataError;

use super::locate::{self, Source};
use super::packed::Packed;
use super::table::{CifarLayout, Published};
use super::wrong;

const SIDE: usize = 32;
const AREA: usize = SIDE * SIDE;

/// CIFAR-100's training pictures are one file of 153.7 MB.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// All that an archive may hold, decompressed.
const MAX_ARCHIVE_BYTES: u64 = 1 << 30;

/// The training and the test pictures: from the unpacked files where they are there, else from the archive.
pub(super) fn read(published: &Published, layout: &CifarLayout, folder: &Path) -> Result<[Packed; 2], DataError> {
    let names: Vec<&str> = layout.train.iter().chain(layout.test).copied().collect();
    let unpacked =
        [folder.to_owned(), folder.join(layout.folder)].into_iter().find(|place| names.iter().all(|name| place.join(name).is_file()));
    let contents = match unpacked {
        Some(place) => from_files(published, &place, &names)?,
        None => from_archive(published, folder, &names)?,
    };
    let part = |names: &[&str]| {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for name in names {
            if let Some((path, bytes)) = contents.get(*name) {
                records(published, layout, path, bytes, &mut pixels, &mut labels)?;
            }
        }
        Packed::new(pixels, labels, [SIDE, SIDE, 3]).ok_or_else(|| wrong(published, folder, "its files do not fit each other"))
    };
    Ok([part(layout.train)?, part(layout.test)?])
}

type Contents = BTreeMap<String, (PathBuf, Vec<u8>)>;

fn from_files(published: &Published, place: &Path, names: &[&str]) -> Result<Contents, DataError> {
    let read = |name: &&str| {
        let source = Source::new(place.join(name));
        let bytes = limited(published, &source.path, source.open()?)?;
        Ok(((*name).to_owned(), (source.path, bytes)))
    };
    names.iter().map(read).collect()
}

/// The files of these names, wherever in the archive they are.
fn from_archive(published: &Published, folder: &Path, names: &[&str]) -> Result<Contents, DataError> {
    let archives: Vec<&str> = published.files.iter().map(|file| file.name).collect();
    let mut contents = Contents::new();
    for source in locate::files(published, folder, &archives)? {
        let damaged = |error: std::io::Error| wrong(published, &source.path, format!("the archive is damaged ({error})"));
        let mut archive = tar::Archive::new(source.open()?.take(MAX_ARCHIVE_BYTES));
        for entry in archive.entries().map_err(damaged)? {
            let mut entry = entry.map_err(damaged)?;
            let path = entry.path().map_err(damaged)?.into_owned();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if !entry.header().entry_type().is_file() || !names.contains(&name) {
                continue;
            }
            let (inside, size) = (source.path.join(&path), entry.size());
            let bytes = limited(published, &inside, &mut entry)?;
            if bytes.len() as u64 != size {
                return Err(wrong(published, &source.path, format!("it ends inside of {}", path.display())));
            }
            if contents.insert(name.to_owned(), (inside, bytes)).is_some() {
                return Err(wrong(published, &source.path, format!("there is more than one {name} in it")));
            }
        }
        if let Some(missing) = names.iter().find(|name| !contents.contains_key(**name)) {
            return Err(wrong(published, &source.path, format!("there is no {missing} in it")));
        }
    }
    Ok(contents)
}

fn limited(published: &Published, path: &Path, reader: impl Read) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    let read = reader.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| wrong(published, path, format!("it cannot be read ({error})")))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(wrong(published, path, format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    Ok(bytes)
}

/// Appends a file's pictures, pixel by pixel in place of plane by plane.
fn records(
    published: &Published,
    layout: &CifarLayout,
    path: &Path,
    bytes: &[u8],
    pixels: &mut Vec<u8>,
    labels: &mut Vec<u8>,
) -> Result<(), DataError> {
    let length = layout.label_bytes + 3 * AREA;
    if bytes.is_empty() || !bytes.len().is_multiple_of(length) {
        let reason = format!("its {} bytes are not whole records of {length}", bytes.len());
        return Err(wrong(published, path, reason));
    }
    pixels.reserve(bytes.len() / length * 3 * AREA);
    for record in bytes.chunks_exact(length) {
        let (head, planes) = record.split_at(layout.label_bytes);
        // The last of them: CIFAR-100 has the superclass first.
        let label = head[head.len() - 1];
        if usize::from(label) >= published.classes.len() {
            return Err(wrong(published, path, format!("it has label {label} for {} classes", published.classes.len())));
        }
        labels.push(label);
        for pixel in 0..AREA {
            pixels.extend([planes[pixel], planes[AREA + pixel], planes[2 * AREA + pixel]]);
        }
    }
    Ok(())
}

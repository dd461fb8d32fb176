//! What belongs together in a shard.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use serde_json::Value;

use crate::folder::classes::Classes;

const PICTURES: &[&str] = &["jpg", "jpeg", "png", "webp", "bmp"];

/// Longer descriptions of a picture are passed over.
const MAX_LABEL_BYTES: u64 = 1 << 20;

/// Labels from which on an integer is no class any more.
const MAX_LABEL: u64 = 1 << 24;

/// A picture in a shard.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) label: Option<u32>,
}

/// The pictures of a shard with their labels: files behind each other with one key.
///
/// # Errors
/// One sentence: the archive is damaged, or a label is none.
pub(super) fn read(mut file: File, classes: Option<&Classes>) -> Result<Vec<Found>, String> {
    let damaged = |error: std::io::Error| format!("the archive is damaged ({error})");
    let whole = file.metadata().map_err(damaged)?.len();
    // An archive ends with zeros; without them, what was cut off could be whole samples.
    let mut end = [1; 512];
    let sought = file.seek(SeekFrom::Start(whole.saturating_sub(end.len() as u64)));
    sought.and_then(|_| file.read_exact(&mut end)).and_then(|()| file.rewind()).map_err(damaged)?;
    if end != [0; 512] {
        return Err("the archive is damaged (it has no end: was it cut off?)".to_owned());
    }
    let mut archive = tar::Archive::new(file);
    let (mut found, mut current) = (Vec::new(), Current::default());
    for entry in archive.entries_with_seek().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8(entry.path_bytes().into_owned()).map_err(|_| "a name in it is not Unicode".to_owned())?;
        let (offset, size) = (entry.raw_file_position(), entry.size());
        if offset.checked_add(size).is_none_or(|end| end > whole) {
            return Err(format!("it ends inside of {path}"));
        }
        let (folder, name) = path.rsplit_once('/').map_or(("", path.as_str()), |(folder, name)| (folder, name));
        let Some((stem, ending)) = name.split_once('.').filter(|(stem, _)| !stem.is_empty()) else { continue };
        let key = format!("{folder}/{stem}");
        if key != current.key {
            found.extend(std::mem::replace(&mut current, Current { key, ..Current::default() }).finish());
        }
        let ending = ending.to_ascii_lowercase();
        if PICTURES.contains(&ending.as_str()) {
            let length = u32::try_from(size).map_err(|_| format!("{path} in it is too long for a picture"))?;
            current.picture.get_or_insert((path, offset, length));
        } else if matches!(ending.as_str(), "cls" | "json") && current.label.is_none() {
            let mut text = String::new();
            let read = entry.by_ref().take(MAX_LABEL_BYTES).read_to_string(&mut text);
            read.map_err(|_| format!("{path} in it is no text"))?;
            current.label = if ending == "cls" { Some(label(text.trim(), &path, classes)?) } else { from_json(&text, &path, classes)? };
        }
    }
    found.extend(current.finish());
    Ok(found)
}

/// The sample whose files come.
#[derive(Default)]
struct Current {
    key: String,
    picture: Option<(String, u64, u32)>,
    label: Option<u32>,
}

impl Current {
    fn finish(self) -> Option<Found> {
        let (name, offset, length) = self.picture?;
        Some(Found { name, offset, length, label: self.label })
    }
}

/// A number, or the name of a class in the list of classes.
fn label(text: &str, path: &str, classes: Option<&Classes>) -> Result<u32, String> {
    if let Some(number) = classes.and_then(|classes| classes.number(text)) {
        return Ok(number);
    }
    let most = classes.map_or(MAX_LABEL, |classes| classes.names.len() as u64);
    let number = text.parse::<u64>().ok().filter(|&number| number < most);
    let shown: String = text.chars().take(40).collect();
    number.map(|number| number as u32).ok_or_else(|| match classes {
        Some(_) => format!("{path} in it says `{shown}`, which is no class of the list"),
        None => format!("{path} in it says `{shown}`, which is no class's number; a `class_map.txt` would say what it means"),
    })
}

/// `{"label": 7}` as timm writes it, or `cls` in place of `label`. A description without either says nothing.
fn from_json(text: &str, path: &str, classes: Option<&Classes>) -> Result<Option<u32>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("{path} in it is no JSON ({error})"))?;
    match ["label", "cls"].iter().find_map(|key| value.get(key)) {
        Some(Value::String(name)) => label(name, path, classes).map(Some),
        Some(Value::Null) | None => Ok(None),
        Some(number) => label(&number.to_string(), path, classes).map(Some),
    }
}

//! Names that come from outside and become paths.

use std::path::{Path, PathBuf};

/// Whether a name is that of one file, in no other folder.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn file(name: &str) -> Result<(), &'static str> {
    if name.contains('/') { Err("it names a folder") } else { relative(name) }
}

/// Whether a path, with `/` between its parts, stays in its folder and is plain enough for every file system and for an
/// address: Hugging Face allows no more in names.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn relative(path: &str) -> Result<(), &'static str> {
    for part in path.split('/') {
        if part.is_empty() {
            return Err(if path.starts_with('/') { "it is an absolute path" } else { "a part of it is empty" });
        }
        if part.chars().all(|c| c == '.') {
            return Err("it leaves its folder");
        }
        if !part.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c)) {
            return Err("it holds more than letters, digits, `.`, `_`, `-` and `+`");
        }
    }
    Ok(())
}

/// Whether this is a commit of git.
pub(crate) fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

/// Whether this is a whole SHA-256.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && is_hex(text)
}

/// Whether all characters are hexadecimal digits.
pub(crate) fn is_hex(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_hexdigit())
}

/// `resnet50.pth` and `part` give `resnet50.pth.part`.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

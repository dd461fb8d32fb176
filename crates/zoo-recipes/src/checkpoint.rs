//! Checkpoints: model, optimiser and standing in one file, so that they cannot disagree.
//!
//! A file's name ends with the beginning of its SHA-256, which a reader holds it to. There are two at any time: one whose
//! write was cut off never gets its name, and one that is damaged later has another before it.

use std::fs::File;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use zoo_core::params::{NamedTensor, read_params};
use zoo_weights::{WeightsFile, WeightsMeta, encode};

use crate::folder::Folder;
use crate::saver::Snapshot;
use crate::standing::Standing;
use crate::{Progress, RecipeError};

const WEIGHTS: &str = "weights/";
const OPTIMIZER: &str = "optimizer/";
const EMA: &str = "ema/";
const STANDING: &str = "standing";
/// How many are kept.
const KEPT: usize = 2;

/// A checkpoint, read.
pub(crate) struct Restored {
    pub(crate) weights: WeightsFile,
    pub(crate) optimizer: Vec<NamedTensor>,
    pub(crate) ema: Vec<NamedTensor>,
    pub(crate) standing: Standing,
}

/// `state-EPOCH-STEP-CHECKSUM.safetensors`; later ones sort later.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) epoch: usize,
    /// Steps done in the epoch.
    pub(crate) step: usize,
    /// The first eight bytes of the file's SHA-256, in hexadecimal.
    checksum: String,
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix("state-")?.strip_suffix(".safetensors")?.split('-');
        let (epoch, step, checksum) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.to_owned());
        (parts.next().is_none() && checksum.len() == 16).then_some(Self { epoch, step, checksum })
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "state-{:04}-{:06}-{}.safetensors", self.epoch, self.step, self.checksum)
    }
}

/// The checkpoints of a folder, the newest first.
pub(crate) fn list(folder: &Folder) -> Result<Vec<Name>, RecipeError> {
    let mut names: Vec<Name> = folder.names()?.iter().filter_map(|name| Name::parse(name)).collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

/// Writes a checkpoint and removes all but the newest two.
pub(crate) fn write(folder: &Folder, snapshot: &Snapshot) -> Result<(), RecipeError> {
    let mut tensors = read_params(&snapshot.model).map_err(RecipeError::Device)?;
    tensors.iter_mut().for_each(|tensor| tensor.name.insert_str(0, WEIGHTS));
    let state = snapshot.optimizer.state().map_err(RecipeError::Device)?;
    tensors.extend(state.into_iter().map(|tensor| NamedTensor { name: format!("{OPTIMIZER}{}", tensor.name), ..tensor }));
    if let Some(ema) = &snapshot.ema {
        let state = ema.state().map_err(RecipeError::Device)?;
        tensors.extend(state.into_iter().map(|tensor| NamedTensor { name: format!("{EMA}{}", tensor.name), ..tensor }));
    }
    let standing = &snapshot.standing;
    let mut meta = WeightsMeta::default();
    meta.extra.insert(STANDING.to_owned(), standing.to_toml()?.into());
    let failed = |source| RecipeError::Io { action: "write", path: folder.root().to_owned(), source };
    let bytes = encode(&tensors, &[], &meta).map_err(failed)?;
    // Not needed for the write, which is long.
    drop(tensors);
    let name = Name { epoch: standing.epoch, step: standing.step_in_epoch, checksum: short(&Sha256::digest(&bytes)) };
    folder.write(&name.to_string(), &bytes)?;
    // A folder that cannot be listed keeps some more.
    let old = list(folder).unwrap_or_default().into_iter().skip_while(|other| *other != name).skip(KEPT);
    folder.remove(old.map(|name| name.to_string()));
    Ok(())
}

/// The newest checkpoint that is whole; `None` where the run was killed before its first. Damaged ones are told, and renamed.
pub(crate) fn newest(folder: &Folder, progress: &mut dyn Progress) -> Result<Option<Restored>, RecipeError> {
    let names = list(folder)?;
    let mut last = None;
    for name in &names {
        let path = folder.path(&name.to_string());
        match read(&path, name) {
            Ok(restored) => return Ok(Some(restored)),
            Err(reason) => {
                progress.note(&format!("the checkpoint {name} is damaged ({reason}); going on from the one before"));
                // Out of the way of those that are to come, but still there.
                let _stays = std::fs::rename(&path, path.with_extension("safetensors.damaged"));
                last = Some(format!("{name} is damaged ({reason}), and there is no other checkpoint"));
            }
        }
    }
    let not = |reason| Err(RecipeError::NotARun { path: folder.root().to_owned(), reason });
    match last {
        Some(reason) => not(reason),
        // Rows are written before the first checkpoint of an epoch's end, so only a lost checkpoint leaves several.
        None if folder.path("last.safetensors").exists() && rows(folder) > 1 => {
            not("its checkpoints (state-*.safetensors) are gone".to_owned())
        }
        None => Ok(None),
    }
}

fn rows(folder: &Folder) -> usize {
    std::fs::read_to_string(folder.path("summary.csv")).map_or(0, |text| text.lines().count().saturating_sub(1))
}

fn read(path: &Path, name: &Name) -> Result<Restored, String> {
    let mut hash = Sha256::new();
    File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash)).map_err(|e| e.to_string())?;
    if short(&hash.finalize()) != name.checksum {
        return Err("its checksum is not that of its name".to_owned());
    }
    let file = WeightsFile::read(path).map_err(|e| e.to_string())?;
    let standing = file.meta().extra.get(STANDING).and_then(|value| value.as_str()).ok_or("it has no standing")?;
    let standing = Standing::from_toml(standing)?;
    let (mut weights, mut optimizer, mut ema) = (vec![], vec![], vec![]);
    for tensor in file.into_tensors().map_err(|e| e.to_string())? {
        for (prefix, to) in [(WEIGHTS, &mut weights), (OPTIMIZER, &mut optimizer), (EMA, &mut ema)] {
            if let Some(rest) = tensor.name.strip_prefix(prefix) {
                to.push(NamedTensor { name: rest.to_owned(), ..tensor });
                break;
            }
        }
    }
    Ok(Restored { weights: WeightsFile::from_tensors(weights, WeightsMeta::default()), optimizer, ema, standing })
}

/// The weights of a file, be it a checkpoint.
pub(crate) fn weights(path: &Path) -> Result<WeightsFile, RecipeError> {
    let file = WeightsFile::read(path)?;
    if !file.meta().extra.contains_key(STANDING) {
        return Ok(file);
    }
    let tensors = file.into_tensors()?.into_iter();
    let tensors = tensors.filter_map(|t| Some(NamedTensor { name: t.name.strip_prefix(WEIGHTS)?.to_owned(), ..t })).collect();
    Ok(WeightsFile::from_tensors(tensors, WeightsMeta::default()))
}

fn short(hash: &[u8]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_sort_by_age() {
        let name = |epoch, step| Name { epoch, step, checksum: "0123456789abcdef".to_owned() };
        assert_eq!(name(3, 12).to_string(), "state-0003-000012-0123456789abcdef.safetensors");
        assert_eq!(Name::parse(&name(3, 12).to_string()), Some(name(3, 12)));
        assert!(name(3, 0) > name(2, 999) && name(10_000, 1) > name(9999, 2));
        for other in ["state.safetensors", "state-1-2.safetensors", "state-1-2-abc.safetensors", "last.safetensors"] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
        assert_eq!(Name::parse(&format!("{}.damaged", name(1, 2))), None);
    }
}

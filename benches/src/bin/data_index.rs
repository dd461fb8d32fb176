//! Time and memory of opening an image folder of ImageNet's size, made of empty files: `data_index [CLASSES] [PICTURES]`, by
//! default 1000 classes of 1281 pictures. The files are made in the system's temporary folder and deleted afterwards.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zoo_datasets::{DataOptions, open};

/// Deletes the files also where something fails.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be deleted is left to the system.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<Vec<usize>, _>>()?;
    let classes = words.first().copied().unwrap_or(1000);
    let pictures = words.get(1).copied().unwrap_or(1281);
    let root = Folder(std::env::temp_dir().join(format!("burn-zoo-index-{}", std::process::id())));
    let begun = Instant::now();
    make(&root.0, classes, pictures)?;
    println!("{} empty files made in {:.1} s", classes * pictures, begun.elapsed().as_secs_f64());
    // An index is not kept while a folder may still be changing.
    std::thread::sleep(Duration::from_secs(3));

    let options = DataOptions { path: Some(root.0.join("data")), cache: Some(root.0.join("cache")), ..DataOptions::default() };
    for what in ["first time", "again", "again"] {
        zoo_benches::forget_peak();
        let begun = Instant::now();
        let splits = open("folder", &options)?;
        let seconds = begun.elapsed().as_secs_f64();
        let peak = zoo_benches::peak_memory().map_or_else(|| "unknown".to_owned(), |mb| format!("{mb:.0} MB"));
        println!("opened {what}: {seconds:.2} s, {} training pictures, peak memory {peak}", splits.train.len());
    }
    Ok(())
}

/// Names as ImageNet's.
fn make(root: &Path, classes: usize, pictures: usize) -> std::io::Result<()> {
    for class in 0..classes {
        let synset = format!("n{:08}", 1_440_764 + class * 1_237);
        for (split, count) in [("train", pictures), ("val", 1)] {
            let folder = root.join("data").join(split).join(&synset);
            fs::create_dir_all(&folder)?;
            for number in 0..count {
                File::create(folder.join(format!("{synset}_{}.JPEG", number * 17 + 3)))?;
            }
        }
    }
    Ok(())
}

//! Lists the stored references for `zoo verify`: whatever `tests/fixtures/parity/eval*.json` there is.

use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../tests/fixtures/parity");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths = vec![];
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        if name.ends_with(".json") && (name.starts_with("eval-") || name == "eval.json") {
            paths.push(fs::canonicalize(&path)?);
        }
    }
    paths.sort();
    let list: String = paths.iter().map(|path| format!("    include_str!({path:?}),\n")).collect();
    fs::write(Path::new(&env::var("OUT_DIR")?).join("references.rs"), format!("&[\n{list}]\n"))?;
    Ok(())
}

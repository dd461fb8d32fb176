//! What goes wrong is one sentence and an exit code, and nothing is lost.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::Path;
use std::process::Command;

use common::{checkpoints, path, refused, train};

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (out, none) = (path(folder.path(), "run"), path(folder.path(), "none"));
    assert!(refused(&["--config", &none], 2).contains("none"));
    assert!(refused(&["--model", &format!("{none}.toml")], 2).contains("none.toml"));
    assert!(refused(&["--resume", &none], 2).contains("config.toml"));
    assert!(refused(&["--pretrained-path", &none, "--output", &out], 1).contains("none"));
    assert!(!Path::new(&out).exists());
}

#[test]
fn a_backend_without_bfloat16_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = path(folder.path(), "run");
    assert!(refused(&["--amp", "--backend", "ndarray", "--output", &out], 2).contains("`ndarray` does not compute in bfloat16"));
    assert!(!Path::new(&out).exists());
}

#[test]
fn a_corrupt_checkpoint_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (run, bad) = (path(folder.path(), "run"), path(folder.path(), "bad.safetensors"));
    assert!(train(&["--limit", "32", "--epochs", "1", "--output", &run]).output().unwrap().status.success());
    let best = std::fs::read(Path::new(&run).join("best.safetensors")).unwrap();
    std::fs::write(&bad, &best[..best.len() / 2]).unwrap();
    let other = path(folder.path(), "other");
    assert!(refused(&["--pretrained-path", &bad, "--output", &other], 1).contains("bad.safetensors"));
    assert!(refused(&["--resume", &run, "--batch-size", "3"], 2).contains("--batch-size"));
    // What may change, does: a second epoch.
    assert!(train(&["--resume", &run, "--epochs", "2", "--workers", "0"]).output().unwrap().status.success());
    assert_eq!(std::fs::read_to_string(Path::new(&run).join("summary.csv")).unwrap().lines().count(), 3);
}

/// Truncated or with one bit flipped: the checkpoint before is taken, which is said, and the end is the same.
#[test]
fn a_damaged_checkpoint_gives_way_to_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (path(folder.path(), "whole"), path(folder.path(), "broken"));
    let recipe = "--limit 64 --epochs 3 --dropout 0.2 --recovery-interval 3";
    for run in [&whole, &broken] {
        let arguments: Vec<_> = recipe.split(' ').chain(["--output", run]).collect();
        assert!(train(&arguments).output().unwrap().status.success());
    }
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 3] = [
        ("truncated", |bytes| bytes.truncate(bytes.len() - 100)),
        ("a bit of the weights", |bytes| {
            let last = bytes.len() - 9;
            bytes[last] ^= 4;
        }),
        ("a digit of the header", |bytes| {
            let at = bytes.windows(5).position(|text| text == b"epoch").unwrap();
            bytes[at + 8] ^= 1;
        }),
    ];
    for (what, damage) in damages {
        let [newest, before] = checkpoints(&broken).try_into().unwrap();
        let file = Path::new(&broken).join(&newest);
        let mut bytes = std::fs::read(&file).unwrap();
        damage(&mut bytes);
        std::fs::write(&file, bytes).unwrap();
        let output = train(&["--resume", &broken]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{what}: {said}");
        assert!(said.contains(&format!("{newest} is damaged")) && said.contains("the one before"), "{what}: {said}");
        assert!(before < newest && Path::new(&broken).join(newest + ".damaged").exists(), "{what}");
        for name in ["last.safetensors", "best.safetensors", "summary.csv"] {
            let read = |run: &str| std::fs::read(Path::new(run).join(name)).unwrap();
            assert!(read(&broken) == read(&whole), "{what}: {name}");
        }
    }
    // Without any that is whole there is nothing to go on with.
    for name in checkpoints(&broken) {
        std::fs::write(Path::new(&broken).join(name), "").unwrap();
    }
    let output = train(&["--resume", &broken]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("there is no other checkpoint"), "{said}");
    assert!(refused(&["--resume", &broken], 2).contains("are gone"));
}

/// The loss becomes infinite: the run names the step, the rate and the checkpoint from which one can start again.
#[test]
fn a_run_that_diverges_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let (run, again) = (path(folder.path(), "run"), path(folder.path(), "again"));
    let wild = "--limit 64 --epochs 40 --opt sgd --lr 1e30 --sched constant --recovery-interval 1";
    let warm = "--warmup-epochs 20 --warmup-lr 1e-3";
    let arguments: Vec<_> = wild.split(' ').chain(["--output", &run]).collect();
    let said = refused(&arguments, 1);
    assert!(said.contains("at step ") && said.contains("(learning rate 1.000e30)") && said.contains("--lr"), "{said}");
    std::fs::remove_dir_all(&run).unwrap();
    let arguments: Vec<_> = wild.split(' ').chain(warm.split(' ')).chain(["--output", &run]).collect();
    let said = refused(&arguments, 1);
    let name = checkpoints(&run).into_iter().find(|name| said.contains(name.as_str())).unwrap();
    let from = Path::new(&run).join(name);
    let start = ["--limit", "16", "--epochs", "1", "--pretrained-path", from.to_str().unwrap(), "--output", &again];
    let output = train(&start).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_corrupt_picture_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for class in ["ant", "bee"] {
        for split in ["train", "val", "test"] {
            let place = data.join(split).join(class);
            std::fs::create_dir_all(&place).unwrap();
            std::fs::write(place.join("broken.jpg"), "this is no picture").unwrap();
        }
    }
    let (data, out) = (path(folder.path(), "data"), path(folder.path(), "run"));
    let said = refused(&["--dataset", "folder", "--data", &data, "--image-size", "28", "--output", &out], 1);
    assert!(said.contains("broken.jpg"), "{said}");
}

#[test]
fn a_missing_gpu_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let out = path(folder.path(), "run");
    // No machine that runs these tests has so many. Graphics drivers may say something of their own before.
    let output = train(&["--backend", "wgpu", "--device", "99", "--output", &out]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let last = said.lines().last().unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        last.starts_with("error: backend `wgpu` finds no device here") && last.ends_with("use `--backend flex`, which runs on the CPU"),
        "{said}"
    );
    assert!(!Path::new(&out).exists());
}

/// A disk (in memory, in a mount namespace of the test's own) with room for the first epoch's files, but not for the second's.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_the_run_and_loses_nothing() {
    let may_mount = Command::new("unshare").args(["-rm", "true"]).output().is_ok_and(|output| output.status.success());
    if !may_mount {
        println!("SKIPPED: no mount namespaces here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (disk, kept, whole) = (path(folder.path(), "disk"), path(folder.path(), "kept"), path(folder.path(), "whole"));
    std::fs::create_dir(&disk).unwrap();
    std::fs::create_dir(&kept).unwrap();
    let recipe = "--limit 64 --epochs 3 --dropout 0.2";
    let program = env!("CARGO_BIN_EXE_train");
    let script = format!(
        "set -e; mount -t tmpfs -o size=1800k tmpfs {disk}; set +e
         {program} {recipe} --output {disk}/run 2> {kept}/said; echo $? > {kept}/code
         ls -A {disk}/run > {kept}/files; wc -l < {disk}/run/summary.csv > {kept}/rows
         set -e; mount -o remount,size=40m {disk}; {program} --resume {disk}/run
         cp -r {disk}/run/* {kept}"
    );
    let output = Command::new("unshare").args(["-rm", "sh", "-c", &script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read_to_string(Path::new(&kept).join(name)).unwrap();
    assert_eq!(read("code").trim(), "1");
    let said = read("said");
    assert!(said.starts_with("error: the run stopped, but what it had saved is whole") && said.lines().count() == 1, "{said}");
    assert!(said.contains("cannot write `") && said.contains("No space left") && said.contains("--resume"), "{said}");
    let files: Vec<_> = read("files").lines().map(|name| name.split_once("-0").map_or(name, |(kind, _)| kind).to_owned()).collect();
    let whole_ones = [".lock", "best.safetensors", "config.toml", "last.safetensors", "metrics.jsonl", "state", "summary.csv"];
    assert_eq!(files, whole_ones, "no half file is left");

    let arguments: Vec<_> = recipe.split(' ').chain(["--output", &whole]).collect();
    assert!(train(&arguments).output().unwrap().status.success());
    for name in ["last.safetensors", "best.safetensors"] {
        let bytes = |run: &str| std::fs::read(Path::new(run).join(name)).unwrap();
        assert!(bytes(&kept) == bytes(&whole), "{name}: resumed with room, it ends as a run that never stopped");
    }
}

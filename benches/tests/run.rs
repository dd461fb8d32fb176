//! The benchmarks run and print what they are for; what they measure is no test.
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Command;

fn stdout(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn load() {
    let file = stdout(env!("CARGO_BIN_EXE_load"), &["lenet5"]);
    let text = stdout(env!("CARGO_BIN_EXE_load"), &["lenet5", file.trim()]);
    assert!(text.contains("lenet5: 10 tensors") && text.contains("10 classes"), "{text}");
    std::fs::remove_file(file.trim()).unwrap();
}

#[test]
fn step_memory() {
    let text = stdout(env!("CARGO_BIN_EXE_step_memory"), &["lenet5", "2", "28", "1"]);
    assert!(text.starts_with("lenet5 batch 2 at 28: median "), "{text}");
}

#[test]
fn data() {
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/zoo-datasets/tests/fixtures/jpeg/420.jpg");
    let text = stdout(env!("CARGO_BIN_EXE_data_decode"), &["1", picture]);
    assert!(text.contains("pictures/s a core"), "{text}");
    let text = stdout(env!("CARGO_BIN_EXE_data_index"), &["3", "5"]);
    assert!(text.contains("15 empty files made") && text.contains("opened again"), "{text}");
}

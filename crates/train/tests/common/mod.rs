//! Runs the real program.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;

pub fn train(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
    command.args(args);
    command
}

/// Exit code and standard error, which is one line.
pub fn refused(args: &[&str], code: i32) -> String {
    let output = train(args).assert().code(code).get_output().clone();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("error: ") && text.lines().count() == 1, "{text}");
    text
}

pub fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Names of a run's checkpoints, the newest first.
pub fn checkpoints(run: &str) -> Vec<String> {
    let names = std::fs::read_dir(run).into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("state-") && name.ends_with(".safetensors")).collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    names
}

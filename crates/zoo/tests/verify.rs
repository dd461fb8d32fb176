//! `zoo verify`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{error, json, stdout, zoo};

#[test]
fn references_are_repeated_and_a_tolerance_can_be_missed() {
    let table = stdout(&["verify", "lenet5*"]);
    let rows: Vec<_> = table.lines().filter(|line| line.ends_with(" ok")).collect();
    assert!(rows.len() == 2 && rows[0].starts_with("lenet5 ") && rows[1].starts_with("lenet5_tanh "), "{table}");
    assert!(table.lines().last().unwrap().starts_with("2 models on flex, none"), "{table}");
    let row = json(&["verify", "lenet5", "--json"]);
    let difference = row["difference"].as_f64().unwrap();
    assert!(row["ok"] == true && difference < 1e-5, "{row}");
    // No computer with 24-bit mantissas is exact.
    let output = zoo(&["verify", "lenet5", "--tolerance", "1e-12"]);
    let (said, shown) = (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert_eq!(output.status.code(), Some(1));
    assert!(shown.contains("WRONG") && said.contains("lenet5") && said.contains("1e-12"), "{shown}{said}");
}

#[test]
fn each_mistake_has_its_sentence() {
    assert!(error(2, &["verify"]).contains("--all"));
    assert!(error(2, &["verify", "lenet6"]).contains("lenet5"));
    assert!(error(2, &["verify", "lenet5", "--backend", "flx"]).contains("flex"));
}

//! `zoo report`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use common::{error, stdout};

fn write_run(folder: &Path, lr: f64) -> String {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("config.toml"), format!("model = \"lenet5\"\ndataset = \"digits\"\nlr = {lr}\n")).unwrap();
    let summary = "epoch,train_loss,eval_loss,eval_top1,eval_top5,lr\n0,2.0,1.5,0.5,0.9,0.1\n1,1.0,0.9,0.75,0.95,0.05\n";
    fs::write(folder.join("summary.csv"), summary).unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn one_run_and_several() {
    let place = tempfile::tempdir().unwrap();
    let [slow, fast] = [("slow", 0.01), ("fast", 0.1)].map(|(name, lr)| write_run(&place.path().join(name), lr));
    // A run under way has curves.
    let said = stdout(&["report", &slow]);
    assert_eq!(said.trim(), format!("{slow}/report.html"));
    let page = fs::read_to_string(said.trim()).unwrap();
    assert!(page.contains("lenet5 on digits") && page.contains("not finished") && page.matches("<polyline").count() >= 3);
    let curves = image::open(place.path().join("slow/curves.png")).unwrap();
    assert!(curves.width() > 1200 && place.path().join("slow/curves.svg").exists());
    assert!(!place.path().join("slow/confusion.svg").exists(), "there are no answers yet");

    let output = place.path().join("both.html");
    stdout(&["report", &slow, &fast, "--output", output.to_str().unwrap()]);
    let page = fs::read_to_string(output).unwrap();
    assert!(page.contains("2 runs compared") && page.contains("<code>lr</code>") && !page.contains("<code>model</code>"));
    assert!(!place.path().join("fast/report.html").exists());
}

#[test]
fn what_is_no_run_is_said() {
    let place = tempfile::tempdir().unwrap();
    let empty = place.path().to_str().unwrap();
    assert!(error(2, &["report", empty]).contains("is no run folder: it has no config.toml"));
    assert!(error(2, &["report"]).contains("<RUN>"));
    let run = write_run(&place.path().join("run"), 0.1);
    fs::write(place.path().join("run/summary.csv"), "epoch\nx\n").unwrap();
    assert!(error(1, &["report", &run]).contains("summary.csv` is damaged"));
}

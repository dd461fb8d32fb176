//! `zoo bench` and `zoo graph`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{error, stdout};

fn rows(args: &[&str]) -> Vec<serde_json::Value> {
    stdout(&[&["bench", "lenet5", "--rounds", "3", "--json"], args].concat())
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_row_is_an_object() {
    let found = rows(&["--batch", "1,2"]);
    let which: Vec<_> = found.iter().map(|row| (row["batch"].as_u64().unwrap(), row["engine"].as_bool().unwrap())).collect();
    assert_eq!(which, [(1, true), (1, false), (2, true), (2, false)]);
    for row in &found {
        let ms = ["min_ms", "median_ms", "max_ms"].map(|key| row[key].as_f64().unwrap());
        assert!(0.0 < ms[0] && ms[0] <= ms[1] && ms[1] <= ms[2], "{row}");
        assert_eq!((&row["model"], &row["backend"]), (&"lenet5".into(), &"flex".into()));
        assert!(!cfg!(target_os = "linux") || row["peak_rss_mb"].as_f64().unwrap() > 1.0, "{row}");
        assert_eq!(row["percent_of_peak"].is_number(), row["engine"] == true, "{row}");
    }
    let of = |args: &[&str]| {
        rows(args).iter().map(|row| (row["engine"].as_bool().unwrap(), row["train"].as_bool().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(of(&["--engine", "on"]), [(true, false)]);
    assert_eq!(of(&["--engine", "off"]), [(false, false)]);
    assert_eq!(of(&["--train"]), [(false, true)]);
}

#[test]
fn csv_has_timms_columns_and_a_profile_each_step() {
    let csv = stdout(&["bench", "lenet5", "--rounds", "1", "--engine", "on", "--csv"]);
    assert!(csv.starts_with("model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,infer_gmacs,"), "{csv}");
    assert_eq!(csv.lines().count(), 2);
    let profile = stdout(&["bench", "lenet5", "--rounds", "1", "--profile"]);
    assert!(["conv", "dense", "[1, 10]", "GMAC/s"].iter().all(|part| profile.contains(part)), "{profile}");
}

#[test]
fn a_graph_is_drawn_at_each_stage() {
    for stage in ["captured", "simplified", "folded", "fused", "chained", "planned"] {
        assert!(stdout(&["graph", "lenet5", "--stage", stage]).contains("conv"), "{stage}");
    }
    let dot = stdout(&["graph", "lenet5", "--stage", "folded", "--format", "dot"]);
    assert!(dot.starts_with("digraph") && dot.trim_end().ends_with('}') && dot.contains("->"), "{dot}");
}

#[test]
fn each_mistake_has_its_sentence() {
    for (args, part) in [
        (&["bench", "lenet"][..], "did you mean"),
        (&["bench", "lenet5", "--batch", "0"], "at least 1"),
        (&["bench", "lenet5", "--backend", "flax"], "did you mean flex"),
        (
            &["bench", "lenet5", "--backend", "ndarray", "--engine", "on"],
            "the engine runs on the CPU, with `--backend flex`, not on `ndarray`",
        ),
        (&["bench", "lenet5", "--engine", "off", "--profile"], "needs the engine"),
        (&["graph", "lenet"], "unknown model `lenet`"),
        (&["graph", "lenet5", "--stage", "melted"], "captured"),
    ] {
        let message = error(2, args);
        assert!(message.contains(part), "{args:?}: {message}");
    }
}

//! A small run's drawings and page, held to what was looked at.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;

use zoo_report::{Evaluation, ReportError, Run, confusion_svg, curves_svg, files, page, png_of_rgb};

const CLASSES: [&str; 3] = ["ant", "bee & <wasp>", "a name that is longer than it should be"];

/// A run folder of five epochs as `train` writes it.
fn write_run(folder: &Path, model: &str, worse: f64) {
    fs::create_dir_all(folder.join("mistakes")).unwrap();
    fs::write(folder.join("config.toml"), format!("model = \"{model}\"\ndataset = \"insects\"\nlr = 0.1\nmean = [0.5]\n")).unwrap();
    let mut summary = "epoch,train_loss,eval_loss,eval_top1,eval_top5,lr\n".to_owned();
    let mut log = String::new();
    for epoch in 0..5 {
        let e = f64::from(epoch) + 1.0;
        let (train, valid, top1, lr) = (1.1 / e + worse, 1.2 / e + worse, 1.0 - 0.5 / e - worse, 0.1 * (1.0 - e / 6.0));
        summary += &format!("{epoch},{train},{valid},{top1},1.0,{lr}\n");
        for step in 0..2 {
            let n = epoch * 2 + step + 1;
            log += &format!("{{\"event\":\"train\",\"epoch\":{epoch},\"step\":{n},\"loss\":{train},\"lr\":{lr},\"top1\":0.5}}\n");
        }
        log += &format!(
            "{{\"event\":\"epoch\",\"epoch\":{epoch},\"step\":{},\"train_loss\":{train},\"train_top1\":{top1},\"eval_loss\":{valid},\
             \"eval_top1\":{top1},\"eval_top5\":1.0,\"lr\":{lr},\"images_per_second\":100.0,\"seconds\":{e}}}\n",
            epoch * 2 + 2
        );
    }
    fs::write(folder.join("summary.csv"), summary).unwrap();
    // A run that is being watched has half a line at its end.
    fs::write(folder.join("metrics.jsonl"), log + "{\"event\":\"tra").unwrap();
}

fn finish_run(folder: &Path) {
    let result = r#"{"model":"lenet5","dataset":"insects","test_top1":0.75,"test_top5":1.0,"test_loss":0.5,"best_epoch":4,"epochs":5,
        "stopped_early":false,"train_seconds":61.5,"data_wait":0.0125,"images_per_second":1234.5,"parameters":61706,"backend":"flex","seed":1}"#;
    fs::write(folder.join("result.json"), result).unwrap();
    let mistake = |picture: &str| zoo_report::Mistake {
        picture: picture.to_owned(),
        source: "data/ant/<1>.jpg".to_owned(),
        label: 0,
        predicted: 1,
        probability: 0.912,
        label_probability: 0.04,
    };
    let evaluation = Evaluation {
        split: "test".to_owned(),
        pictures: 12,
        top1: 0.75,
        top5: 1.0,
        loss: 0.5,
        classes: CLASSES.map(str::to_owned).to_vec(),
        confusion: vec![vec![3, 1, 0], vec![0, 4, 0], vec![2, 0, 2]],
        mistakes: vec![mistake("mistakes/01.png"), mistake("../../secret.png"), mistake("mistakes/none.png")],
    };
    fs::write(folder.join("evaluation.json"), serde_json::to_string(&evaluation).unwrap()).unwrap();
    fs::write(folder.join("mistakes/01.png"), png_of_rgb(2, 1, &[255, 0, 0, 0, 0, 255]).unwrap()).unwrap();
}

fn place(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _none = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn a_finished_run() {
    let folder = place("finished").join("run");
    write_run(&folder, "lenet5", 0.0);
    finish_run(&folder);
    fs::write(folder.join("../../secret.png"), png_of_rgb(1, 1, &[1, 2, 3]).unwrap()).unwrap();
    let run = Run::read(&folder).unwrap();
    insta::assert_snapshot!("curves", curves_svg(std::slice::from_ref(&run)));
    insta::assert_snapshot!("confusion", confusion_svg(run.evaluation.as_ref().unwrap()).unwrap());
    let html = page(std::slice::from_ref(&run));
    // The styles are looked at in a browser, not here.
    let (head, rest) = html.split_once("<style>").unwrap();
    insta::assert_snapshot!("page", format!("{head}{}", rest.split_once("</style>").unwrap().1));
    assert_eq!(html.matches("<img").count(), 1, "a picture outside of the folder is not taken in");
    let made = files(&run).unwrap();
    let names: Vec<_> = made.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["curves.png", "curves.svg", "per_class.csv", "confusion.png", "confusion.svg", "report.html"]);
    let scores = String::from_utf8(made[2].1.clone()).unwrap();
    assert!(
        scores.contains("ant,4,0.600000,0.750000,0.666667") && scores.contains("bee & <wasp>,4,0.800000,1.000000,0.888889"),
        "{scores}"
    );
    let curves = image::load_from_memory(&made[0].1).unwrap().to_rgb8();
    assert_eq!(curves.dimensions(), (2224, 1424));
    for colour in [[9, 105, 218], [191, 91, 4], [26, 127, 55]] {
        assert!(curves.pixels().filter(|pixel| pixel.0 == colour).count() > 500, "a line in {colour:?}");
    }
}

/// Nothing is fetched, and nothing that a data set or a folder is called gets into the page as markup.
#[test]
fn a_page_is_self_contained_and_safe() {
    let folder = place("hostile").join("<script>alert(1)<");
    write_run(&folder, "\\\"><img src=x>", 0.0);
    finish_run(&folder);
    let run = Run::read(&folder).unwrap();
    for html in [page(std::slice::from_ref(&run)), page(&[run.clone(), run])] {
        for bad in ["<script", "<img src", "<link", "<wasp>", "@import", "url(", "<1>"] {
            assert!(!html.contains(bad), "{bad}");
        }
        let addresses = html.match_indices("http").filter(|(at, _)| !html[*at..].starts_with("http://www.w3.org/2000/svg"));
        assert_eq!(addresses.count(), 0);
        assert!(html.matches("src=\"data:image/png;base64,").count() >= 1);
    }
}

#[test]
fn several_runs_lie_over_each_other() {
    let place = place("several");
    let names = ["first", "second"];
    for (name, worse) in names.into_iter().zip([0.0, 0.1]) {
        write_run(&place.join(name), name, worse);
    }
    finish_run(&place.join("first"));
    let runs = names.map(|name| Run::read(&place.join(name)).unwrap());
    let html = page(&runs);
    for part in ["2 runs compared", "first (validation)", "second (training)", "<code>model</code>", "<details><summary>first"] {
        assert!(html.contains(part), "{part}");
    }
    // Loss and error twice a run, accuracy, rate and speed once each.
    assert_eq!(html.matches("<polyline").count(), 14);
    assert!(!html.contains("<code>dataset</code>"), "what is the same is not told");
}

#[test]
fn a_run_under_way_and_what_is_no_run() {
    let place = place("under_way");
    fs::create_dir_all(&place).unwrap();
    assert!(matches!(Run::read(&place), Err(ReportError::NotARun { .. })));
    fs::write(place.join("config.toml"), "model = \"lenet5\"").unwrap();
    let html = page(&[Run::read(&place).unwrap()]);
    assert!(html.contains("not finished") && html.contains("nothing to show yet"));
    write_run(&place, "lenet5", 0.0);
    let run = Run::read(&place).unwrap();
    assert_eq!((run.epochs.len(), run.steps.len()), (5, 10));
    assert!(page(&[run]).contains("5</b><span>epochs so far"));
    fs::write(place.join("result.json"), "{").unwrap();
    let error = Run::read(&place).unwrap_err();
    assert!(matches!(&error, ReportError::Damaged { path, .. } if path.ends_with("result.json")) && !error.to_string().contains('\n'));
}

//! Published weights: `zoo fetch`, `--pretrained`, and models from a repository or a folder.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;
#[allow(dead_code)]
#[path = "../../zoo-hub/tests/hub/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::params::{fill_params, read_values};
use burn_zoo::{BuildOptions, Classifier};
use common::{json, stdout};
use server::{Reply, Server};
use tempfile::TempDir;
use zoo_datasets::Preprocess;

/// A server that knows some paths.
fn serve(files: BTreeMap<String, Vec<u8>>) -> Server {
    Server::start(move |request, _| files.get(&request.path).map_or_else(|| Reply::new(404, ""), |body| Reply::new(200, body.as_slice())))
}

fn asked(server: &Server, path: &str) -> usize {
    server.requests().iter().filter(|request| request.method == "GET" && request.path == path).count()
}

/// A small network as timm publishes one, in a folder with a picture.
struct Repository {
    folder: TempDir,
}

const CLASSES: [&str; 3] = ["ant", "bee", "cat"];
const CONFIG: &str = r#"{"architecture": "resnet20_cifar", "num_classes": 3, "label_names": ["ant", "bee", "cat"],
    "pretrained_cfg": {"input_size": [3, 32, 32], "interpolation": "bilinear", "crop_pct": 0.8, "mean": [0.4, 0.5, 0.6],
    "std": [0.2, 0.25, 0.3], "license": "cc0-1.0"}}"#;

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let net = folder.path().join("net");
        std::fs::create_dir(&net).unwrap();
        std::fs::write(net.join("config.json"), CONFIG).unwrap();
        // As timm writes it: nothing of ours is in it.
        zoo_weights::save(&model(), &net.join("model.safetensors"), &zoo_weights::WeightsMeta::default()).unwrap();
        let picture = image::RgbImage::from_fn(60, 45, |x, y| image::Rgb([(x * 4) as u8, (y * 5) as u8, (x * y % 251) as u8]));
        picture.save(folder.path().join("a.png")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn serve(&self) -> Server {
        let file = |name: &str| (format!("/org/net/resolve/main/{name}"), std::fs::read(self.path("net").join(name)).unwrap());
        serve([file("config.json"), file("model.safetensors")].into())
    }

    /// What the model says of the picture, by hand: short side to 40, the middle 32x32.
    fn logits(&self) -> Vec<f32> {
        let transform = zoo_datasets::Transform {
            resize: zoo_datasets::Resize::ShortSide(40),
            filter: zoo_datasets::Filter::Bilinear,
            crop: Some([32, 32]),
            channels: 3,
            mean: vec![0.4, 0.5, 0.6],
            std: vec![0.2, 0.25, 0.3],
        };
        let mut values = vec![];
        let [c, h, w] = transform.apply(&zoo_datasets::read_image(&self.path("a.png")).unwrap(), 0, &mut values).unwrap();
        let images = Tensor::<4>::from_data(TensorData::new(values, [1, c, h, w]), &Device::flex());
        read_values(model().forward(images)).unwrap()
    }
}

fn model() -> burn_zoo::AnyClassifier {
    let options = BuildOptions::default().with_num_classes(CLASSES.len());
    fill_params(burn_zoo::build("resnet20_cifar", &options, &Device::flex()).unwrap(), "published")
}

/// The program with caches of its own, and nobody else's.
fn zoo(cache: &Path, endpoint: &str, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zoo"));
    for name in [
        "HF_TOKEN",
        "BURN_ZOO_OFFLINE",
        "HF_HUB_OFFLINE",
        "BURN_ZOO_MIRROR",
        "HF_HUB_CACHE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ] {
        command.env_remove(name);
    }
    let own = [("HF_ENDPOINT", endpoint.into()), ("BURN_ZOO_CACHE", cache.join("own")), ("HF_HOME", cache.join("hf"))];
    command.envs(own).env("TORCH_HOME", cache.join("torch")).args(args).output().unwrap()
}

fn error(output: &Output, code: i32) -> String {
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{message}");
    let errors: Vec<&str> = message.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{message}");
    errors[0].to_owned()
}

fn top(output: &Output) -> Vec<(String, f32)> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["model"], "resnet20_cifar");
    let guess = |g: &serde_json::Value| (g["label"].as_str().unwrap().to_owned(), g["logit"].as_f64().unwrap() as f32);
    line["top"].as_array().unwrap().iter().map(guess).collect()
}

fn assert_right(found: &[(String, f32)], logits: &[f32]) {
    assert_eq!(found.len(), CLASSES.len());
    for (label, logit) in found {
        let index = CLASSES.iter().position(|class| class == label).unwrap();
        assert!((logits[index] - logit).abs() < 1e-4, "{label}: {logit} for {logits:?}");
    }
}

#[test]
fn a_repository_predicts_with_its_own_preprocessing_and_labels() {
    let repository = Repository::new();
    let server = repository.serve();
    let cache = tempfile::tempdir().unwrap();
    let image = repository.text("a.png");
    let args = ["predict", "hf-hub:org/net", &image, "--json"];
    assert_right(&top(&zoo(cache.path(), &server.address, &args)), &repository.logits());
    assert_eq!(asked(&server, "/org/net/resolve/main/model.safetensors"), 1);
    // From the cache, also where the server is gone.
    assert_right(&top(&zoo(cache.path(), "http://127.0.0.1:9", &[&args[..], &["--offline"]].concat())), &repository.logits());
    assert_eq!(asked(&server, "/org/net/resolve/main/model.safetensors"), 1);
}

#[test]
fn a_folder_predicts_the_same() {
    let repository = Repository::new();
    let cache = tempfile::tempdir().unwrap();
    let name = format!("local-dir:{}", repository.text("net"));
    let args = ["predict", &name, &repository.text("a.png"), "--json"];
    assert_right(&top(&zoo(cache.path(), "http://127.0.0.1:9", &args)), &repository.logits());
    let bare = zoo(cache.path(), "http://127.0.0.1:9", &["predict", &repository.text("net"), &repository.text("a.png"), "--pretrained"]);
    let message = error(&bare, 2);
    assert!(message.contains("hf-hub:") && message.contains("local-dir:"), "{message}");
}

#[test]
fn fetch_says_where_the_file_is() {
    let repository = Repository::new();
    let server = repository.serve();
    let cache = tempfile::tempdir().unwrap();
    let output = zoo(cache.path(), &server.address, &["fetch", "hf-hub:org/net", "--json"]);
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((line["model"].as_str(), line["license"].as_str()), (Some("resnet20_cifar"), Some("cc0-1.0")));
    let path = PathBuf::from(line["path"].as_str().unwrap());
    assert!(path.starts_with(cache.path().join("own")));
    assert_eq!(std::fs::read(path).unwrap(), std::fs::read(repository.path("net/model.safetensors")).unwrap());
}

#[test]
fn what_is_converted_knows_itself() {
    let repository = Repository::new();
    let cache = tempfile::tempdir().unwrap();
    let (name, file) = (format!("local-dir:{}", repository.text("net")), repository.text("own.safetensors"));
    let nowhere = "http://127.0.0.1:9";
    let output = zoo(cache.path(), nowhere, &["convert", &name, "--output", &file]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Neither the model nor the preprocessing nor the labels are said again.
    let args = ["predict", &repository.text("a.png"), "--weights", &file, "--json"];
    assert_right(&top(&zoo(cache.path(), nowhere, &args)), &repository.logits());
    let wrong = zoo(cache.path(), nowhere, &["convert", &name, "--output", &repository.text("own.pth")]);
    assert!(error(&wrong, 2).contains("must end in .safetensors"));
}

#[test]
fn a_file_that_is_not_what_was_published_is_not_used() {
    let server = serve([("/models/squeezenet1_1-b8a52dc0.pth".to_owned(), vec![7; 1000])].into());
    let cache = tempfile::tempdir().unwrap();
    let mirror = format!("{}/models", server.address);
    // A mirror stands in for torchvision's own address, which is not to be reached from a test.
    let output = zoo(cache.path(), "http://127.0.0.1:9", &["fetch", "squeezenet1_1", "--mirror", &mirror]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("b8a52dc0"), "{message}");
    assert_eq!(asked(&server, "/models/squeezenet1_1-b8a52dc0.pth"), 1);
    assert!(!cache.path().join("own/squeezenet1_1-b8a52dc0.pth").exists());
}

#[test]
fn what_cannot_be_had_is_said_in_one_sentence() {
    let cache = tempfile::tempdir().unwrap();
    let nowhere = "http://127.0.0.1:9";
    let run = |code: i32, args: &[&str]| error(&zoo(cache.path(), nowhere, args), code);
    let cases: [(i32, &[&str], &[&str]); 8] = [
        // Offline: which file to put where, and where it is from.
        (1, &["fetch", "resnet50", "--offline"], &["resnet50-11ad3fa6.pth", "own/", "https://download.pytorch.org/models/"]),
        (1, &["predict", "resnet18.IMAGENET1K_V1", "a.png", "--offline"], &["resnet18-f37072fd.pth"]),
        (2, &["fetch", "resnet50.V9"], &["no weights `V9`", "IMAGENET1K_V2, IMAGENET1K_V1"]),
        (2, &["fetch", "resnet5O"], &["did you mean resnet50"]),
        (2, &["fetch", "lenet5"], &["no published weights", "zoo list --pretrained"]),
        (2, &["fetch", "weights/resnet50.pth"], &["hf-hub:weights/resnet50.pth", "local-dir:weights/resnet50.pth"]),
        (2, &["predict", "resnet18", "a.png"], &["--weights FILE", "--pretrained"]),
        (1, &["predict", "local-dir:/no/such/folder", "a.png"], &["/no/such/folder"]),
    ];
    for (code, args, parts) in cases {
        let message = run(code, args);
        assert!(parts.iter().all(|part| message.contains(part)), "{args:?}: {message}");
    }
}

#[test]
fn a_description_of_something_else_is_refused() {
    let repository = Repository::new();
    let cache = tempfile::tempdir().unwrap();
    let name = format!("local-dir:{}", repository.text("net"));
    let with = |from: &str, to: &str| {
        let config = CONFIG.replace(from, to);
        assert_ne!(config, CONFIG);
        std::fs::write(repository.path("net/config.json"), config).unwrap();
        error(&zoo(cache.path(), "http://127.0.0.1:9", &["predict", &name, &repository.text("a.png")]), 1)
    };
    assert!(with("resnet20_cifar", "resnet20_cifer").contains("the zoo has resnet20_cifar"));
    assert!(with("\"bilinear\"", "\"lanczos\"").contains("`interpolation` is `lanczos`"));
    assert!(with("\"num_classes\": 3,", "\"num_classes\": 3, \"model_args\": {\"stem_width\": 64},").contains("stem_width"));
    // Fewer classes than labels: the labels are not used, and the file does not fit.
    assert!(with("\"architecture\": \"resnet20_cifar\"", "\"architecture\": \"resnet32_cifar\"").contains("missing"));
}

#[test]
fn the_list_says_what_is_published() {
    let rows = json(&["list", "resnet50", "--pretrained", "--json"]);
    let row = &rows.as_array().unwrap()[0];
    assert_eq!(row["weights"][0], "IMAGENET1K_V2");
    assert_eq!(row["top1"], 80.858);
    assert!(row["weights"].as_array().unwrap().iter().any(|tag| tag == "a1_in1k"));
    let names = |args: &[&str]| json(args).as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&["list", "mobilenetv2_100", "--json"]), ["mobilenet_v2"]);
    assert!(names(&["list", "--family", "lenet", "--pretrained", "--json"]).is_empty());
    assert_eq!(names(&["list", "*152*", "--family", "resnet", "--json"]), ["resnet152"]);
    assert!(stdout(&["list", "alexnet", "--pretrained"]).contains("IMAGENET1K_V1"));
    assert!(common::error(2, &["list", "--family", "resnets"]).contains("there is no family `resnets`; there are lenet"));
}

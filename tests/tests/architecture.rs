//! The architecture's invariants: who may depend on whom.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Normal dependencies of each package of the workspace, with the features they ask of each.
fn normal_dependencies() -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let packages = metadata()["packages"].as_array().unwrap().clone();
    let edges = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null());
        dependencies.map(|d| (text(&d["name"]), d["features"].as_array().unwrap().iter().map(text).collect())).collect()
    };
    packages.iter().map(|p| (text(&p["name"]), edges(p))).collect()
}

/// The facade knows all families; the rest of its dependencies are the ground.
fn families(all: &BTreeMap<String, BTreeMap<String, BTreeSet<String>>>) -> Vec<String> {
    // The last two come with the feature `pretrained` only.
    let ground = ["zoo-core", "zoo-layers", "zoo-hub", "zoo-weights"];
    all["burn-zoo"].keys().filter(|name| name.starts_with("zoo-") && !ground.contains(&name.as_str())).cloned().collect()
}

const BACKENDS: &[&str] = &["flex", "ndarray", "wgpu", "vulkan", "metal", "webgpu", "cuda", "rocm", "cpu", "tch"];

#[test]
fn families_depend_on_core_and_layers_alone() {
    let all = normal_dependencies();
    let families = families(&all);
    assert!(families.len() >= 4, "{families:?}");
    for family in families {
        for name in all[&family].keys() {
            let allowed = ["burn", "zoo-core", "zoo-layers"].contains(&name.as_str())
                || family == "zoo-custom" && ["serde", "toml"].contains(&name.as_str());
            assert!(allowed, "{family} depends on {name}");
        }
    }
}

#[test]
fn only_zoo_backend_switches_backends_on() {
    for (package, dependencies) in normal_dependencies() {
        for (dependency, features) in dependencies {
            let backend = features.iter().any(|f| BACKENDS.contains(&f.as_str())) && dependency == "burn";
            let direct = ["burn-wgpu", "burn-ndarray", "burn-flex", "burn-cuda"].contains(&dependency.as_str());
            // The CPU's engine leaves to Flex what it has no kernel for; `zoo-flex` has operations for it.
            let on_flex =
                ["zoo-graph", "zoo-engine", "zoo-flex"].contains(&package.as_str()) && (dependency == "burn-flex" || dependency == "burn");
            let test = package == "zoo-wasm";
            assert!(!(backend || direct) || package == "zoo-backend" || on_flex || test, "{package} asks {dependency} for {features:?}");
        }
    }
}

#[test]
fn layers_and_core_are_the_ground() {
    let all = normal_dependencies();
    let zoo = |package: &str| all[package].keys().filter(|n| n.contains("zoo")).cloned().collect::<Vec<_>>();
    assert!(zoo("zoo-layers").is_empty());
    assert_eq!(zoo("zoo-core"), ["zoo-layers"]);
    assert_eq!(zoo("zoo-flex"), ["zoo-kernels", "zoo-layers"]);
    assert_eq!(zoo("zoo-backend"), ["zoo-flex"]);
}

#[test]
fn kernels_know_nothing_of_burn_and_the_graph_nothing_of_models() {
    let all = normal_dependencies();
    let within = |package: &str| all[package].keys().filter(|n| n.contains("burn") || n.contains("zoo")).cloned().collect::<Vec<_>>();
    assert!(within("zoo-kernels").is_empty());
    assert!(within("zoo-graph").iter().all(|name| name.starts_with("burn")));
}

#[test]
fn the_hub_and_the_report_know_nothing_of_tensors() {
    let all = normal_dependencies();
    for package in ["zoo-hub", "zoo-report"] {
        let ours: Vec<_> = all[package].keys().filter(|name| name.contains("burn") || name.contains("zoo")).collect();
        assert!(ours.is_empty(), "{package}: {ours:?}");
    }
}

#[test]
fn kernels_know_nothing_of_burn() {
    let all = normal_dependencies();
    let ours: Vec<_> = all["zoo-kernels"].keys().filter(|name| name.contains("burn") || name.contains("zoo")).collect();
    assert!(ours.is_empty(), "{ours:?}");
}

#[test]
fn every_package_takes_the_workspaces_lints() {
    for package in metadata()["packages"].as_array().unwrap() {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        // The kernels alone have unsafe code, which the workspace forbids; their own lints ask for a reason at each block.
        // WebAssembly's exports are unsafe to declare.
        let own = ["zoo-kernels", "zoo-wasm"].iter().any(|name| package["name"] == *name)
            && manifest.contains("undocumented_unsafe_blocks = \"deny\"");
        assert!(own || manifest.contains("[lints]\nworkspace = true"), "{}", package["name"]);
    }
}

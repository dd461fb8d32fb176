//! The tables of published weights, held to what torchvision says of its own.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use burn_zoo::{Interpolation, Origin, Weights};
use zoo_hub::Download;
use zoo_tests::{Facts, facts};

#[test]
fn torchvisions_weights_are_all_there_and_as_it_says() {
    let rows = burn_zoo::weights();
    let mut published = facts();
    published.retain(|_, Facts { weights, .. }| !weights.is_empty());
    assert_eq!(published.len(), 80);
    let mut count = 0;
    for (model, facts) in &published {
        for fact in &facts.weights {
            let row = rows.iter().find(|row| row.model == model && row.tag == fact.name && row.origin == Origin::TorchVision);
            let row = row.unwrap_or_else(|| panic!("{model}.{} is missing", fact.name));
            let interpolation = if fact.interpolation == "bicubic" { Interpolation::Bicubic } else { Interpolation::Bilinear };
            // torchvision's models of these names turn ImageNet's normalisation into this one themselves (`transform_input`).
            let own = matches!(model.as_str(), "googlenet" | "inception_v3");
            let (mean, std) = if own { ([0.5; 3], [0.5; 3]) } else { (fact.mean, fact.std) };
            assert_eq!(row.file, fact.file, "{model}");
            assert_eq!(row.accuracy, fact.acc1.zip(fact.acc5).map(|(top1, top5)| [top1, top5]), "{model}");
            assert_eq!((row.resize, row.crop, row.interpolation), (fact.resize, fact.crop, interpolation), "{model}");
            assert_eq!((row.mean, row.std, row.recipe), (mean, std, fact.recipe.as_str()), "{model}");
            count += 1;
        }
    }
    assert_eq!(count, rows.iter().filter(|row| row.origin == Origin::TorchVision).count());
}

#[test]
fn every_row_can_be_found_and_checked() {
    let models: BTreeMap<&str, burn_zoo::ModelInfo> = burn_zoo::models().into_iter().map(|m| (m.info.name, m.info)).collect();
    let mut seen = BTreeSet::new();
    for row in burn_zoo::weights() {
        let Weights { model, tag, file, .. } = *row;
        let info = models.get(model).unwrap_or_else(|| panic!("{model} is not in the zoo"));
        assert!(seen.insert((model, tag)), "{model}.{tag} twice");
        assert_eq!(row.num_classes, info.num_classes);
        assert!(row.resize >= row.crop && row.crop >= 160, "{model}.{tag}");
        // What the download will be held to.
        let checksum = || Download::from_address(&format!("https://host/{file}")).unwrap().sha256;
        match row.origin {
            Origin::TorchVision => assert!(checksum().is_some(), "{file}"),
            Origin::Address(folder) => {
                assert!(folder.starts_with("https://") && folder.ends_with('/') && checksum().is_some(), "{file}");
            }
            Origin::HuggingFace(repository) => {
                let aliases = burn_zoo::aliases();
                let names = aliases.iter().filter(|(_, name)| *name == model).map(|(alias, _)| *alias).chain([model]);
                assert!(names.map(|name| format!("timm/{name}.{tag}")).any(|name| name == repository), "{repository}");
                assert_eq!(file, "model.safetensors");
            }
        }
    }
    // torchvision's own defaults.
    let default = |model: &str| burn_zoo::weights().into_iter().find(|row| row.model == model).unwrap().tag;
    let defaults =
        [("resnet18", "IMAGENET1K_V1"), ("resnet50", "IMAGENET1K_V2"), ("vit_h_14", "IMAGENET1K_SWAG_E2E_V1"), ("vgg16", "IMAGENET1K_V1")];
    for (model, tag) in defaults {
        assert_eq!(default(model), tag);
    }
}

#[test]
fn timms_names_lead_to_the_same_networks() {
    let names: BTreeSet<&str> = burn_zoo::models().iter().map(|m| m.info.name).collect();
    for (alias, name) in burn_zoo::aliases() {
        assert!(names.contains(name) && !names.contains(alias), "{alias}");
        assert_eq!(burn_zoo::info(alias).unwrap().name, name);
    }
    assert_eq!(burn_zoo::info("vit_base_patch16_224").unwrap().name, "vit_b_16");
    let error = burn_zoo::build("regnety_03", &burn_zoo::BuildOptions::default(), &burn::tensor::Device::default()).unwrap_err();
    assert!(error.to_string().contains("regnety_032"), "{error}");
}

#![allow(clippy::unwrap_used)]
use super::table::KEYS;
use crate::{OptimizerKind, Recipe, ScheduleKind};

#[test]
fn flags_win_over_the_file_and_that_over_the_defaults() {
    let flags = "lr = 0.5".parse().unwrap();
    let recipe = Recipe::resolve(Some("lr = 0.25\nepochs = 3"), flags).unwrap();
    assert_eq!((recipe.lr, recipe.epochs, recipe.batch_size), (0.5, 3, Recipe::default().batch_size));
    assert_eq!(Recipe::resolve(Some(&recipe.to_toml().unwrap()), toml::Table::new()).unwrap(), recipe);
}

#[test]
fn a_rate_that_nobody_says_fits_the_model() {
    let lr = |text: &str| Recipe::resolve(Some(text), toml::Table::new()).unwrap().lr;
    assert_eq!([lr(""), lr("model = \"vgg11_bn\""), lr("model = \"vgg11_bn\"\nlr = 4e-3")], [4e-3, 3e-4, 4e-3]);
    assert_eq!(lr("model = \"vgg11_bn\"\nopt = \"sgd\"\nbatch_size = 64"), 0.025);
}

#[test]
fn a_run_that_goes_on_stays_the_same_run() {
    let resume = |flags: &str| Recipe::resume("lr = 0.25\nepochs = 3", flags.parse().unwrap());
    assert_eq!(resume("epochs = 5\nworkers = 0").unwrap().epochs, 5);
    assert!(resume("lr = 0.25").is_ok(), "what stays is no change");
    let error = resume("batch_size = 7").unwrap_err().to_string();
    assert!(error.contains("--batch-size cannot change"), "{error}");
}

#[test]
fn wrong_keys_and_values_are_explained() {
    let error = |text| Recipe::resolve(Some(text), toml::Table::new()).unwrap_err().to_string();
    assert_eq!(error("epoch = 3"), "unknown recipe key `epoch`; did you mean `epochs`?");
    assert_eq!(error("smoothing = 1.0"), "`smoothing` is 1, but must be at least 0 and below 1");
    assert!(error("opt = \"adamw2\"").contains("adamw"));
    assert!(!error("epochs = [").contains('\n'));
}

#[test]
fn what_is_not_said_is_not_written() {
    let text = Recipe::default().to_toml().unwrap();
    let table: toml::Table = text.parse().unwrap();
    assert!(table.keys().all(|key| KEYS.contains(&key.as_str())), "{text}");
    assert!(!table.contains_key("image_size") && table.contains_key("lr_cycle_mul"), "{text}");
    assert_eq!(Recipe::resolve(Some(&text), toml::Table::new()).unwrap(), Recipe::default());
}

#[test]
fn names_of_timm_and_torchvision_are_understood() {
    let recipe = |text| Recipe::resolve(Some(text), toml::Table::new()).unwrap();
    assert_eq!(recipe("sched = \"cosineannealinglr\"").sched, ScheduleKind::Cosine);
    assert_eq!(recipe("sched = \"polynomial\"").sched, ScheduleKind::Poly);
    assert_eq!(recipe("opt = \"rmsproptf\"").opt, OptimizerKind::RmsPropTf);
    assert_eq!(recipe("sched = \"step\"\ndecay_epochs = 2").decay_epochs, 2.0);
}

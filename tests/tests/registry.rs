//! Properties of every model in the registry.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::HashSet;

use burn::tensor::{Device, Tensor};
use burn_zoo::{BuildError, BuildOptions, Classifier, Describe, InputError, params};
use zoo_tests::facts;

#[test]
fn names_are_unique_and_well_formed() {
    let models = burn_zoo::models();
    let names: HashSet<_> = models.iter().map(|m| m.info.name).collect();
    assert_eq!(names.len(), models.len());
    assert!(names.iter().all(|n| n.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')));
}

#[test]
fn every_row_tells_the_truth_about_its_parameters() {
    for model in burn_zoo::models() {
        let built = burn_zoo::build(model.info.name, &BuildOptions::default(), &Device::flex()).unwrap();
        assert_eq!(params::num_trainable(&built), model.info.params, "{}", model.info.name);
        assert_eq!(built.describe().params(), model.info.params, "{}: the description", model.info.name);
        let trace = built.describe().trace(model.info.input).unwrap();
        assert_eq!(trace.output, [model.info.num_classes], "{}", model.info.name);
        let layers: usize = trace.layers.iter().map(|l| l.params).sum();
        // Auxiliary heads, which stand before the main one, do not run in inference.
        let heads = built.classifier_names();
        let auxiliary: Vec<_> = heads[..heads.len() - 1].iter().filter_map(|h| Some(format!("{}.", h.rsplit_once('.')?.0))).collect();
        let table = params::param_table(&built).into_iter().filter(|p| p.trainable);
        let unused = table.filter(|p| auxiliary.iter().any(|head| p.name.starts_with(head)));
        let unused: usize = unused.map(|p| p.shape.iter().product::<usize>()).sum();
        assert_eq!(layers + unused, model.info.params, "{}: the layers", model.info.name);
    }
}

#[test]
fn names_and_shapes_equal_those_of_pytorch() {
    let facts = facts();
    for model in burn_zoo::models() {
        let Some(fact) = facts.get(model.info.name) else { continue };
        let built = burn_zoo::build(model.info.name, &BuildOptions::default(), &Device::flex()).unwrap();
        let own = params::param_table(&built).into_iter().map(|p| (p.name, p.shape));
        let mut ours: Vec<_> = own.chain(built.index_buffers().into_iter().map(|(name, shape, _)| (name, shape))).collect();
        let mut theirs = fact.state.clone();
        // In PyTorch's order, but for integer buffers, which here stand at the end.
        if !built.index_buffers().is_empty() {
            ours.sort();
            theirs.sort();
        }
        assert_eq!(ours, theirs, "{}", model.info.name);
        assert_eq!(model.info.params, fact.params);
        for weights in &fact.weights {
            let Some(gflops) = weights.gflops else { continue };
            // Some are made for one size, which differs from one file to the next.
            let options = BuildOptions::default().with_image_size([weights.crop, weights.crop]);
            let sized = burn_zoo::build(model.info.name, &options, &Device::flex()).unwrap();
            let trace = sized.describe().trace([3, weights.crop, weights.crop]).unwrap();
            let macs = trace.macs as f64 / 1e9;
            assert!((macs - gflops).abs() < 5.1e-4, "{}: {macs} G multiply-accumulates, torchvision has {gflops}", model.info.name);
        }
    }
}

#[test]
fn the_print_equals_pytorchs_byte_for_byte() {
    let folder = std::fs::read_dir(format!("{}/fixtures/print", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut checked = 0;
    for path in folder.map(|entry| entry.unwrap().path()) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if burn_zoo::info(name).is_none() {
            continue;
        }
        let want = std::fs::read_to_string(&path).unwrap();
        let model = burn_zoo::build(name, &BuildOptions::default(), &Device::flex()).unwrap();
        assert_eq!(model.describe().to_torch(), want.trim_end_matches('\n'), "{name}");
        checked += 1;
    }
    assert!(checked >= 5, "{checked}");
}

/// The description says what `forward` does, at the smallest picture, for every intermediate and for the logits.
#[test]
fn forward_agrees_with_the_description_at_the_smallest_input() {
    let device = Device::flex();
    for model in burn_zoo::models() {
        let name = model.info.name;
        let options = BuildOptions::default().with_num_classes(7);
        let built = burn_zoo::build(name, &options, &device).unwrap();
        let size = built.smallest_input().unwrap().size;
        let channels = built.in_channels();
        // More takes seconds a model, and its smaller siblings have the same code.
        if model.info.params > 150_000_000 {
            continue;
        }
        let images = Tensor::<4>::ones([2, channels, size, size], &device);
        assert_eq!(built.forward(images.clone()).dims(), [2, 7], "{name}");
        let trace = built.describe().trace([channels, size, size]).unwrap();
        let intermediates = built.forward_intermediates(images.clone());
        assert_eq!(intermediates.iter().map(|i| i.name.clone()).collect::<Vec<_>>(), built.stage_names(), "{name}");
        let stages = built.stages([channels, size, size]).unwrap();
        assert_eq!(stages.len(), intermediates.len(), "{name}");
        for (found, stage) in intermediates.into_iter().zip(stages) {
            assert_eq!((&found.name, found.features.dims()[1]), (&stage.name, stage.channels), "{name}");
            // Without padding there are fewer places than the strides alone would leave.
            assert!(found.features.dims()[2] <= size.div_ceil(stage.reduction), "{name}: {stage:?}: {:?}", found.features.dims());
            let place = trace.output_of(&found.name).unwrap_or_else(|| panic!("{name}: no layer {}", found.name));
            // Transformers flow as [tokens, channels] or [height, width, channels]; their intermediates are maps all the same.
            let mut dims = found.features.dims()[1..].to_vec();
            let mut shape = place.shape.clone();
            // A class token is no place of the map.
            if let [tokens, _] = &mut shape[..]
                && *tokens == dims[1] * dims[2] + 1
            {
                *tokens -= 1;
            }
            dims.sort_unstable();
            shape.sort_unstable();
            assert!(
                dims == shape || dims.iter().product::<usize>() == shape.iter().product::<usize>(),
                "{name}: {}: {dims:?} {shape:?}",
                found.name
            );
        }
        let features = built.forward_features(images);
        assert_eq!(built.forward_head(features, true).dims(), [2, built.num_features()], "{name}");
        let smaller = built.check_input([channels, size - 1, size - 1]);
        assert!(
            matches!(smaller, Err(InputError::TooSmall { smallest, .. }) if smallest == size)
                || matches!(smaller, Err(InputError::FixedSize { expected, .. }) if expected == size),
            "{name}: {smaller:?}"
        );
    }
}

#[test]
fn smallest_inputs_are_torchvisions() {
    let smallest = |name| burn_zoo::build(name, &BuildOptions::default(), &Device::flex()).unwrap().smallest_input().unwrap();
    assert_eq!((smallest("vgg11").size, smallest("vgg11").only), (32, false));
    assert_eq!((smallest("alexnet").size, smallest("alexnet").only), (63, false));
    // Ceil mode pools maps that are a little smaller than the window.
    for (name, size) in [("googlenet", 15), ("googlenet2014", 31), ("bn_inception", 7), ("squeezenet1_0", 21), ("legacy_senet154", 3)] {
        assert_eq!(smallest(name).size, size, "{name}");
    }
    assert!(smallest("lenet5").only);
    let small = burn_zoo::build("vgg11", &BuildOptions::default().with_image_size([24, 40]), &Device::flex()).unwrap_err();
    assert_eq!(small.to_string(), "an input of 24x40 pixels is too small for this model: the smallest is 32x32");
}

#[test]
fn options_are_honoured_and_bad_ones_refused() {
    let device = Device::flex();
    for model in burn_zoo::models() {
        let name = model.info.name;
        let smallest = burn_zoo::build(name, &BuildOptions::default(), &device).unwrap().smallest_input().unwrap();
        // 448: a multiple of all patches and windows.
        let side = if smallest.only { 448 } else { 72.max(smallest.size) };
        let options = BuildOptions::default().with_in_channels(1).with_num_classes(3).with_image_size([side, side]);
        let built = burn_zoo::build(name, &options, &device).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((built.in_channels(), built.num_classes()), (1, 3), "{name}");
        assert_eq!(built.describe().trace([1, side, side]).unwrap().output, [3], "{name}");
        for bad in [BuildOptions::default().with_in_channels(0), BuildOptions::default().with_dropout(1.0)] {
            assert!(matches!(burn_zoo::build(name, &bad, &device), Err(BuildError::BadOption { .. })), "{name}");
        }
        for head in built.classifier_names() {
            let width = params::param_table(&built).into_iter().find(|p| p.name == format!("{head}.weight")).unwrap().shape[0];
            assert_eq!(width, 3, "{name}: {head}");
        }
        let mut bare = built.clone();
        bare.reset_classifier(0, &device);
        assert_eq!((bare.num_classes(), bare.classifier_names()), (0, built.classifier_names()), "{name}");
        assert_eq!(bare.describe().trace([1, side, side]).unwrap().output.iter().product::<usize>(), built.num_features(), "{name}");
        let without = burn_zoo::build(name, &options.clone().with_num_classes(0), &device).unwrap();
        assert_eq!(params::param_table(&without), params::param_table(&bare), "{name}");
        bare.reset_classifier(3, &device);
        assert_eq!(params::param_table(&bare), params::param_table(&built), "{name}: a head put back");
    }
    let unknown = burn_zoo::build("vgg11bn", &BuildOptions::default(), &device).unwrap_err().to_string();
    assert!(unknown.contains("did you mean vgg11_bn"), "{unknown}");
}

#[test]
fn stacked_three_by_three_convolutions_see_five_and_seven() {
    let definition = "[[blocks]]\nout_channels = 4\n[[blocks]]\nout_channels = 4\n[[blocks]]\nout_channels = 4\n";
    let model = burn_zoo::build("custom", &BuildOptions::default().with_definition(definition), &Device::flex()).unwrap();
    let trace = model.describe().trace([3, 32, 32]).unwrap();
    let fields: Vec<_> = trace.layers.iter().filter(|l| l.kind == "Conv2d").map(|l| l.receptive_field).collect();
    assert_eq!(fields, [[3, 3], [5, 5], [7, 7]]);
}

#[test]
fn definitions_are_read_and_their_mistakes_named() {
    let build = |text: &str| burn_zoo::build("custom", &BuildOptions::default().with_definition(text), &Device::flex());
    let all = "[[blocks]]\nout_channels = 8\nkernel_size = 5\nstride = 2\npadding = 2\nnorm = \"lrn\"\nactivation = \"none\"\n\
               pool = { kind = \"avg\", kernel_size = 3, stride = 2, padding = 1 }\n\
               [[blocks]]\nout_channels = 8\ngroups = 4\ndilation = 2\npadding = \"same\"\nactivation = \"p_relu\"\n\
               [head]\nhidden = [20]\nactivation = \"tanh\"\ndropout = 0.1\n";
    let model = build(all).unwrap();
    let kinds: Vec<_> = model.describe().trace([3, 32, 32]).unwrap().layers.into_iter().map(|l| l.kind).collect();
    let want = [
        "Conv2d",
        "LocalResponseNorm",
        "AvgPool2d",
        "Conv2d",
        "PReLU",
        "AdaptiveAvgPool2d",
        "Flatten",
        "Linear",
        "Tanh",
        "Dropout",
        "Linear",
    ];
    assert_eq!(kinds, want);
    for (text, says) in [
        ("[[blocks]]\nout_chanels = 8\n", "out_chanels"),
        ("[[blocks]]\nout_channels = 8\ngroups = 3\n", "groups = 3"),
        ("[[blocks]]\nout_channels = 8\nkernel_size = 4\n", "odd kernel_size"),
        ("[[blocks]]\nout_channels = 8\nactivation = \"rellu\"\n", "activation"),
        ("[head]\nhidden = [3]\n", "blocks"),
        ("[[blocks]]\nout_channels = 8\nkernel_size = 40\npadding = 0\n", "smallest is 40x40"),
    ] {
        let message = build(text).unwrap_err().to_string();
        assert!(message.contains(says), "{text}: {message}");
    }
    let other = BuildOptions::default().with_definition(all);
    assert!(matches!(burn_zoo::build("vgg11", &other, &Device::flex()), Err(BuildError::Unsupported { option: "definition", .. })));
}

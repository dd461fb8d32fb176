//! The summary of a captured graph has the numbers of the model's own description.
#![allow(missing_docs, clippy::unwrap_used)]

use burn::tensor::Device;
use burn_zoo::{BuildOptions, Classifier, Describe, params::num_trainable};

#[test]
fn a_captured_model_has_the_parameters_and_products_of_its_description() {
    for (name, input) in
        [("lenet5", [1, 28, 28]), ("resnet20_cifar", [3, 32, 32]), ("mobilenet_v2", [3, 64, 64]), ("densenet_bc_cifar", [3, 32, 32])]
    {
        let model = burn_zoo::build(name, &BuildOptions::default(), &Device::flex()).unwrap();
        let shape = [1, input[0], input[1], input[2]];
        let graph = zoo_graph::capture(&model, &[&shape], |model, inputs| vec![model.forward(inputs[0].tensor::<4>()).into()]).unwrap();
        let (summary, described) = (graph.summary(), model.describe().trace(input).unwrap());
        assert_eq!(summary.params, num_trainable(&model), "{name}\n{summary}");
        assert_eq!(summary.macs, described.macs, "{name}\n{summary}");
        assert_eq!(summary.activations as u64, described.activations, "{name}\n{summary}");
        assert_eq!(summary.rows.iter().map(|row| row.params).sum::<usize>(), summary.params);
        assert_eq!(summary.rows.last().unwrap().output, [1, model.num_classes()], "{name}\n{summary}");
    }
}

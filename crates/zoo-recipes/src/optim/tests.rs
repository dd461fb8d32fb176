#![allow(clippy::unwrap_used)]
use super::*;
use burn::nn::{Linear, LinearConfig};
use zoo_core::params::{read_params, write_params};

/// Three steps on `0.1 sum(w^3) + k sum(b^2)`, weight decay 0.1 on the weight alone; saved and restored before each step.
fn three_steps(kind: OptimizerKind, nesterov: bool) -> Vec<f32> {
    let device = Device::flex().autodiff();
    // [out, in] = [2, 2] in PyTorch's layout; the loss does not care for the transposition.
    let mut model: Linear = write_params(LinearConfig::new(2, 2).init(&device), |info| {
        Some(if info.name == "weight" { vec![1.0, -2.0, 0.5, 3.0] } else { vec![0.1, -0.2] })
    });
    let mut optimizer = Optimizer::new(kind, 0.9, nesterov, 0.1);
    for k in 1..=3 {
        let mut resumed = Optimizer::new(kind, 0.9, nesterov, 0.1);
        resumed.restore(optimizer.steps(), optimizer.state().unwrap(), &Device::flex());
        optimizer = resumed;
        let (weight, bias) = (model.weight.val(), model.bias.as_ref().unwrap().val());
        let loss = (weight.clone() * weight.clone() * weight).sum().mul_scalar(0.1) + (bias.clone() * bias).sum().mul_scalar(k);
        model = optimizer.step(model, &loss.backward(), 0.05);
    }
    read_params(&model).unwrap().into_iter().flat_map(|t| t.values).collect()
}

#[test]
fn equals_pytorch() {
    // torch.optim, PyTorch's venv of this project: SGD, SGD with Nesterov, AdamW; lr 0.05, momentum 0.9.
    let cases = [
        (OptimizerKind::Sgd, false, [0.891_075_1, -2.294_252_2, 0.465_529_1, 2.222_277_4, 0.0198, -0.0396]),
        (OptimizerKind::Sgd, true, [0.848_302_2, -2.443_779_2, 0.451_386_6, 1.966_909_4, -0.002_300_4, 0.004_600_8]),
        (OptimizerKind::AdamW, false, [0.836_67, -2.119_553, 0.345_522_6, 2.806_228, -0.038_650_1, -0.050_592_9]),
    ];
    for (kind, nesterov, expected) in cases {
        let found = three_steps(kind, nesterov);
        let close = found.iter().zip(expected).all(|(f, e): (&f32, f32)| (f - e).abs() < 2e-6);
        assert!(close, "{kind:?} {nesterov}: {found:?} {expected:?}");
    }
}

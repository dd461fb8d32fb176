//! timm's keys of a Vision Transformer.

/// torchvision's key for timm's; `None` where it is none of timm's. The values are laid out alike.
pub(crate) fn from_timm(key: &str) -> Option<String> {
    let whole = match key {
        "cls_token" => "class_token",
        "pos_embed" => "encoder.pos_embedding",
        _ => "",
    };
    if !whole.is_empty() {
        return Some(whole.to_owned());
    }
    for (timm, ours) in [("patch_embed.proj.", "conv_proj."), ("norm.", "encoder.ln."), ("head.", "heads.head.")] {
        if let Some(rest) = key.strip_prefix(timm) {
            return Some(format!("{ours}{rest}"));
        }
    }
    let (number, inner) = key.strip_prefix("blocks.")?.split_once('.')?;
    let parts = [
        ("norm1.", "ln_1."),
        ("norm2.", "ln_2."),
        ("attn.qkv.", "self_attention.in_proj_"),
        ("attn.proj.", "self_attention.out_proj."),
        ("mlp.fc1.", "mlp.0."),
        ("mlp.fc2.", "mlp.3."),
    ];
    let (part, rest) = parts.iter().find_map(|(timm, ours)| Some((ours, inner.strip_prefix(timm)?)))?;
    Some(format!("encoder.layers.encoder_layer_{number}.{part}{rest}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::VisionTransformer;
    use std::collections::BTreeSet;
    use zoo_core::params::param_table;
    use zoo_core::{BuildOptions, Family};

    #[test]
    fn every_key_of_timms_finds_its_place() {
        let mut timm: Vec<String> = ["cls_token", "pos_embed"].map(str::to_owned).into();
        let mut layer = |name: &str| timm.extend(["weight", "bias"].map(|end| format!("{name}.{end}")));
        ["patch_embed.proj", "norm", "head"].into_iter().for_each(&mut layer);
        for block in 0..12 {
            for part in ["norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"] {
                layer(&format!("blocks.{block}.{part}"));
            }
        }
        let device = burn::tensor::Device::flex();
        let model = VisionTransformer::build("vit_b_16", &BuildOptions::default(), &device).unwrap();
        let own: BTreeSet<String> = param_table(&model).into_iter().map(|info| info.name).collect();
        let found: BTreeSet<String> = timm.iter().map(|key| from_timm(key).unwrap()).collect();
        assert_eq!(found, own);
        assert!(own.iter().all(|key| from_timm(key).is_none()), "our own keys are not taken for timm's");
    }
}

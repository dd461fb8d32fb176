//! Which parameters decay, and how fast each learns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use burn_zoo::Classifier;
use zoo_core::params::{ParamInfo, param_table};

/// Parts of names that timm's and torchvision's transformers spare from weight decay: positions, class tokens.
const SPARED: [&str; 5] = ["pos_embed", "class_token", "cls_token", "relative_position_bias_table", "logit_scale"];

/// What is special about one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// Factor of the learning rate.
    pub lr_scale: f64,
    /// Weight decay.
    pub weight_decay: f64,
}

/// How parameters are grouped.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRules {
    /// Weight decay of the weights.
    pub weight_decay: f64,
    /// Norms, biases, positions and class tokens do not decay: timm's rule. Else everything does, as in PyTorch.
    pub filter_bias_and_bn: bool,
    /// Weight decay of norms, weight and bias, in place of what follows from the above: torchvision's `--norm-weight-decay`.
    pub norm_weight_decay: Option<f64>,
    /// Weight decay of the other biases: torchvision's `--bias-weight-decay`.
    pub bias_weight_decay: Option<f64>,
    /// Parts of names of parameters that do not decay.
    pub weight_decay_exclude: Vec<String>,
    /// The learning rate's factor from each layer to the one before it: timm's `--layer-decay`.
    pub layer_decay: Option<f64>,
    /// The learning rate's factor at the last layer.
    pub head_lr_scale: f64,
}

impl Default for GroupRules {
    fn default() -> Self {
        Self {
            weight_decay: 0.0,
            filter_bias_and_bn: true,
            norm_weight_decay: None,
            bias_weight_decay: None,
            weight_decay_exclude: vec![],
            layer_decay: None,
            head_lr_scale: 1.0,
        }
    }
}

/// The groups of a model's parameters, by PyTorch's names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Groups(BTreeMap<String, Group>);

impl Groups {
    /// The groups of a model.
    pub fn of<M: Classifier>(model: &M, rules: &GroupRules) -> Self {
        let table: Vec<ParamInfo> = param_table(model).into_iter().filter(|info| info.trainable).collect();
        let heads = model.classifier_names();
        let is_head = |name: &str| heads.iter().any(|head| name.strip_prefix(head.as_str()).is_some_and(|rest| rest.starts_with('.')));
        let layers = layer_ids(&table, is_head);
        let last = layers.iter().max().copied().unwrap_or(0);
        let vectors: BTreeSet<&str> = table.iter().filter(|info| info.shape.len() < 2).map(|info| info.name.as_str()).collect();
        let group = |(info, layer): (&ParamInfo, &usize)| {
            let depth = i32::try_from(last - layer).unwrap_or(i32::MAX);
            let head = if is_head(&info.name) { rules.head_lr_scale } else { 1.0 };
            let lr_scale = rules.layer_decay.map_or(1.0, |decay| decay.powi(depth)) * head;
            (info.name.clone(), Group { lr_scale, weight_decay: rules.decay(info, &vectors) })
        };
        Self(table.iter().zip(&layers).map(group).collect())
    }

    /// The group of a parameter.
    pub fn get(&self, name: &str) -> Option<Group> {
        self.0.get(name).copied()
    }

    /// All parameters with their groups, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Group)> {
        self.0.iter().map(|(name, group)| (name.as_str(), *group))
    }
}

impl FromIterator<(String, Group)> for Groups {
    fn from_iter<I: IntoIterator<Item = (String, Group)>>(groups: I) -> Self {
        Self(groups.into_iter().collect())
    }
}

impl GroupRules {
    fn decay(&self, info: &ParamInfo, vectors: &BTreeSet<&str>) -> f64 {
        let name = info.name.as_str();
        if self.weight_decay_exclude.iter().any(|part| name.contains(part.as_str())) {
            return 0.0;
        }
        let bias = name.ends_with(".bias");
        // A norm is what has a weight with one axis; its bias stands beside that.
        let norm = info.shape.len() < 2
            && if bias { vectors.contains(format!("{}.weight", name.trim_end_matches(".bias")).as_str()) } else { true };
        let special = if norm {
            self.norm_weight_decay
        } else if bias {
            self.bias_weight_decay
        } else {
            None
        };
        let spared = info.shape.len() < 2 || bias || SPARED.iter().any(|part| name.contains(part));
        special.unwrap_or(if self.filter_bias_and_bn && spared { 0.0 } else { self.weight_decay })
    }
}

/// The number of the layer that each parameter belongs to, as timm's `group_matcher` gives them: the stem is 0, the numbered
/// blocks follow, the last layer has the highest. What lies between blocks belongs to the one before.
///
/// Blocks are found by their names: a numbered list of modules (`layer1`, `features.3`, `encoder_layer_7`), and where its
/// members are plain lists, these (`layer1.0`).
pub(super) fn layer_ids(table: &[ParamInfo], is_head: impl Fn(&str) -> bool) -> Vec<usize> {
    let lists = numbered_lists(table);
    let (mut ids, mut seen, mut now) = (vec![], HashMap::new(), 0);
    let stem = usize::from(table.first().is_some_and(|info| block(&info.name, &lists).is_none()));
    for info in table {
        if let Some(block) = block(&info.name, &lists).filter(|_| !is_head(&info.name)) {
            let next = seen.len() + stem;
            now = *seen.entry(block).or_insert(next);
        }
        ids.push(now);
    }
    let most = ids.iter().max().copied().unwrap_or(0);
    for (info, id) in table.iter().zip(&mut ids) {
        if is_head(&info.name) {
            *id = most + 1;
        }
    }
    ids
}

/// `layer12` is number 12 of `layer`; `12` is number 12 of nothing.
fn numbered(segment: &str) -> Option<(&str, usize)> {
    let stem = segment.trim_end_matches(|c: char| c.is_ascii_digit());
    Some((stem, segment[stem.len()..].parse().ok()?))
}

/// Parent paths and stems under which modules are numbered: of a named stem at least two, without a gap.
fn numbered_lists(table: &[ParamInfo]) -> BTreeSet<(&str, &str)> {
    let mut found: BTreeMap<(&str, &str), BTreeSet<usize>> = BTreeMap::new();
    for info in table {
        let mut start = 0;
        for segment in info.name.split('.') {
            // The leaf is a parameter, no module.
            if let Some((stem, number)) = numbered(segment).filter(|_| start + segment.len() < info.name.len()) {
                found.entry((&info.name[..start], stem)).or_default().insert(number);
            }
            start += segment.len() + 1;
        }
    }
    let is_list = |stem: &str, numbers: &BTreeSet<usize>| {
        let dense = numbers.last().zip(numbers.first()).is_some_and(|(last, first)| last - first + 1 == numbers.len());
        stem.is_empty() || numbers.len() > 1 && dense
    };
    found.into_iter().filter(|((_, stem), numbers)| is_list(stem, numbers)).map(|(key, _)| key).collect()
}

/// The path of the block that a parameter is in.
fn block<'a>(name: &'a str, lists: &BTreeSet<(&str, &str)>) -> Option<&'a str> {
    let mut start = 0;
    let mut found = None;
    for segment in name.split('.') {
        let end = start + segment.len();
        let list = numbered(segment).filter(|(stem, _)| end < name.len() && lists.contains(&(&name[..start], *stem)));
        match (found, list) {
            (None, Some(_)) | (Some(_), Some(("", _))) => found = Some(&name[..end]),
            (Some(_), _) => break,
            (None, None) => {}
        }
        start = end + 1;
    }
    found
}

//! timm's `config.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::HubError;

/// What `config.json` says about a model and its weights. Keys that are not listed here are ignored.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TimmConfig {
    /// timm's name of the model, without a tag.
    pub architecture: String,
    /// Width of the last layer.
    pub num_classes: Option<usize>,
    /// Width of what goes into the last layer.
    pub num_features: Option<usize>,
    /// How the last map is pooled: `avg`, `token`, `map`, ...
    pub global_pool: Option<String>,
    /// The classes' names by index; indices may have gaps.
    #[serde(deserialize_with = "label_names")]
    pub label_names: BTreeMap<usize, String>,
    /// A description of each name.
    #[serde(deserialize_with = "or_default")]
    pub label_descriptions: BTreeMap<String, String>,
    /// Arguments that the model was built with, over those of its name.
    #[serde(deserialize_with = "or_default")]
    pub model_args: Map<String, Value>,
    /// The weights and the preprocessing they were trained with.
    #[serde(deserialize_with = "or_default")]
    pub pretrained_cfg: PretrainedCfg,
}

/// The weights' own part of the description. Sizes are `[channels, height, width]` in pixels.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PretrainedCfg {
    /// Which of the model's published weights.
    pub tag: Option<String>,
    /// The size in training.
    pub input_size: Option<[usize; 3]>,
    /// A larger size that gives better results.
    pub test_input_size: Option<[usize; 3]>,
    /// The smallest size.
    pub min_input_size: Option<[usize; 3]>,
    /// Whether the model takes no other size.
    #[serde(deserialize_with = "or_default")]
    pub fixed_input_size: bool,
    /// `bicubic`, `bilinear`, ...
    pub interpolation: Option<String>,
    /// Which share of the resized picture's side is kept.
    pub crop_pct: Option<f64>,
    /// As `crop_pct`, for `test_input_size`.
    pub test_crop_pct: Option<f64>,
    /// `center`, `squash` or `border`.
    pub crop_mode: Option<String>,
    /// Of each channel, for values from 0 to 1.
    pub mean: Option<Vec<f64>>,
    /// Of each channel, for values from 0 to 1.
    pub std: Option<Vec<f64>>,
    /// Width of the last layer of the file.
    pub num_classes: Option<usize>,
    /// So many classes at the front that are not of the data set.
    pub label_offset: Option<usize>,
    /// The last map's `[height, width]` at `input_size`.
    pub pool_size: Option<Vec<usize>>,
    /// The layers that see the picture.
    #[serde(deserialize_with = "one_or_many")]
    pub first_conv: Names,
    /// The layers that give the logits.
    #[serde(deserialize_with = "one_or_many")]
    pub classifier: Names,
    /// The licence of the weights.
    pub license: Option<String>,
    /// Where the weights were first published.
    pub origin_url: Option<String>,
    /// The paper's title.
    pub paper_name: Option<String>,
    /// The papers, as `arXiv:...`.
    #[serde(deserialize_with = "one_or_many")]
    pub paper_ids: Names,
    /// What the file says about the classes; [`TimmConfig::label_names`] is to be used.
    #[serde(deserialize_with = "label_names")]
    label_names: BTreeMap<usize, String>,
    #[serde(deserialize_with = "or_default")]
    label_descriptions: BTreeMap<String, String>,
}

/// No name, one or several.
pub type Names = Vec<String>;

impl TimmConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// [`HubError::Io`], [`HubError::Config`].
    pub fn read(path: &Path) -> Result<Self, HubError> {
        let text = fs::read_to_string(path).map_err(HubError::io("read", path))?;
        Self::parse(&text).map_err(|reason| HubError::Config { path: path.to_owned(), reason })
    }

    /// Reads the text of a `config.json`, also of the older layout, in which all keys are in one object.
    ///
    /// # Errors
    /// What is wrong with it, in one sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |error: serde_json::Error| error.to_string();
        let mut outer: Map<String, Value> = serde_json::from_str(text).map_err(wrong)?;
        if !outer.get("architecture").is_some_and(Value::is_string) {
            // Other libraries have files of the same name.
            return Err("it has no key `architecture`".to_owned());
        }
        if let Some(labels) = outer.remove("labels") {
            outer.entry("label_names").or_insert(labels);
        }
        if !outer.contains_key("pretrained_cfg") {
            let flat = outer.clone();
            outer.insert("pretrained_cfg".to_owned(), Value::Object(flat));
        }
        let mut config: Self = serde_json::from_value(Value::Object(outer)).map_err(wrong)?;
        config.settle();
        Ok(config)
    }

    /// The names of all classes in the order of the logits, where every class has one.
    pub fn class_names(&self) -> Option<Vec<&str>> {
        let names: Vec<&str> = self.label_names.values().map(String::as_str).collect();
        let whole = self.label_names.keys().copied().eq(0..self.num_classes?);
        (whole && !names.is_empty()).then_some(names)
    }

    /// One truth where the file says a thing twice: the outer keys and the arguments come first, as in timm.
    fn settle(&mut self) {
        let inner = &mut self.pretrained_cfg;
        self.num_classes = self.num_classes.or(inner.num_classes);
        inner.num_classes = self.num_classes;
        if self.label_names.is_empty() {
            self.label_names = std::mem::take(&mut inner.label_names);
        }
        if self.label_descriptions.is_empty() {
            self.label_descriptions = std::mem::take(&mut inner.label_descriptions);
        }
        inner.label_names.clear();
        inner.label_descriptions.clear();

        let args = &self.model_args;
        let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
        let on = |name: &str| args.get(name).and_then(Value::as_bool) == Some(true);
        if on("dynamic_img_size") || on("use_naflex") || args.get("strict_img_size").and_then(Value::as_bool) == Some(false) {
            inner.fixed_input_size = false;
        }
        if let Some(channels) = args.get("in_chans").and_then(number) {
            inner.input_size.get_or_insert([3, 224, 224])[0] = channels;
            for size in [&mut inner.test_input_size, &mut inner.min_input_size].into_iter().flatten() {
                size[0] = channels;
            }
        }
        let side = args.get("img_size").filter(|_| inner.fixed_input_size);
        let sides = side.and_then(|side| match side.as_array() {
            Some(sides) => Some((number(sides.first()?)?, number(sides.get(1)?)?)),
            None => number(side).map(|side| (side, side)),
        });
        if let (Some((height, width)), Some(size)) = (sides, &mut inner.input_size) {
            (size[1], size[2]) = (height, width);
        }
    }
}

/// `null` as if the key were not there.
fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Names, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Many(Names),
    }
    Ok(match Option::deserialize(deserializer)? {
        None => vec![],
        Some(Written::One(name)) => vec![name],
        Some(Written::Many(names)) => names,
    })
}

/// A list, or an object from index to name.
fn label_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<usize, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        List(Vec<String>),
        Object(BTreeMap<String, String>),
    }
    match Option::deserialize(deserializer)? {
        None => Ok(BTreeMap::new()),
        Some(Written::List(names)) => Ok(names.into_iter().enumerate().collect()),
        Some(Written::Object(names)) => {
            let index = |text: &str| text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is no index of a class")));
            names.into_iter().map(|(text, name)| Ok((index(&text)?, name))).collect()
        }
    }
}
